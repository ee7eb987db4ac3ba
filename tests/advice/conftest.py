"""Fixtures of the tests of advice: Ana's question about parking, and members who can help with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.advice import actions
from forum.advice.actions import FollowUpText
from forum.advice.queries import requests_about
from forum.agendas.actions import set_member_themes, write_theme
from forum.agendas.models import Agenda, Theme
from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, open_topic
from forum.dialogue.models import Topic
from forum.markup import write
from forum.members.actions import Joining, Profile, edit_profile, found_federation, join
from forum.members.models import Member
from forum.members.queries import city_by_name
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from tests.datasets import dataset_fixture, load_dataset_rows

TITLE = "How do you price parking for residents?"


@dataclass
class Question:
    """Ana of Medellín asks about parking; Surat and Medellín are of similar size. Hana hosts the agenda."""

    agenda: Agenda
    topic: Topic
    theme: Theme


@pytest.fixture
@dataset_fixture
def question(app: Flask, people: Any, agenda: Agenda) -> Question:
    """An open question with one theme."""
    rows = load_dataset_rows("a question about parking", app, lambda: make(people, agenda))
    return Question(agenda, **rows)


def make(people: Any, agenda: Agenda) -> dict[str, Any]:
    found_federation(SYSTEM, "Interurban")
    theme = write_theme(people.moderator, "Parking")
    new = NewTopic("question", TITLE, write("We have **none**."), themes=[theme.id])
    return {"theme": theme, "topic": open_topic(people.ana, agenda.id, new)}


def somebody(name: str, helps_with: str = "", city: str = "", **more: Any) -> Member:
    """A member who says what they can help with; `themes` are rows."""
    found = city_by_name(city) if city else None
    place = {"city_id": found.id if found else None, "language": more.pop("language", "en")}
    themes = more.pop("themes", ())
    member = join(VISITOR, Joining(name, f"{name.lower()}@example.org", "no hash", **place))
    edit_profile(member, Profile(name, helps_with=helps_with, **place, **more))
    set_member_themes(member, [theme.id for theme in themes])
    return member


DAY = timedelta(days=1)
IT_WORKED = FollowUpText("We raised the price in two streets.", "yes", "Nobody moved away.")


def states(topic: Topic) -> dict[str, str]:
    return {fate.asked.member.name: fate.state for fate in requests_about(topic)}


def told(member: Member) -> list[tuple[str, str]]:
    with at(now() + 500 * DAY):
        while make_notices(SYSTEM):
            pass
    return [(notice.kind, notice.address) for notice in inbox(member).page.items]


def question_of(author: Member, question: Question, title: str = "Another question") -> Topic:
    return dialogue.open_topic(
        author, question.agenda.id, NewTopic("question", title, write("Text."))
    )


@pytest.fixture
def asked(people: Any, question: Question) -> Topic:
    """Ana's question; Ben was asked for advice about it."""
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    return question.topic
