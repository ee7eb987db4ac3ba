"""Fixtures of the moderation tests: a topic with replies, a case, practices, another agenda with another host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import get_topic, posts_in
from forum.library.actions import CaseText, PracticeText, submit, write_case, write_practice
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members.actions import found_federation
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from forum.upkeep.queries import checks, faults_of
from tests.datasets import dataset_fixture, load_dataset_rows

REASONS = Reasons("It is rude.", 2)


@dataclass
class Things:
    """Ana opened the topic, Ben replied twice and submitted a practice; Chitra hosts the other agenda."""

    agenda: Agenda
    other: Agenda
    topic: Topic
    first: Post
    second: Post
    case: Case
    practice: Practice
    other_host: Member


@pytest.fixture
@dataset_fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    """Something of each kind on one agenda."""
    return known_things(app, people, agenda)


def known_things(app: Flask, people: Any, agenda: Agenda) -> Things:
    """Something of each kind on one agenda, for tests of rooms that build on moderation."""
    rows = load_dataset_rows("something of each kind", app, lambda: make_things(people, agenda))
    return Things(agenda, other_host=get_member(SYSTEM, people.chitra.handle), **rows)


def make_things(people: Any, agenda: Agenda) -> dict[str, Any]:
    found_federation(SYSTEM, "Interurban")
    other = write_agenda(people.moderator, AgendaText("Other", write("Text."), slug="other"))
    set_hosts(people.moderator, other.id, [people.chitra.handle])
    new = NewTopic("experience", "Quiet streets at night", write("We turned the *bells* off."))
    topic = open_topic(people.ana, agenda.id, new)
    case_text = CaseText(name="Night council", kind="network", summary="It meets.", body="At ten.")
    case = write_case(people.moderator, agenda.id, case_text)
    practice = write_practice(
        people.ben, agenda.id, PracticeText(title="Quiet asphalt", sentence="It is quieter.")
    )
    submit(people.ben, practice.id)
    return {
        "other": other,
        "topic": topic,
        "first": reply(people.ben, topic.id, write("> quoted\n\nA rude **answer** to all.")),
        "second": reply(people.chitra, topic.id, write("A kind answer.")),
        "case": case,
        "practice": practice,
    }


@pytest.fixture
def sound(app: Flask) -> Iterator[None]:
    """After each test, check that `flask check` finds no faults."""
    yield
    while make_notices(SYSTEM):
        pass
    assert [fault for check in checks() for fault in faults_of(check)] == []


def notices_of(member: Any) -> list[Any]:
    """The notices of a member, after the worker has made all that wait."""
    while make_notices(SYSTEM):
        pass
    return list(inbox(member).page.items)


def shown(reader: Any, topic_id: int) -> list[int]:
    """The numbers of the posts that a reader sees on the first page of a topic."""
    topic = get_topic(reader, topic_id)
    return [post.number for post in posts_in(reader, topic, 1).items]


def found(words: str) -> int:
    """The number of texts that a visitor finds by some words."""
    return find(VISITOR, Query(words)).texts


def undo(moderator: Any) -> Any:
    """Undo the latest decision of a moderator."""
    return actions.undo(moderator, queries.latest_undoable_decision(moderator).id)  # type: ignore[union-attr]
