"""A text that a rule holds back, and several people in the same moment: it appears once, or is gone, and nothing else.

The deeds run in threads over a database of their own, in which commits are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from forum.agendas import actions as agendas
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness
from tests.races import at_once, own_forum

PEOPLE = (("Mona Berg", "moderator"), ("Adam de Wit", "administrator"), ("Ana Prado", "member"))


@pytest.fixture
def own(database_url: str, tmp_path: Any) -> Iterator[Flask]:
    """The application over a database of its own, in which a rule holds a word back."""
    with own_forum(database_url, tmp_path, "held_races") as app:
        upgrade()
        for name, role in PEOPLE:
            members.add_member(SYSTEM, Joining(name, f"{role}@example.org", "-"), role)
        administrator = who("adam-de-wit")
        set_newness(administrator, 0, 0, 0)
        make_rule(administrator, RuleText("word", "casino", "We read this first."))
        agendas.write_agenda(administrator, agendas.AgendaText("Trams", write("Text.")))
        yield app


def who(handle: str) -> Member:
    return get_member(SYSTEM, handle)


def a_topic(audience: str = "public") -> int:
    words = write("Trams are loud.")
    new = dialogue.NewTopic("question", "Why so loud?", words, audience=audience)
    return int(dialogue.open_topic(who("mona-berg"), 1, new).id)


def number_of(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_it_is_approved_or_taken_back_and_once(own: Flask) -> None:
    topic_id = a_topic()
    for number in range(4):
        held = dialogue.reply(who("ana-prado"), topic_id, write(f"A casino of {number}."))
        held_id = held.id
        db.session.remove()
        before = number_of(Post)
        said = at_once(
            own,
            [
                lambda n=held_id: moderation.approve(who("mona-berg"), n),
                lambda n=held_id: moderation.approve(who("adam-de-wit"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
            ],
        )
        assert said.count("done") == 1, said
        db.session.remove()
        is_published = "done" in said[:2]
        assert number_of(Post) - before == is_published
        assert who("ana-prado").waiting_count == 0


def test_a_form_that_is_sent_several_times_at_once_waits_once(own: Flask) -> None:
    topic_id = a_topic()
    db.session.remove()
    send = [
        lambda: dialogue.reply(who("ana-prado"), topic_id, write("A casino."), "the key")
        for _time in range(4)
    ]
    said = at_once(own, send)
    assert "done" in said and number_of(Held) == 1, said
    assert who("ana-prado").waiting_count == 1
