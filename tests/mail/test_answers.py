"""Replies by e-mail become posts, but not those of strangers, forgers, loops and programs; nothing typed is lost."""

from __future__ import annotations

import imaplib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from forum import ratelimits
from forum.app import create_app
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Held, Pace, Post
from forum.errors import Busy, Forbidden
from forum.mail import commands
from forum.mail.commands import deliver, fetch_messages, receive_message, write_notice_letters
from forum.mail.forms import bounce_address, extract_answer, read_message, reply_address
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from tests.mail.conftest import with_settings
from tests.pictures.conftest import added_file, shown_by
from tests.ports import free_port

MAILBOX = "reply@mail.example.org"
TODAY = now().toordinal()


@pytest.fixture
def topic(people, agenda):
    return dialogue.open_topic(
        people.ana, agenda.id, NewTopic("question", "Why so loud?", write("Who measured?"))
    )


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


# Answers that are posted


def test_an_answer_uses_the_file_whose_address_it_has(people, topic, post):
    """Pasted from the page of one's pictures and files, where an e-mail cannot have them attached."""
    file = added_file(people.ana, filename="Trams.pdf")
    receive_message(answer(people, post, f"See <http://localhost{file.address}>."))
    posted = posts(topic)[-1]
    assert posted.source == f"See [Trams]({file.address})."
    assert shown_by("post", posted.id) == {file.name}


def test_the_number_of_a_message_never_changes(app):
    """It is stored with the post, so that a message which is delivered again after an upgrade is not posted twice."""
    raw = b"Message-ID: <1@mail.ana.example>\r\nTo: %s\r\n\r\nhello"
    address = reply_address(MAILBOX, 7, 9, 739_000)
    known = read_message(raw % address.encode(), MAILBOX, 739_000)
    assert (
        known.number
        == sha256(b"<1@mail.ana.example>|Key(member_id=7, post_id=9, day=739000)").hexdigest()[:24]
    )
    foreign = read_message(raw % b"ana@city.example", MAILBOX, 739_000)
    assert foreign.number == sha256(b"<1@mail.ana.example>|None").hexdigest()[:24]


def test_a_letter_is_answered_into_its_topic(people, topic, post, mail_server, app):
    """From the e-mail to the reply of a mail program that quotes it, and to the post."""
    written_at = now() + timedelta(minutes=2)  # midnight may be in between
    with with_settings(app, reply_address=MAILBOX), at(written_at):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        deliver()
    ((sender, _to, letter),) = mail_server.messages
    assert sender.startswith(f"reply+b{people.ana.id}-") and "reply to this e-mail" in str(letter)
    quoted = "".join(
        f"> {line}\n" for line in letter.get_body(("plain",)).get_content().splitlines()
    )
    text = f"We measured **in May**.\n\n- one\n- two\n\nOn Wed, Nov 25, 2026 at 5:13 PM Ben <b@x.org> wrote:\n\n{quoted}\n-- \nAna"
    with at(written_at):
        said = receive_message(answer(people, post, text, to=str(letter["Reply-To"])))
    made = posts(topic)[-1]
    assert said == f"Posted as /posts/{made.id}."
    assert (made.author_id, made.source) == (
        people.ana.id,
        "We measured **in May**.\n\n- one\n- two",
    )
    assert "<strong>in May</strong>" in made.html


def test_the_same_message_posts_once(people, topic, post):
    raw = answer(people, post)
    assert receive_message(raw) == receive_message(raw)
    assert len(posts(topic)) == 3


def test_a_message_in_html_alone_is_read(people, topic, post):
    raw = answer(people, post, Auto_Submitted="no")
    message = EmailMessage(policy=SMTP)
    for name in ("From", "To", "Message-ID"):
        message[name] = re.search(rf"^{name}: (.*)\r$", raw.decode(), re.M)[1]
    message.set_content(
        "<style>x</style><div>We <b>did</b> &amp; paid.</div><blockquote>old</blockquote>",
        subtype="html",
    )
    receive_message(message.as_bytes())
    assert posts(topic)[-1].source == "We did & paid."


