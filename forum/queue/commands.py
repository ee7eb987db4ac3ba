"""The worker's task for the queue: notifying about overdue entries."""

from __future__ import annotations

from forum.permissions import Person
from forum.queue import actions, queries


def tell_overdue(system: Person) -> int:
    """Notify about entries that nobody has decided for days; returns for how many.

    They are looked up before the action, because that takes long in a long queue, and decisions would have to wait.
    """
    keys = queries.entries_to_tell(system, actions.BATCH_SIZE)
    return actions.tell_overdue(system, keys) if keys else 0
