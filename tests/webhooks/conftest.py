"""Webhooks that lead to a receiver of the tests, which stores requests and responds as configured."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.markup import write
from forum.members.actions import found_federation
from forum.outbound import NoAnswer
from forum.permissions import SYSTEM
from forum.webhooks import commands
from forum.webhooks.actions import WebhookText, add_webhook
from forum.webhooks.models import KINDS, Webhook, WebhookDelivery

ADDRESS = "https://hooks.example/in?token=abc"
MAX_PASSES = 50


@dataclass
class Receiver:
    """A receiver: the requests that it got, and its response: a status, or why there is no response."""

    answer: int | str = 204
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    before: Callable[[], Any] = lambda: None

    def post(self, address: str, body: bytes, headers: dict[str, str], _allowed: Any) -> int:
        self.before()
        self.got.append((address, body, headers))
        if isinstance(self.answer, str):
            raise NoAnswer(self.answer)
        return self.answer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _address, body, _headers in self.got]

    @property
    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies]

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    made = Receiver()
    monkeypatch.setattr(commands, "post", made.post)
    return made


@pytest.fixture
def add(people: Any, agenda: Agenda) -> Callable[..., Webhook]:
    """Returns a function that adds a webhook: `add(kinds=["question"])`."""
    found_federation(SYSTEM, "Quiet cities")

    def add_one(**fields: Any) -> Webhook:
        usual = {"name": "A program", "address": ADDRESS, "format": "standard", "kinds": KINDS}
        return add_webhook(people.administrator, WebhookText(**(usual | fields)))

    return add_one


@pytest.fixture
def ask(people: Any, agenda: Agenda) -> Callable[..., Topic]:
    """Returns a function that opens a question by Ana: `ask("Why so loud?")`."""

    def ask_one(title: str = "Why so loud?", kind: str = "question", **more: Any) -> Topic:
        on, author = more.pop("agenda_id", agenda.id), more.pop("author", people.ana)
        new = NewTopic(kind, title, write("Who measured?"), **more)
        return dialogue.open_topic(author, on, new)

    return ask_one


def work(later: timedelta | None = None) -> int:
    """Run the worker's tasks until nothing is left to do, as if so much later; returns the number of passes."""
    with at(now() + (later or timedelta())):
        for passes in range(MAX_PASSES):
            if not commands.deliver():
                return passes
    raise AssertionError("it never ends")


def deliveries() -> list[WebhookDelivery]:
    query = db.select(WebhookDelivery).order_by(WebhookDelivery.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def known(webhook: Webhook) -> Webhook:
    """The present row of a webhook."""
    return db.session.get_one(Webhook, webhook.id, populate_existing=True)


def seconds_of(moment: datetime) -> int:
    return int(moment.timestamp())
