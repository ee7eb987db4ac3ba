"""What the worker does about the queue: it tells of what nobody decides."""

from __future__ import annotations

from forum.permissions import Person
from forum.queue import actions, queries


def tell_overdue(system: Person) -> int:
    """Notify of entries that nobody has decided for days; returns of how many.

    They are looked for before the deed, because that takes long in a long queue, and deciding would wait meanwhile.
    """
    keys = queries.entries_to_tell(system, actions.BATCH_SIZE)
    return actions.tell_overdue(system, keys) if keys else 0
