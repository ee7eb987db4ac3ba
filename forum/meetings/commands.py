"""What the worker does about meetings by the clock."""

from __future__ import annotations

from forum.meetings import actions
from forum.permissions import SYSTEM


def look_after_meetings() -> int:
    """Remind those who come the next day, and note what is over; returns how many of either it looked at."""
    return actions.remind_of_meetings(SYSTEM) + actions.end_meetings(SYSTEM)
