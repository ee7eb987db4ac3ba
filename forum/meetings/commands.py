"""What the worker does about meetings at certain times."""

from __future__ import annotations

from forum.meetings import actions
from forum.permissions import SYSTEM


def look_after_meetings() -> int:
    """Remind members of meetings on the next day, and mark meetings as over; returns how many rows it handled."""
    return actions.remind_of_meetings(SYSTEM) + actions.end_meetings(SYSTEM)