def test_the_recipient_may_come_from_the_mail_server(people, topic, post):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY)
    receive_message(answer(people, post, to="somebody@example.org"), key)
    assert len(posts(topic)) == 3


def test_an_upper_case_address_is_the_same(people, topic, post):
    receive_message(
        answer(people, post, to=reply_address(MAILBOX, people.ana.id, post.id, TODAY).upper())
    )
    assert len(posts(topic)) == 3


# Answers that are refused


@pytest.mark.parametrize(
    "what", ["member", "post", "seal", "purpose", "other mailbox", "old", "future", "none"]
)
def test_a_forged_address_is_refused(people, topic, post, what):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY)
    to = {
        "member": key.replace(f"r{people.ana.id}-", f"r{people.ben.id}-"),
        "post": key.replace(f"-{post.id}-", f"-{post.id + 1}-"),
        "seal": re.sub(r"-[a-z2-7]{16}@", "-aaaaaaaaaaaaaaaa@", key),
        "purpose": bounce_address(MAILBOX, people.ana.id, TODAY),
        "other mailbox": key.replace("mail.example.org", "elsewhere.example"),
        "old": reply_address(MAILBOX, people.ana.id, post.id, TODAY - 91),
        "future": reply_address(MAILBOX, people.ana.id, post.id, now().toordinal() + 2),
        "none": MAILBOX,
    }[what]
    sender = "ben@example.org" if what == "member" else None
    try:
        receive_message(answer(people, post, to=to, sender=sender))
    except Forbidden:
        pass
    else:
        assert what == "purpose", "a letter that came back is no answer, and no error"
    assert len(posts(topic)) == 2


@pytest.mark.parametrize(
    "sender",
    ["ben@example.org", "ana@example.org.evil.example", "", "Ana Prado", "ana@example.org@x"],
)
def test_strangers_are_refused_and_not_answered(people, topic, post, sender):
    """A forwarded e-mail must not allow its receiver to write as the member."""
    with pytest.raises(Forbidden):
        receive_message(answer(people, post, sender=sender or "<>"))
    assert len(posts(topic)) == 2
    assert db.session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<a.b>"},
        {"Return_Path": "<>"},
    ],
)
def test_machines_are_not_posted_nor_answered(people, topic, post, header):
    receive_message(answer(people, post, **header))
    assert len(posts(topic)) == 2
    assert db.session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize("what", ["locked", "hidden", "silenced", "suspended", "empty", "long"])
def test_what_cannot_be_posted_is_given_back_with_the_reason(
    people, topic, post, letters, what, agenda
):
    text = {"empty": "\n> quoted\n", "long": "word " * 7000}.get(what, "My long answer.")
    if what == "locked":
        dialogue.lock(people.moderator, topic.id)
    elif what == "hidden":
        moderation.decide(people.moderator, "topic", topic.id, "hide", Reasons("No.", 2))
    elif what in ("silenced", "suspended"):
        notifications.set_digest(people.ana, "daily", 7, "Pacific/Auckland")
        member = db.session.get(Member, people.ana.id)
        setattr(member, f"{what}_until", now() + timedelta(days=1))
        db.session.commit()
    assert "given back" in receive_message(answer(people, post, text))
    assert len(posts(topic)) == 2
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "was not posted" in letter.text
    if what not in ("empty", "long"):
        assert text in letter.text
    leads_there = f"http://localhost/posts/{post.id}" in letter.text
    assert leads_there == (what != "hidden")
    assert ("suspended this account until" in letter.text) == (what == "suspended")
    assert ("(Pacific/Auckland)." in letter.text) == (what in ("silenced", "suspended"))


