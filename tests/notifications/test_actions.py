"""From an event to the notices of those whom it concerns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.db import at, db, now
from forum.errors import NotFound
from forum.notifications import actions
from forum.notifications.models import Event
from forum.notifications.queries import notices_of, unread_count
from forum.permissions import SYSTEM


def note(people: Any, **more: Any) -> None:
    concerned = [people.ana.id, people.chitra.id, people.ben.id, None, people.ana.id]
    actions.note_event(people.ben, "reply", concerned, "/topics/1", title="A reply", **more)


def titles(member: Any) -> list[str]:
    return [notice.title for notice in notices_of(member).items]


def test_everybody_concerned_is_told_once_but_not_the_doer(people: Any) -> None:
    note(people)
    assert actions.make_notices(SYSTEM) == 1
    assert actions.make_notices(SYSTEM) == 0
    assert titles(people.ana) == titles(people.chitra) == ["A reply"]
    assert titles(people.ben) == []
    assert notices_of(people.ana).items[0].actor.name == people.ben.name


def test_a_deed_that_concerns_only_its_doer_is_no_event(people: Any) -> None:
    actions.note_event(people.ben, "reply", [people.ben.id, None], "/topics/1")
    assert db.session.scalar(select(Event)) is None


def test_events_become_notices_in_portions(people: Any) -> None:
    for _number in range(3):
        note(people)
    assert actions.make_notices(SYSTEM, limit=2) == 2
    assert actions.make_notices(SYSTEM, limit=2) == 1
    assert len(titles(people.ana)) == 3


def test_who_reported_stays_unnamed(people: Any) -> None:
    note(people, is_named=False)
    actions.make_notices(SYSTEM)
    assert notices_of(people.ana).items[0].actor is None


def test_a_long_text_is_cut(people: Any) -> None:
    note(people, text="word " * 500)
    actions.make_notices(SYSTEM)
    assert len(notices_of(people.ana).items[0].text) <= 400


def test_reading_is_for_the_member_alone(people: Any) -> None:
    note(people, topic_id=1)
    note(people, topic_id=2)
    actions.make_notices(SYSTEM)
    first = notices_of(people.ana).items[0]
    with pytest.raises(NotFound):
        actions.read(people.chitra, first.id)
    assert actions.read(people.ana, first.id).address == "/topics/1"
    assert (unread_count(people.ana), unread_count(people.chitra)) == (1, 2)
    actions.read_topic(people.ana, 1)
    assert unread_count(people.ana) == 0
    actions.read_all(people.chitra)
    assert unread_count(people.chitra) == 0


def test_reading_again_keeps_the_first_time(people: Any) -> None:
    note(people)
    actions.make_notices(SYSTEM)
    notice_id = notices_of(people.ana).items[0].id
    first = actions.read(people.ana, notice_id).read_at
    with at(now() + timedelta(days=1)):
        assert actions.read(people.ana, notice_id).read_at == first


def test_what_is_hidden_is_told_to_nobody_until_it_is_restored(people: Any) -> None:
    note(people, topic_id=1, post_id=5)
    actions.make_notices(SYSTEM)
    note(people, topic_id=1, post_id=6)  # still to be made
    actions.hide_notices(people.moderator, topic_id=1)
    assert actions.make_notices(SYSTEM) == 0
    assert titles(people.ana) == []
    assert unread_count(people.ana) == 0
    actions.restore_notices(people.moderator, topic_id=1)
    actions.make_notices(SYSTEM)
    assert len(titles(people.ana)) == 2


def test_hiding_one_post_hides_only_what_is_about_it(people: Any) -> None:
    note(people, topic_id=1, post_id=5)
    note(people, topic_id=1, post_id=6)
    actions.make_notices(SYSTEM)
    actions.hide_notices(people.moderator, post_id=5)
    assert len(titles(people.ana)) == 1
