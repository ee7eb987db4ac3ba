"""Meetings in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from forum.clock import at, now
from forum.db import db
from forum.meetings import actions
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries import get_meeting, members_attending
from forum.members.actions import Joining, add_member
from forum.notifications.models import Event
from forum.permissions import SYSTEM
from tests.meetings.conftest import a_text
from tests.races import at_once, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


def a_meeting(**words):
    return actions.announce_meeting(who("mona-berg"), 1, a_text(**words)).id


def waiting():
    found = select(func.count()).where(Attendance.waiting_at.is_not(None))
    return db.session.scalar(found)


def test_two_who_take_the_last_place_at_once_get_it_once(own):
    meeting = a_meeting(seats=1)
    ana, ben = (
        partial(slowly, actions.come, who(handle), meeting)
        for handle in ("ana-prado", "adam-de-wit")
    )
    assert at_once(own, [ana, ben]) == ["done", "done"]
    found = get_meeting(SYSTEM, meeting)
    db.session.refresh(found)
    assert (found.coming_count, found.waiting_count, waiting()) == (1, 1, 1)


def test_two_presses_at_once_come_once(own):
    meeting = a_meeting()
    press = partial(slowly, actions.come, who("ana-prado"), meeting)
    assert at_once(own, [press, press]) == ["done", "done"]
    found = get_meeting(SYSTEM, meeting)
    db.session.refresh(found)
    assert found.coming_count == db.session.scalar(select(func.count(Attendance.id))) == 1


def test_who_goes_while_somebody_comes_leaves_one_place_taken(own):
    meeting = a_meeting(seats=1)
    actions.come(who("ana-prado"), meeting)
    deeds = [
        partial(slowly, actions.stay_away, who("ana-prado"), meeting),
        partial(slowly, actions.come, who("adam-de-wit"), meeting),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    found = get_meeting(SYSTEM, meeting)
    db.session.refresh(found)
    assert (found.coming_count, found.waiting_count, waiting()) == (1, 0, 0)


def test_two_who_go_while_a_host_adds_a_place_let_each_waiting_member_up_once(own):
    meeting = a_meeting(seats=2)
    for name in ("Kim Lee", "Lo Ng"):
        add_member(SYSTEM, Joining(name, f"{name[:2]}@example.org", "-"), "member")
    for handle in ("ana-prado", "adam-de-wit", "mona-berg", "kim-lee", "lo-ng"):
        actions.come(who(handle), meeting)
    found = get_meeting(SYSTEM, meeting)
    more = a_text(starts_at=found.starts_at, seats=3)
    deeds = [
        partial(slowly, actions.stay_away, who("ana-prado"), meeting),
        partial(slowly, actions.stay_away, who("adam-de-wit"), meeting),
        partial(slowly, actions.edit_meeting, who("mona-berg"), meeting, more),
    ]
    assert at_once(own, deeds) == ["done"] * 3
    db.session.refresh(found)
    assert (found.coming_count, found.waiting_count, waiting()) == (3, 0, 0)
    told = db.session.scalars(select(Event.recipients).where(Event.kind == "coming")).all()
    assert sorted(member_id for some in told for member_id in some) == sorted(
        members_attending(found)
    )


def test_two_workers_at_once_remind_once_and_end_once(own):
    meeting = a_meeting()
    actions.come(who("ana-prado"), meeting)
    begins = get_meeting(SYSTEM, meeting).starts_at

    def look():
        with at(begins - timedelta(hours=3)):
            slowly(actions.remind_of_meetings, SYSTEM)

    assert at_once(own, [look, look]) == ["done", "done"]
    assert db.session.scalar(select(func.count()).where(Event.kind == "soon")) == 1

    def end():
        with at(now() + timedelta(days=9)):
            slowly(actions.end_meetings, SYSTEM)

    assert at_once(own, [end, end]) == ["done", "done"]
    assert db.session.scalar(select(Meeting.over_at))
