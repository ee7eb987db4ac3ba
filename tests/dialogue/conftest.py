"""Fixtures of the tests of the dialogue: a forum that is set up, and a topic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import wrong_counts
from forum.markup import write
from forum.members.actions import OrganisationText, Profile, edit_profile, write_organisation
from forum.members.actions import found_federation as found
from forum.members.models import Member, Organisation
from forum.notifications.models import Event
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from tests.datasets import dataset_fixture, load_dataset

LATER = timedelta(minutes=16)
HOSTILE = ("", "\x00", "\ud800", "9" * 30, str(2**63), "-1", "1e9", "٣", "<script>", "' or 1=1")


@pytest.fixture(autouse=True)
@dataset_fixture
def federation(app: Flask) -> None:
    """The federation whose name every page shows."""
    load_dataset("quiet cities", app, lambda: found(SYSTEM, "Quiet cities").name)


@pytest.fixture(autouse=True)
def kept(app: Flask) -> Iterator[None]:
    """After each test, check that the counters of topics in lists are right."""
    yield
    assert wrong_counts() == []


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    """A question by Ana without replies; some files have a topic of their own."""
    new = actions.NewTopic("question", "How do you count hours?", write("It took **two** years."))
    return actions.open_topic(people.ana, agenda.id, new)


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    """The HTML at an address, in a certain browser."""
    response = client.get(address)
    assert response.status_code == status, response.status_code
    return str(response.text)


def last_post() -> Post:
    """The newest post of the forum."""
    post = db.session.query(Post).order_by(Post.id.desc()).first()
    assert post is not None
    return post


def odd_texts() -> list[bytes]:
    """Values that browsers do not send by themselves: NUL, lone surrogates, numbers too large for the databases."""
    return [value.encode("utf-8", "surrogatepass") for value in HOSTILE]


def new(title: str = "We counted our hours", text: str = "It took two years.", **more: Any) -> Any:
    return actions.NewTopic(more.pop("kind", "experience"), title, write(text), **more)


def writes_for(member: Member, name: str = "Gemeente Rotterdam") -> Organisation:
    """A new organisation to which a member belongs, and for which they write, from now on."""
    made = write_organisation(SYSTEM, OrganisationText(name, kind="city"))
    edit_profile(member, Profile(member.name, organisation_id=made.id))
    return made


def fresh(row: Any) -> Any:
    return db.session.get(type(row), row.id, populate_existing=True)


FORM = {
    "kind": "experience",
    "title": "We counted our hours",
    "source": "It took two years.",
    "language": "en",
    "audience": "public",
    "submission_key": "abc",
}


def topics_on(agenda: Agenda) -> int:
    """How many topics the list of an agenda has for visitors."""
    return queries.counts_by_agenda(VISITOR).get(agenda.id, 0)


def kinds_found(reader: Any, words: str) -> list[str]:
    hits = find(reader, Query(words)).page.items
    return [document.kind for hit in hits for document in (hit.document, *hit.others)]


def events(kind: str) -> list[Event]:
    return list(
        db.session.scalars(select(Event).where(Event.kind == kind, Event.hidden_at.is_(None)))
    )