def test_an_answer_to_a_slow_topic_comes_back_with_when_to_send_it(people, topic, post, letters):
    dialogue.slow(people.moderator, topic.id, Pace(60, None, "It is heated."))
    assert receive_message(answer(people, post, "My first.")).startswith("Posted")
    notifications.set_digest(people.ana, "daily", 7, "Pacific/Auckland")
    second = answer(people, post, "My second.").replace(b"<1@", b"<2@")
    assert "given back" in receive_message(second)
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "My second." in letter.text
    said = " ".join(letter.text.split())  # undo the line breaks of the text
    assert "You can write again from" in said and "(Pacific/Auckland)." in said
    assert len(posts(topic)) == 3
    third = answer(people, post, "My second.").replace(b"<1@", b"<3@")
    with at(now() + timedelta(hours=1)):
        assert receive_message(third).startswith("Posted")


def test_two_machines_do_not_write_to_each_other_for_ever(people, topic, post, letters):
    dialogue.lock(people.moderator, topic.id)
    for number in range(9):
        receive_message(answer(people, post, X_Number=str(number)))
    assert len(letters()) == 5


@pytest.fixture
def limits(app, tmp_path):
    """Switch rate limits on, counted in a file of the test."""
    create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))


def test_many_answers_within_an_hour_are_given_back(people, topic, post, letters, limits):
    for _one in range(29):
        assert ratelimits.within_limit("30/hour", "mail-in", str(people.ana.id))
    said = [
        receive_message(answer(people, post, text).replace(b"<1@", b"<%d@" % number))
        for number, text in enumerate(("The thirtieth.", "One too many."))
    ]
    assert said[0].startswith("Posted") and "given back" in said[1]
    assert posts(topic)[-1].source == "The thirtieth."
    assert "One too many." in letters()[-1].text and "within an hour" in letters()[-1].text
    key = reply_address(MAILBOX, people.ben.id, post.id, TODAY)
    assert receive_message(answer(people, post, "Me too.", people.ben.email, key)).startswith(
        "Posted"
    )


def test_a_limit_refuses_what_comes_after_it(limits):
    asked = [ratelimits.within_limit("2/hour", "a test", "7") for _n in range(3)]
    assert asked == [True, True, False]


def test_odd_messages_are_refused_in_words_or_posted(people, topic, post):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    charsets = (
        b"\r\nFrom: =?utf-8?b?////?= <ana@example.org>\r\nContent-Type: text/plain; charset=klingon"
    )
    for raw, why in (
        (b"", "answers no letter"),
        (b"\x00\xff" * 500, "answers no letter"),
        (b"To: " + key + b"\r\nContent-Type: multipart/mixed\r\n\r\nx", "not from the member"),
        (b"Subject: a\r\n" * 20_000, "answers no letter"),
        (b"To: " + b"a@b.example, " * 20_000, "answers no letter"),
        (b"x" * 2_000_001, "too large"),
    ):
        with pytest.raises(Forbidden, match=why):
            receive_message(raw)
    assert receive_message(b"To: " + key + charsets + b"\r\n\r\nHello there").startswith("Posted")
    assert [reply.source for reply in posts(topic)[2:]] == ["Hello there"]


@pytest.mark.usefixtures("no_collection")
def test_reading_hostile_text_takes_no_time():
    """Twenty thousand lines that look like the beginning of “On …, … wrote:”."""
    for bad in ("On " * 20_000, "From: " * 8_000, " \n" * 20_000, "> " * 20_000, "=== " * 10_000):
        begun = time.process_time()
        extract_answer(bad)
        assert time.process_time() - begun < 1


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "head",
    [
        b"From: ana@example.org\r\nTo: " + b"a " * 50_000,
        b"From: ana@example.org\r\nTo: " + b"a@b.c, " * 100_000,
        b"From: " + b'"\\"' * 30_000,
        b"From: ana@example.org\r\nContent-Type: text/plain" + b'; a*0="b"' * 20_000,
        b"From: ana@example.org\r\nMessage-ID: <" + b"a." * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a b='" * 20_000,
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 400_000 + b"-" + b"a" * 400_000,
    ],
)  # fmt: skip
def test_hostile_messages_take_no_time(people, post, head):
    """Anybody may send such messages, and they must not keep the worker busy."""
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    begun = time.process_time()
    read_message(b"Delivered-To: " + key + b"\r\n" + head + b"\r\n\r\nhello", MAILBOX, TODAY)
    assert time.process_time() - begun < 3


