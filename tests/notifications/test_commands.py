"""The worker makes notices: a faulty event delays no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from forum.clock import at, now
from forum.db import db
from forum.errors import Busy
from forum.notifications import actions
from forum.notifications.actions import making
from forum.notifications.commands import make_notices
from forum.notifications.models import TOPIC, Event
from forum.notifications.queries import MAX_ATTEMPTS, inbox
from forum.permissions import SYSTEM
from forum.upkeep.queries import waiting

AT_FAULT = "At fault"


def titles(member: Any) -> set[str]:
    return {notice.title for notice in inbox(member).page.items}


@pytest.fixture
def at_fault(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two events whose notices cannot be made: one for a named member, one for watchers."""
    tell = making.make_for

    def told(event: Event, member_ids: Any) -> None:
        if event.title == AT_FAULT:
            raise ValueError(event.title)
        tell(event, member_ids)

    monkeypatch.setattr(making, "make_for", told)
    actions.watch(people.ana, TOPIC, 1)
    for title in (AT_FAULT, "By name"):
        actions.note_event(
            people.ben, actions.NoticeText("reply", "/topics/1", title), [people.ana.id]
        )
    for title in (AT_FAULT, "To who watches"):
        actions.note_event_for_watchers(
            people.ben, actions.NoticeText("reply", "/topics/1", title), [(TOPIC, 1)]
        )


@pytest.mark.usefixtures("at_fault")
def test_an_event_at_fault_holds_up_no_other(people: Any) -> None:
    assert make_notices() == 2
    assert titles(people.ana) == {"By name", "To who watches"}
    assert make_notices() == 0, "what is put off is not due"


@pytest.mark.usefixtures("at_fault")
def test_an_event_at_fault_is_tried_later_and_at_last_given_up() -> None:
    make_notices()
    moment = now()
    for _number in range(MAX_ATTEMPTS):
        moment += timedelta(days=1)
        with at(moment):
            make_notices()
    events = db.session.scalars(select(Event).where(Event.title == AT_FAULT)).all()
    assert [event.attempts for event in events] == [MAX_ATTEMPTS, MAX_ATTEMPTS]
    assert waiting().given_up == 2


@pytest.mark.usefixtures("at_fault")
def test_what_was_put_off_is_told_when_the_fault_is_mended(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_notices()
    monkeypatch.undo()
    assert make_notices() == 0
    with at(now() + timedelta(minutes=3)):
        assert make_notices() == 2
    assert AT_FAULT in titles(people.ana)


@pytest.mark.parametrize("away", [Busy(), OperationalError("", {}, Exception("away"))])
def test_a_database_that_is_away_puts_nothing_off(
    people: Any, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    actions.note_event(
        people.ben, actions.NoticeText("reply", "/topics/1", "Waits"), [people.ana.id]
    )

    def told(*_words: Any) -> None:
        raise away

    monkeypatch.setattr(making, "make_for", told)
    with pytest.raises(type(away)):
        make_notices()
    assert db.session.scalars(select(Event.attempts)).all() == [0]
    monkeypatch.undo()
    assert actions.make_notices(SYSTEM) == 1
