"""What the tests of messages that come in share: an address for them, a mailbox, attached files."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlalchemy import select

from forum.app import create_app
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.mail.forms import bounce_address, reply_address
from forum.markup import write
from tests.mail.conftest import with_settings

MAILBOX = "reply@mail.example.org"
TODAY = now().toordinal()


@pytest.fixture
def post(people, topic):
    return dialogue.reply(people.ben, topic.id, write("We asked the trams."))


@pytest.fixture(autouse=True)
def mailbox(app):
    with with_settings(app, reply_address=MAILBOX):
        yield


def answer(people, post, text="We did, too.", sender=None, to=None, **headers):
    message = EmailMessage(policy=SMTP)
    message["From"] = sender or "Ana Prado <Ana@Example.org>"
    message["To"] = to or reply_address(MAILBOX, people.ana.id, post.id, TODAY)
    message["Subject"] = "Re: Why so loud?"
    message["Message-ID"] = "<1@mail.ana.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def with_files(raw, *files):
    """A message to which files are attached: (type, bytes, other headers)."""
    message = message_from_bytes(raw, policy=SMTP)
    message.make_mixed()
    for kind, size, headers in files:
        part = EmailMessage(policy=SMTP)
        part["Content-Type"] = kind
        part["Content-Transfer-Encoding"] = "base64"
        for name, value in headers.items():
            part[name.replace("_", "-")] = value
        part.set_payload(b64encode(b"\0" * size).decode())
        message.attach(part)
    return message.as_bytes()


def posts(topic):
    found = select(Post).where(Post.topic_id == topic.id).order_by(Post.number)
    return db.session.scalars(found.execution_options(populate_existing=True)).all()


@pytest.fixture
def limits(app, tmp_path):
    """Switch rate limits on, counted in a file of the test."""
    create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))


def report(people, address="ana@example.org", status="5.1.1", action="failed"):
    key = bounce_address(MAILBOX, people.ana.id, TODAY)
    return (
        f"From: MAILER-DAEMON@mail.example.org\r\nTo: {key}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n\r\n--x--\r\n"
    ).encode()


class Mailbox:
    """A mail server that knows as much IMAP as the forum uses."""

    def __init__(self, *messages: bytes) -> None:
        self.messages, self.seen = list(messages), set()
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"imap://ana%40x:p%2Fw@127.0.0.1:{self.door.getsockname()[1]}/INBOX"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                line = self.door.accept()[0]
            except OSError:
                return
            with line, line.makefile("rwb") as talk:
                self.talk(talk)

    def talk(self, talk):
        self.say(talk, b"* OK ready")
        while line := talk.readline():
            tag, _space, command = line.strip().partition(b" ")
            self.answer(talk, command)
            self.say(talk, tag + b" OK done")

    def say(self, talk, words):
        talk.write(words + b"\r\n")
        talk.flush()

    def answer(self, talk, command):
        if command == b"CAPABILITY":
            self.say(talk, b"* CAPABILITY IMAP4rev1")
        elif command.startswith(b"LOGIN"):
            assert b"ana@x" in command and b"p/w" in command
        elif command.startswith(b"SELECT"):
            self.say(talk, b"* 1 EXISTS")
        elif b"SEARCH" in command:
            unseen = [n for n in range(1, len(self.messages) + 1) if n not in self.seen]
            self.say(talk, b"* SEARCH " + " ".join(map(str, unseen)).encode())
        elif b"STORE" in command:
            self.seen.add(int(command.split()[2]))
        elif b"FETCH" in command:
            self.fetch(talk, int(command.split()[2]), b"SIZE" in command)

    def fetch(self, talk, number, is_size):
        raw = self.messages[number - 1]
        if is_size:
            self.say(talk, f"* {number} FETCH (UID {number} RFC822.SIZE {len(raw)})".encode())
        else:
            talk.write(f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}\r\n".encode() + raw)
            self.say(talk, b")")


def attached_as(name):
    return {"Content_Disposition": f"attachment; filename={name}"}


ATTACHED = attached_as("a")
PICTURE, REPORT = ("image/jpeg", 300_000, ATTACHED), ("application/pdf", 900, ATTACHED)