def nested(head, depth, lines, end=b"\n"):
    part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    parts = b"".join(part % (n, n) for n in range(depth))
    return (head + parts + b"content-type: text/plain\n" + b"\n" * lines).replace(b"\n", end)


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize(("depth", "lines"), [(900, 900_000), (300, 10_000), (99, 30_000)])
def test_nested_parts_take_no_time(people, post, depth, lines, end):
    """The parser compares each line with the boundaries of all enclosing parts, which once took minutes."""
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    for to in (key, b"reply@mail.example.org"):
        raw = nested(b"From: a@b.example\nTo: " + to + b"\n", depth, lines, end)[:2_000_000]
        begun = time.process_time()
        with pytest.raises(Forbidden, match="too many parts"):
            receive_message(raw)
        assert time.process_time() - begun < 1


def test_of_a_stranger_s_message_the_headers_alone_are_parsed(app, monkeypatch):
    monkeypatch.setattr("forum.mail.forms.reading.message_from_bytes", None)
    with pytest.raises(Forbidden, match="answers no letter"):
        receive_message(nested(b"From: a@b.example\nTo: x@mail.example.org\n", 9, 1_000))


def test_an_answer_may_have_many_parts(people, topic, post):
    raw = answer(people, post).partition(b"\r\n\r\n")[0]
    head = b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Content-"))
    picture = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    letter = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWith pictures.\r\n"
    pictures = (picture + (b"A" * 76 + b"\r\n") * 600) * 40
    receive_message(head + b"\r\n" + letter + pictures + b"--b--\r\n")
    assert posts(topic)[-1].source == "With pictures."


@pytest.mark.parametrize(
    "raw",
    [
        b"To: " + b"(" * 20_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
        b"Content-Type: text/html\r\n\r\nhi <![foo bar",
    ],
)  # fmt: skip
def test_a_message_that_nobody_can_read_holds_up_no_other(people, topic, post, app, raw):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    box = Mailbox(
        b"From: a@b.example\r\nDelivered-To: " + key + b"\r\n" + raw, answer(people, post)
    )
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    assert box.seen == {1, 2} and len(posts(topic)) == 3


def test_the_log_says_what_became_of_a_message_and_not_who_wrote_it(
    people, topic, post, app, written_log
):
    strange = answer(people, post, sender="Somebody <else@where.example>")
    box = Mailbox(answer(people, post, "One."), strange)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    lines = [json.loads(line) for line in written_log().splitlines()]
    assert [line["level"] for line in lines] == ["info", "info"]
    assert lines[0]["message"] == "Posted." and "not from the member" in lines[1]["message"]
    written = json.dumps(lines)
    assert "prado" not in written.lower() and str(posts(topic)[-1].id) not in lines[0]["message"]


def test_a_mistake_of_ours_holds_up_no_other(people, topic, post, app, monkeypatch):
    box = Mailbox(answer(people, post, "One."), answer(people, post, "Two.", Date="now"))
    handle = commands.receiving._post_answer

    def slip(incoming, *rest):
        if incoming.text == "One.":
            raise ValueError(incoming.text)
        return handle(incoming, *rest)

    monkeypatch.setattr(commands.receiving, "_post_answer", slip)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    assert [reply.source for reply in posts(topic)[2:]] == ["Two."]


def test_messages_without_a_number_are_told_apart(people, topic, post):
    for text in ("One.", "Two.", "Two."):
        receive_message(
            answer(people, post, text).replace(b"Message-ID: <1@mail.ana.example>\r\n", b"")
        )
    assert [reply.source for reply in posts(topic)[2:]] == ["One.", "Two."]


def test_a_text_in_an_unknown_charset_is_read_as_far_as_it_can_be(people, topic, post):
    receive_message(
        answer(people, post, "We did.").replace(b'charset="utf-8"', b'charset="klingon"')
    )
    assert posts(topic)[-1].source == "We did."


