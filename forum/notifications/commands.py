"""The worker's tasks for notices: making them, and deleting old ones."""

from __future__ import annotations

import logging

from sqlalchemy.exc import OperationalError

from forum.db import DELETION_BATCH_SIZE
from forum.errors import Refusal
from forum.notifications import actions, queries
from forum.permissions import SYSTEM, Person

log = logging.getLogger("forum.notices")


def make_notices() -> int:
    """Make the notices of due events; returns how many events were worked on.

    When that fails, events are tried one at a time, so that a faulty one is postponed and delays no other.
    """
    try:
        return actions.make_notices(SYSTEM)
    except (Refusal, OperationalError):
        raise  # the fault is in the database, not in an event
    except Exception:
        log.exception("the notices of some events are made one by one")
    return sum(map(_make_of_one, queries.due_event_ids(actions.BATCH_SIZE)))


def _make_of_one(event_id: int) -> int:
    try:
        return actions.make_notices_of(SYSTEM, event_id)
    except (Refusal, OperationalError):
        raise
    except Exception:
        log.exception("the notices of event %s cannot be made", event_id)
        actions.postpone_event(SYSTEM, event_id)
        return 0


def forget_old(system: Person) -> int:
    """Delete some notices that were read long ago, and events without notices; returns how many.

    The events are looked up before the action, because that takes long when there are many, and the action would hold
    the write lock meanwhile.
    """
    return actions.forget_old(system, queries.finished_event_ids(DELETION_BATCH_SIZE))
