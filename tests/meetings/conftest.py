"""Meetings of the tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.markup import write
from forum.meetings import actions
from forum.meetings.actions import MeetingText
from forum.meetings.models import Meeting
from forum.permissions import SYSTEM

LINK = "https://meet.example/secret-room"


def a_text(**words: Any) -> MeetingText:
    """A webinar of an hour and a half in five days, at noon, so that it never crosses midnight."""
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0)
    starts_at: datetime = words.pop("starts_at", noon + timedelta(days=5))
    told = {
        "title": "Quiet asphalt",
        "text": write("What **lasts**?", has_pictures=False),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=90),
        "time_zone": "Europe/Lisbon",
        "is_online": True,
        "join_link": LINK,
    }
    return MeetingText(**told | words)


@pytest.fixture
def announce(people: Any, agenda: Agenda) -> Callable[..., Meeting]:
    """Returns a function: the host announces a meeting on the agenda."""

    def announce(**words: Any) -> Meeting:
        return actions.announce_meeting(people.host, agenda.id, a_text(**words))

    return announce


@pytest.fixture
def over(people: Any, announce: Callable[..., Meeting]) -> Meeting:
    """A meeting to which Ana said that she comes, and that ended yesterday."""
    with at(now() - timedelta(days=9)):
        meeting = announce(starts_at=now() + timedelta(days=8))
        actions.come(people.ana, meeting.id)
    actions.end_meetings(SYSTEM)
    return meeting