QUOTED = "> Ben replied\n> foo"
MARKED = "=== Write your reply above this line ===\nBen replied"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"Yes.\n\nOn Wed, Nov 25, 2026 at 5:13 PM Ben Okoth, Interurban <\nreply+r7@mail.example.org> wrote:\n\n> {MARKED}", "Yes."),
        (f"Ja.\n\nAm 25.11.2026 um 17:13 schrieb Ben Okoth:\n{QUOTED}", "Ja."),
        (f"Oui.\n\nLe mer. 25 nov. 2026 à 17:13, Ben <b@x.org> a écrit :\n\n{QUOTED}", "Oui."),
        (f"Sim.\n\nEm qua., 25 de nov. de 2026 às 17:13, Ben <b@x.org> escreveu:\n\n{QUOTED}", "Sim."),
        (f"はい。\n\n2026年11月25日(水) 17:13 Ben <b@x.org>:\n\n{QUOTED}", "はい。"),
        ("Yes.\n\nFrom: Ben <b@x.org>\nSent: Wednesday, 25 November 2026\nTo: Ana\nSubject: Re: Why\n\nfoo", "Yes."),
        ("Yes.\n________________________________\nVon: Ben\nGesendet: heute\nAn: Ana\nBetreff: Re\n\nfoo", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Ben\nSent: today\nTo: Ana\n\nfoo", "Yes."),
        ("> Did you?\n\nYes.\n\n> How?\n\nSlowly.\n\nOn 25 Nov 2026 Ben wrote:\n> foo", "> Did you?\n\nYes.\n\n> How?\n\nSlowly."),
        ("Two things:\n\n- first\n- second\n\nFrom: the start it was loud.\n-- \nAna", "Two things:\n\n- first\n- second\n\nFrom: the start it was loud."),
        ("One part\n\n---\n\nsecond part", "One part\n\n---\n\nsecond part"),
        ("We list them here, as of 2026:\n\n1. a\n2. b", "We list them here, as of 2026:\n\n1. a\n2. b"),
    ],
)  # fmt: skip
def test_the_answer_alone_is_kept(text, own):
    assert extract_answer(text) == own


# Bounces


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


def is_paused(people):
    return bool(db.session.get(Member, people.ana.id, populate_existing=True).mail_paused_at)


def test_a_letter_that_comes_back_pauses_the_address(people):
    assert "came back" in receive_message(report(people))
    assert is_paused(people)
    member = db.session.get(Member, people.ana.id)
    assert "no such user" in member.mail_paused_why


@pytest.mark.parametrize(
    "change",
    [
        {"status": "4.2.2"},
        {"status": "5.2.2"},
        {"action": "delayed"},
        {"address": "ben@example.org"},
        {"address": ""},
    ],
)
def test_other_reports_pause_no_address(people, change):
    receive_message(report(people, **change))
    assert not is_paused(people)


def test_a_forged_report_does_nothing(people):
    raw = re.sub(rb"-[a-z2-7]{16}@", b"-aaaaaaaaaaaaaaaa@", report(people))
    with pytest.raises(Forbidden):
        receive_message(raw)
    assert not is_paused(people)


# How messages are received


def test_the_pipe_of_a_mail_server(people, topic, post, app, monkeypatch):
    runner = app.test_cli_runner()
    said = runner.invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, len(posts(topic))) == (0, 3), (said.output, said.exception)
    refused = runner.invoke(args=["mail-in"], input=answer(people, post, sender="x@example.org"))
    assert refused.exit_code == 77

    def busy(*_args):
        raise Busy()

    monkeypatch.setattr(commands.receiving.actions, "answer", busy)
    assert runner.invoke(args=["mail-in"], input=answer(people, post)).exit_code == 75


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("a mistake"),
        OSError(28, "No space left on device"),
        OperationalError("INSERT", {}, Exception("database or disk is full")),
        OperationalError("SELECT", {}, Exception("server closed the connection"), True),
    ],
)
def test_what_fails_here_sends_no_message_back(people, post, app, monkeypatch, fault):
    def failing(*_args):
        raise fault

    monkeypatch.setattr(commands.receiving.actions, "answer", failing)
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert said.exit_code == 75
    assert "The message could not be taken in. Hand it in again.\n" in said.stderr


