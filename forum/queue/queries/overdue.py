"""Overdue entries, and who was notified about them."""

from __future__ import annotations

from sqlalchemy import select, tuple_

from forum.claims.models import EntryKey
from forum.clock import now
from forum.db import db
from forum.permissions import Person, require
from forum.queue.models import Overdue
from forum.queue.queries._entries import OVERDUE_AFTER, Keys, QueueEntry
from forum.queue.queries.listing import queue_entries

# Who is notified about overdue entries
MODERATORS, ADMINISTRATORS = ("moderators", "administrators")
ALL_ENTRIES = 10_000  # of each source, when overdue ones are looked up


def entries_to_tell(system: Person, limit: int) -> list[EntryKey]:
    """Up to `limit` overdue entries about which somebody is to be notified, and outdated records.

    This scans the whole queue, so it must not run in an action, which would hold the write lock meanwhile.
    """
    require(system.can.administer())
    late = {
        entry.key: entry for entry in queue_entries(system, limit=ALL_ENTRIES) if entry.is_overdue
    }
    known = overdue_rows()
    due = [key for key, entry in late.items() if notification_due(entry, known.get(key))]
    return [*(known.keys() - late.keys()), *due][:limit]


def notification_due(entry: QueueEntry, known: Overdue | None) -> str:
    """Who is to be notified about an overdue entry now, `MODERATORS` or `ADMINISTRATORS`; empty for nobody."""
    if known is None or known.since != entry.since:
        return MODERATORS
    is_long_ago = known.told_at <= now() - OVERDUE_AFTER
    return ADMINISTRATORS if known.escalated_at is None and is_long_ago else ""


def overdue_rows(keys: Keys | None = None) -> dict[EntryKey, Overdue]:
    """The records of overdue entries of which moderators were notified, by kind and id: all, or those of these entries."""
    query = select(Overdue)
    if keys is not None:
        query = query.where(tuple_(Overdue.kind, Overdue.item_id).in_(list(keys)))
    return {(row.kind, row.item_id): row for row in db.session.scalars(query)}
