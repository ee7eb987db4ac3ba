"""What the worker does about kept searches at certain times."""

from __future__ import annotations

from forum.permissions import SYSTEM
from forum.searches.actions import note_looks
from forum.searches.queries import due_searches, looks_for

BATCH_SIZE = 10  # searches of one round, before other tasks get their turn


def look_after_searches() -> int:
    """Search for some kept searches that are due, and notify their owners of new texts; returns how many there were.

    The searches run before the action, so that no writer waits for them.
    """
    due = due_searches(BATCH_SIZE)
    return note_looks(SYSTEM, looks_for(due)) if due else 0