def test_a_forum_that_is_being_upgraded_sends_no_message_back(people, post, app, monkeypatch):
    monkeypatch.setattr("forum.upkeep.queries.schema_problem", lambda: "The database is older.")
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, said.stderr) == (75, "Error: The database is older.\n")
    assert app.test_cli_runner().invoke(args=["check"]).exit_code == 1


def test_a_database_that_is_away_sends_no_message_back(people, post, app, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, Exception("connection refused"), True)

    monkeypatch.setattr("forum.upkeep.queries.schema_problem", away)
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, "The database cannot be used" in said.stderr) == (75, True)


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"FORUM_PROXIES": "two"}, "Error: FORUM_PROXIES is two"),
        ({"FORUM_LOG": "loud"}, "Error: FORUM_LOG is loud"),
        ({"FORUM_DATABASE_URL": "postgresql://ana@127.0.0.1:1/x"}, "Error: The database cannot be"),
    ],
)
def test_wrong_settings_send_no_message_back(tmp_path, setting, words):
    command = [sys.executable, "-m", "flask", "--app", "wsgi"]
    environ = {**os.environ, "FORUM_DATA": str(tmp_path), "FORUM_DEMO": "", **setting}
    ended = {
        name: subprocess.run(
            [*command, name], env=environ, input=b"", capture_output=True, check=False, timeout=120
        )
        for name in ("mail-in", "check")
    }
    assert {name: process.returncode for name, process in ended.items()} == {
        "mail-in": 75,
        "check": 1,
    }
    assert all(process.stderr.decode().startswith(words) for process in ended.values())


def test_wrong_arguments_are_told_apart(app):
    runner = app.test_cli_runner()
    for words in (["--nonsense"], ["a-word"]):
        assert runner.invoke(args=["mail-in", *words]).exit_code == 64
    assert runner.invoke(args=["mail-in", "--help"]).exit_code == 0
    assert runner.invoke(args=["check", "--nonsense"]).exit_code == 2


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


def test_a_mailbox_is_fetched_and_each_message_taken_once(people, topic, post, app):
    box = Mailbox(answer(people, post), b"From: a@b.example\r\n\r\nspam", b"x" * 2_000_001)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
        assert fetch_messages() == 0
    assert box.seen == {1, 2, 3} and len(posts(topic)) == 3


def test_a_message_stays_unseen_while_the_forum_is_busy(people, topic, post, app, monkeypatch):
    box = Mailbox(answer(people, post))

    def busy(*_args):
        raise Busy()

    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        with monkeypatch.context() as patch, pytest.raises(Busy):
            patch.setattr(commands.receiving.actions, "answer", busy)
            fetch_messages()
        assert box.seen == set()
        assert fetch_messages() == 1
    assert len(posts(topic)) == 3


def test_a_mailbox_that_is_away_is_no_mistake(app):
    with with_settings(
        app, reply_address=MAILBOX, imap_url=f"imap://127.0.0.1:{free_port()}/INBOX"
    ):
        assert fetch_messages() == 0
    with with_settings(app, imap_url="pop://x"), pytest.raises(ValueError, match="FORUM_IMAP_URL"):
        fetch_messages()
    assert imaplib.IMAP4.error


def test_a_key_says_whose_letter_it_was(app):
    raw = f"To: x@y.example, {reply_address(MAILBOX, 7, 55, TODAY)}\r\n\r\nHi".encode()
    key = read_message(raw, MAILBOX, TODAY).key
    assert key and (key.member_id, key.post_id) == (7, 55)
    assert read_message(raw, "", TODAY).key is None
    # RFC 5321, 4.5.3.1.1
    assert len(reply_address(MAILBOX, 2**31, 2**31, TODAY).partition("@")[0]) <= 64


