"""Drafts that are saved, published, discarded and deleted at the same moment, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, note_activity, write_agenda
from forum.clock import at, now
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import DRAFTS_KEPT, Draft, Post, Topic
from forum.dialogue.queries import topic_to_change
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.races import at_once, let_others_come, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator
WORDS = [("source", "Half of it."), ("language", "en")]
Deed = Callable[[], Any]


def author() -> Any:
    return get_member(SYSTEM, "mona-berg")


@pytest.fixture
def topic(own: Flask) -> int:
    """A topic of the administrator's."""
    agenda = write_agenda(author(), AgendaText("Quiet", write("Text."), slug="quiet"))
    opener = get_member(SYSTEM, "adam-de-wit")
    made = actions.open_topic(opener, agenda.id, NewTopic("experience", "Trams", write("One.")))
    db.session.commit()
    return made.id


def keep(topic: int, key: str = "k") -> Deed:
    return lambda: actions.keep_draft(author(), actions.UnsentForm(key, WORDS), topic_id=topic)


def publish(topic: int, key: str = "k") -> Deed:
    return lambda: actions.reply(author(), topic, write(f"All of {key}."), key)


def require_counted(drafts: int) -> None:
    db.session.rollback()
    assert db.session.query(Draft).count() == drafts
    assert db.session.query(Member.drafts_count).filter_by(handle="mona-berg").scalar() == drafts


def test_no_draft_survives_its_publication(own: Flask, topic: int) -> None:
    for number in range(8):
        key = f"k{number}"
        keep(topic, key)()
        outcomes = at_once(own, [keep(topic, key), publish(topic, key), keep(topic, key)])
        assert outcomes[1] == "done"
        require_counted(0)


def test_no_draft_survives_a_publication_that_takes_long(own: Flask, topic: int) -> None:
    def slow() -> None:
        slowly(actions.reply, author(), topic, write("All of it."), "k")

    assert at_once(own, [slow, meanwhile(keep(topic))]) == [
        "done",
        "You have posted this already.",
    ]
    require_counted(0)


def test_a_form_is_kept_while_somebody_counts_in_its_topic(own: Flask, topic: int) -> None:
    """Hiding a topic locks the topic first, then the members who wrote in it."""

    @action
    def count(_doer: Any) -> None:
        topic_to_change(SYSTEM, topic)
        let_others_come()
        members.note_posts(SYSTEM, author().id, 0)

    assert at_once(own, [lambda: count(SYSTEM), meanwhile(keep(topic))]) == ["done", "done"]
    require_counted(1)


def test_a_draft_is_published_while_somebody_counts_in_its_agenda(own: Flask, topic: int) -> None:
    """Restoring a topic locks its agenda first, then the members who wrote in it."""
    keep(topic)()
    agenda_id = db.session.get_one(Topic, topic).agenda_id

    @action
    def count(_doer: Any) -> None:
        note_activity(SYSTEM, agenda_id, now())
        let_others_come()
        members.note_posts(SYSTEM, author().id, 0)

    assert at_once(own, [lambda: count(SYSTEM), meanwhile(publish(topic))]) == ["done", "done"]
    assert db.session.query(Post).count() == 2
    require_counted(0)


def test_an_old_draft_is_gone_on_with_discarded_or_published_while_it_is_forgotten(
    own: Flask, topic: int
) -> None:
    def discard() -> None:
        actions.discard_draft(author(), "k")

    for deed, left in ((keep(topic), 1), (discard, 0), (publish(topic), 0)):
        with at(now() - DRAFTS_KEPT - timedelta(days=1)):
            keep(topic)()
        forget = lambda: slowly(actions.forget_drafts, SYSTEM)  # noqa: E731
        assert at_once(own, [forget, meanwhile(deed)]) == ["done", "done"]
        require_counted(left)


def test_one_form_kept_many_times_at_once_is_one_draft(own: Flask, topic: int) -> None:
    assert at_once(own, [keep(topic)] * 5) == ["done"] * 5
    require_counted(1)
