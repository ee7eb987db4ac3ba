"""A mail server that fails on demand, and messages as a mail program reads them."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.mail.commands import deliver, write_notice_letters
from forum.markup import write
from forum.notifications import actions as notifications
from forum.permissions import SYSTEM
from tests.ports import free_port


@dataclass
class MailServer:
    """A mail server that stores messages; `answers["RCPT"] = "550 5.1.1 nobody here"` changes its replies."""

    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    messages: list[tuple[str, str, EmailMessage]] = field(default_factory=list)
    on_message: Callable[[], None] = lambda: None

    async def handle_MAIL(
        self, _server: Any, _session: Any, envelope: Any, sender: str, _o: Any
    ) -> str:
        envelope.mail_from = sender
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, to: str, _o: Any
    ) -> str:
        answer = self.refused.get(to) or self.answers.get("RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        read: Any = email.message_from_bytes(envelope.content, policy=default)
        self.messages.append((envelope.mail_from, envelope.rcpt_tos[0], read))
        self.on_message()
        return "250 taken"


@pytest.fixture
def mail_server(app: Flask) -> Iterator[MailServer]:
    """A real mail server that the forum is configured to use."""
    server, port = MailServer(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    with with_settings(app, smtp_url=f"smtp://127.0.0.1:{port}"):
        yield server
    controller.stop()


@contextmanager
def with_settings(app: Flask, **settings: Any) -> Iterator[None]:
    """Replace settings of the application during a test."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, **settings)
    try:
        yield
    finally:
        app.extensions["settings"] = before


SOON = timedelta(minutes=2)
MORNING = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)  # a Monday


@pytest.fixture
def topic(people, agenda):
    return dialogue.open_topic(
        people.ana, agenda.id, NewTopic("question", "Why so loud?", write("Who measured?"))
    )


def mail(later=SOON):
    """Run the worker's tasks: make notices, write letters, send them."""
    with at(now() + later):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        while deliver():
            pass


def sent(server):
    return [message for _from, _to, message in server.messages]


def body(message, kind="plain"):
    return message.get_body((kind,)).get_content()