def test_a_member_who_left_is_a_stranger(people, topic, post):
    member = db.session.get(Member, people.ana.id)
    member.left_at = now()
    db.session.commit()
    with pytest.raises(Forbidden):
        receive_message(answer(people, post))
    assert members and len(posts(topic)) == 2


@pytest.mark.parametrize(
    "subject",
    ["Automatic reply: Re: Why", "Abwesenheitsnotiz", "Réponse automatique : Re", "Out of Office"],
)
def test_holiday_answers_without_a_header_are_known_by_their_subject(people, topic, post, subject):
    raw = answer(people, post).replace(b"Subject: Re: Why so loud?", f"Subject: {subject}".encode())
    receive_message(raw)
    assert len(posts(topic)) == 2


def test_the_same_text_is_posted_once_a_day(people, topic, post):
    """Two automatic responders that answer each other stop after one post each."""
    receive_message(answer(people, post))
    again = answer(people, post).replace(b"<1@mail", b"<2@mail")
    assert "same text" in receive_message(again)
    assert len(posts(topic)) == 3
    with at(now() + timedelta(days=2)):
        receive_message(answer(people, post).replace(b"<1@mail", b"<3@mail"))
    assert len(posts(topic)) == 4


def test_an_answer_that_a_rule_holds_back_is_told_by_letter(people, topic, post, letters):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    said = receive_message(answer(people, post, "A casino for all."))
    held = db.session.scalars(db.select(Held)).one()
    assert said == f"It waits for a moderator as /waiting/{held.id}."
    assert len(posts(topic)) == 2
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "We read this first." in letter.text
    assert f"http://localhost/waiting/{held.id}" in letter.text
    receive_message(answer(people, post, "A casino for all."))
    assert db.session.scalars(db.select(Held)).one() and len(posts(topic)) == 2
    assert len(letters()) == 1


def test_a_text_that_a_moderator_refused_waits_again_when_it_is_sent_again(people, topic, post):
    """It is not taken for one that is sent twice: nobody would tell its author."""
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    receive_message(answer(people, post, "A casino for all."))
    again = answer(people, post, "A casino for all.").replace(b"<1@mail", b"<2@mail")
    assert "same text" in receive_message(again)
    held = db.session.scalars(select(Held)).one()
    moderation.refuse(people.moderator, held.id, Reasons("It is advertising.", 2))
    once_more = again.replace(b"<2@mail", b"<3@mail")
    said = receive_message(once_more)
    waiting = db.session.scalars(select(Held).where(Held.id != held.id)).one()
    assert said == f"It waits for a moderator as /waiting/{waiting.id}."


def attached_as(name):
    return {"Content_Disposition": f"attachment; filename={name}"}


ATTACHED = attached_as("a")
PICTURE, REPORT = ("image/jpeg", 300_000, ATTACHED), ("application/pdf", 900, ATTACHED)


def test_whoever_attached_files_is_told_that_the_text_alone_is_published(
    people, topic, post, letters
):
    raw = with_files(answer(people, post), PICTURE, REPORT)
    said = receive_message(raw)
    published = posts(topic)[-1]
    assert said == f"Posted as /posts/{published.id}." and published.source == "We did, too."
    (letter,) = letters()
    assert letter.to == "ana@example.org" and "attached files were not" in letter.subject
    assert "is published" in letter.text and "2 files were attached" in letter.text
    assert "To add pictures and files, edit your text" in letter.text
    assert f"http://localhost/posts/{published.id}" in letter.text
    receive_message(raw)
    assert len(letters()) == 1


def test_where_nobody_adds_pictures_the_letter_does_not_lead_there(
    people, topic, post, letters, app
):
    with with_settings(app, reply_address=MAILBOX, pictures_mb=0):
        receive_message(with_files(answer(people, post), PICTURE))
        (letter,) = letters()
    assert "One file was attached" in letter.text and "better as a link" in letter.text
    assert "picture" not in letter.text


