"""A small forum for tests of pages that combine several rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import StatementText, ensure_themes, set_member_themes, write_statement
from forum.agendas.models import Agenda, Theme
from forum.dialogue.actions import NewTopic, choose_answer, mark, open_topic, reply
from forum.dialogue.models import Post, Topic
from forum.library.actions import (
    CaseText,
    LinkText,
    PracticeText,
    ReadingText,
    publish,
    submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members.actions import (
    Joining,
    OrganisationText,
    found_federation,
    join,
    write_organisation,
)
from forum.members.models import Member, Organisation
from forum.permissions import SYSTEM, VISITOR
from tests.datasets import dataset_fixture, load_dataset_rows

NAIROBI = 184745


@dataclass
class Small:
    """The small forum: people, an agenda with all its parts, topics with replies, an organisation."""

    people: Any
    agenda: Agenda
    question: Topic
    answer: Post
    experience: Topic
    members_only: Topic
    case: Case
    practice: Practice
    organisation: Organisation
    themes: list[Theme]


@pytest.fixture
@dataset_fixture
def small(app: Flask, people: Any, agenda: Agenda) -> Small:
    """One thing of each kind: Ana asks, Ben answers, Chitra tries."""
    rows = load_dataset_rows("one thing of each kind", app, lambda: make_small(people, agenda))
    return Small(people, agenda, **rows)


def make_small(people: Any, agenda: Agenda) -> dict[str, Any]:
    found_federation(SYSTEM, "Quiet cities", contact_email="desk@quiet.example")
    question = topic(people.ana, agenda, "How do you measure noise?", kind="question")
    answer = reply(people.ben, question.id, write("With *one* meter & a <notebook>."))
    choose_answer(people.ana, question.id, answer.id)
    mark(people.chitra, answer.id, "tried it", "kept", "One meter was enough.")
    said = StatementText("Christer Example", "Listen first.\n\nThen draw.", "Director", "A city")
    write_statement(people.moderator, agenda.id, said)
    reading = ReadingText("The Soundscape", "Schafer, R. Murray", 1977, why="It began here")
    write_reading(people.moderator, agenda.id, reading)
    return {
        "question": question,
        "answer": answer,
        "experience": topic(people.chitra, agenda, "Night trams without bells"),
        "members_only": topic(people.ana, agenda, "For members: the tender", audience="members"),
        "case": a_case(people.moderator, agenda),
        "practice": a_practice(people.ben, people.moderator, agenda),
        "organisation": write_organisation(
            SYSTEM, OrganisationText("Tampere Institute", "institute")
        ),
        "themes": ensure_themes(SYSTEM, ["Noise", "Trams"]),
    }


def topic(author: Member, agenda: Agenda, title: str, **more: Any) -> Topic:
    kind = more.pop("kind", "experience")
    return open_topic(author, agenda.id, NewTopic(kind, title, write(f"{title} – text."), **more))


def a_case(curator: Member, agenda: Agenda, name: str = "The quiet network") -> Case:
    links = [LinkText("The network’s site", "https://quiet.example")]
    text = CaseText(
        name, "network", "Cities compare.", "It began.", city_ids=[NAIROBI], links=links
    )
    return write_case(curator, agenda.id, text)


def a_practice(
    author: Member, moderator: Member, agenda: Agenda, title: str = "Rubber wheels", **more: Any
) -> Practice:
    text = PracticeText(
        title, "Carts on rubber wheels.", city_id=NAIROBI, evidence="counted", **more
    )
    made = write_practice(author, agenda.id, text)
    submit(author, made.id)
    return publish(moderator, made.id)


def grow(small: Small) -> None:
    """Add many more rows of every kind."""
    for number in range(12):
        joining = Joining(
            f"Person Nr{number}",
            f"p{number}@example.org",
            "no hash",
            city_id=small.people.ben.city_id,
            organisation_id=small.organisation.id,
        )
        member = join(VISITOR, joining)
        set_member_themes(member, [theme.id for theme in small.themes])
        opened = topic(member, small.agenda, f"Noise {number}", kind="question")
        reply(small.people.ana, opened.id, write(f"About noise, {number}."))
        a_case(small.people.moderator, small.agenda, f"Case {number}")
        a_practice(member, small.people.moderator, small.agenda, f"Practice {number}")
