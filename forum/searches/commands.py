"""What the worker does about kept searches by the clock."""

from __future__ import annotations

from forum.permissions import SYSTEM
from forum.searches.actions import note_looks
from forum.searches.queries import due_searches, looks_for

BATCH_SIZE = 10  # searches that are looked for before others get their turn


def look_after_searches() -> int:
    """Look for some searches that are due, and tell their owners what is new; returns for how many.

    The looks come before the action, so that nobody who writes waits for them.
    """
    due = due_searches(BATCH_SIZE)
    return note_looks(SYSTEM, looks_for(due)) if due else 0
