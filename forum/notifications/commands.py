"""The worker's turn at notices: it makes them, and forgets old ones."""

from __future__ import annotations

import logging

from sqlalchemy.exc import OperationalError

from forum.errors import Refusal
from forum.notifications import actions, queries
from forum.permissions import SYSTEM, Person

log = logging.getLogger("forum.notices")


def make_notices() -> int:
    """Make the notices of what is due; says with how many events it was busy.

    When that fails they are made one event at a time, so that the one at fault holds up no other: it is put off.
    """
    try:
        return actions.make_notices(SYSTEM)
    except (Refusal, OperationalError):
        raise  # of the database, as all of them would meet it
    except Exception:
        log.exception("the notices of some events are made one by one")
    return sum(map(_make_of_one, queries.due_event_ids(actions.BATCH)))


def _make_of_one(event_id: int) -> int:
    try:
        return actions.make_notices_of(SYSTEM, event_id)
    except (Refusal, OperationalError):
        raise
    except Exception:
        log.exception("the notices of event %s cannot be made", event_id)
        actions.put_off(SYSTEM, event_id)
        return 0


def forget_old(system: Person) -> int:
    """Delete some notices that were read long ago, and events of which nobody has a notice; says how many.

    The events are looked for beforehand, because that takes long where there are many: nobody waits for it.
    """
    return actions.forget_old(system, queries.events_over(actions.PORTION))
