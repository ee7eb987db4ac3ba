"""Fixtures of the moderation tests: a topic with replies, a case, practices, another agenda with another host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Post, Topic
from forum.library.actions import CaseText, PracticeText, submit, write_case, write_practice
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members.actions import found_federation
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from tests.conftest import dataset_fixture, load_dataset_rows


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
    """The same, for the tests of the rooms above."""
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