def test_the_letter_is_in_the_language_of_its_reader(people, topic, post, letters, app):
    members.choose_locale(people.ana, "fr")
    with with_settings(app, reply_address=MAILBOX, locales=("en", "fr")):
        receive_message(with_files(answer(people, post), PICTURE, REPORT))
        (letter,) = letters()
    assert letter.language == "fr" and "2 fichiers" in letter.text


def test_files_of_an_answer_that_waits_or_is_given_back_are_told_in_that_letter(
    people, topic, post, letters
):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    receive_message(with_files(answer(people, post, "A casino for all."), PICTURE))
    dialogue.lock(people.moderator, topic.id)
    receive_message(with_files(answer(people, post, "Locked?", X_Number="2"), PICTURE, REPORT))
    nothing = answer(people, post, "\n> quoted\n").replace(b"<1@", b"<3@")
    receive_message(with_files(nothing, PICTURE))
    waits, locked, empty = letters()
    assert "We read this first." in waits.text and "One file was attached" in waits.text
    assert "Locked?" in locked.text and "2 files were attached" in locked.text
    assert (
        "no text above the one that you replied to" in empty.text
        and "One file was attached" in empty.text
    )


def test_a_machine_that_attaches_files_gets_few_letters(people, topic, post, letters):
    for number in range(9):
        raw = answer(people, post, f"Text {number}.").replace(b"<1@", b"<%d@" % number)
        receive_message(with_files(raw, REPORT))
    assert len(posts(topic)) == 11 and len(letters()) == 5


WITHIN = {"Content_Disposition": "inline; filename=a.png", "Content_ID": "<a@b>"}


@pytest.mark.parametrize(
    ("kind", "size", "headers", "files"),
    [
        ("image/png", 40_000, WITHIN, 0),  # the logo of a signature
        ("image/png", 40_000, {"Content_ID": "<a@b>"}, 0),
        ("image/png", 2_000, ATTACHED, 0),  # an icon in a signature
        ("image/png", 400_000, WITHIN, 1),  # a picture of the screen, pasted into the text
        ("image/png", 40_000, {"Content_Disposition": "inline"}, 1),
        ("image/png", 40_000, ATTACHED | {"Content_ID": "<a@b>"}, 1),
        ("application/pgp-signature", 900, ATTACHED, 0),
        ("text/vcard", 900, ATTACHED, 0),
        ("application/ms-tnef", 9_000, attached_as("winmail.dat"), 0),
        ("application/vnd.ms-tnef", 9_000, ATTACHED, 0),
        ("application/octet-stream", 9_000, attached_as("WinMail.dat"), 0),
        ("application/octet-stream", 9_000, attached_as("plan.dat"), 1),
        ("application/octet-stream", 9_000, ATTACHED, 1),
        ("application/pkcs7-mime", 9_000, attached_as("smime.p7m"), 0),
        ("application/x-pkcs7-mime", 9_000, {}, 0),
        ("application/octet-stream", 900, attached_as("smime.p7s"), 0),
        ("application/pdf", 9, attached_as("winmail.dat"), 1),
        ("text/csv", 9, ATTACHED, 1),
        ("text/plain", 9, {"Content_Disposition": "inline; filename=a.txt"}, 1),
        ("text/plain", 9, {}, 0),  # the text continues below a picture
        ("application/pdf", 9, {}, 1),
    ],
)
def test_what_belongs_to_a_signature_is_no_attached_file(people, post, kind, size, headers, files):
    raw = with_files(answer(people, post), (kind, size, headers))
    assert read_message(raw, MAILBOX, TODAY).files == files


def test_a_text_in_two_forms_is_no_file_and_a_message_within_one_is(people, post):
    message = message_from_bytes(answer(people, post), policy=SMTP)
    message.add_alternative("<p>We did, too.</p>", subtype="html")
    assert read_message(message.as_bytes(), MAILBOX, TODAY).files == 0
    inner = message_from_bytes(with_files(answer(people, post), PICTURE, REPORT), policy=SMTP)
    message.add_attachment(inner)
    assert read_message(message.as_bytes(), MAILBOX, TODAY).files == 1
