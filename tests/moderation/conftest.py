"""Fixtures of the moderation tests: a topic with replies, a case, practices, another agenda with another host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.clock import at, month_end, now
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import get_topic, posts_in, reading_state
from forum.library.actions import CaseText, PracticeText, submit, write_case, write_practice
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members.actions import found_federation
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import OrderText, Reasons
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from tests.datasets import dataset_fixture, load_dataset_rows
from tests.soundness import faults

REASONS = Reasons("It is rude.", 2)


def an_order(**more: Any) -> OrderText:
    """An order of a court that came in today, with nothing done about it."""
    said = {
        "kind": "content",
        "authority": "District Court",
        "state": "DK",
        "reference": "12 O 34/26",
        "law": "Penal code, 266",
        "about": "/topics/7",
        "issued_on": now().date(),
        "received_on": now().date(),
    }
    return OrderText(**{**said, **more})


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


@pytest.fixture
def other(people: Any, agenda: Agenda, things: Things) -> Topic:
    """Another topic on the agenda: Ben's, with a reply of Ana's."""
    new = NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    topic = open_topic(people.ben, agenda.id, new)
    reply(people.ana, topic.id, write("Ours squeal."))
    return get_topic(SYSTEM, topic.id)


@pytest.fixture
def answer(people: Any, agenda: Agenda, things: Things) -> Post:
    """Ben's answer to a question of Ana's, which takes the place of the topic among the `things`."""
    new = NewTopic("question", "How loud?", write("How loud is it?"))
    things.topic = get_topic(SYSTEM, open_topic(people.ana, agenda.id, new).id)
    answer = reply(people.ben, things.topic.id, write("Very."))
    assert isinstance(answer, Post)
    dialogue.choose_answer(people.ana, things.topic.id, answer.id)
    return answer


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
    assert faults() == []


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


PART = {"title": "Bells at night", "kind": "question"}


def part(things: Any, **more: Any) -> dialogue.SplitTarget:
    return dialogue.SplitTarget(**{**PART, "agenda_id": things.agenda.id, **more})


def split(moderator: Any, things: Any, *posts: Any, **more: Any) -> Any:
    """Split posts off into a topic of their own with the action; returns the new topic."""
    ids = [post.id for post in posts]
    decision = actions.split(moderator, things.topic.id, ids, part(things, **more))
    return get_topic(SYSTEM, (decision.before or {})["target"])


def reading(member: Any, topic: Any) -> Any:
    return reading_state(member, topic)


REASON_FIELDS = {"reason": "It is rude.", "rule": "2"}


def words(response: Any) -> str:
    return str(response.get_data(as_text=True))


def addresses(things: Any, handle: str = "ben-okoth") -> dict[str, list[str]]:
    """Every address of moderation: pages with a form, and addresses of buttons."""
    topic, post = f"/topics/{things.topic.id}", f"/posts/{things.first.id}"
    case, practice = f"/cases/{things.case.slug}", f"/practices/{things.practice.slug}"
    return {
        "asking": [
            f"{topic}/lock",
            f"{topic}/slow",
            f"{topic}/move",
            f"{topic}/hide",
            f"{topic}/remove",
            f"{post}/hide",
            f"{post}/remove",
            f"{post}/ask-to-edit",
            f"{case}/hide",
            f"{practice}/hide",
            f"{practice}/send-back",
        ],
        "of the agenda": ["/agendas/quieter/archive", "/agendas/quieter/reopen"],
        "central": [
            f"/members/{handle}/hide",
            f"/members/{handle}/suspend",
        ],
        "buttons": [
            f"{topic}/unlock",
            f"{topic}/unslow",
            f"{topic}/pin",
            f"{topic}/unpin",
            f"{topic}/restore",
            f"{post}/restore",
            f"{post}/unnote",
            f"{case}/restore",
            f"{practice}/publish",
            f"{practice}/feature",
            f"{practice}/unfeature",
            f"{practice}/restore",
            f"/moderation/post/{things.first.id}/decide",
        ],
        "central buttons": [f"/members/{handle}/restore", f"/members/{handle}/unsuspend"],
    }


def report_of_these_months(client: Any, ending: str = "") -> str:
    """The transparency report (`.csv`: as a table) of the last month and this one, as it is once they have ended."""
    first, last = (month_end(-1).replace(day=1), month_end(0))
    with at(datetime.combine(last + timedelta(days=1), time(), UTC)):
        answer = client.get(f"/transparency{ending}?from={first}&to={last}")
    assert answer.status_code == 200
    return str(answer.get_data().decode("utf-8-sig"))
