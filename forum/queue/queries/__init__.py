"""The moderation queue: entries that wait for a reader, the most urgent first; one opened entry; overdue entries."""

from __future__ import annotations

from forum.queue.queries._entries import QueueEntry
from forum.queue.queries._sources import KINDS, SOURCES
from forum.queue.queries.counting import waiting_count
from forum.queue.queries.listing import (
    AGES,
    MAX_LISTED,
    NO_FILTER,
    QueueFilter,
    claims_by_key,
    entries_around,
    first_decidable,
    next_entry,
    queue_entries,
    with_titles,
)
from forum.queue.queries.opening import (
    OpenedEntry,
    first_opened_entry,
    is_about_former_candidate,
    opened_entry,
    require_entry,
)
from forum.queue.queries.overdue import (
    ADMINISTRATORS,
    entries_to_tell,
    notification_due,
    overdue_rows,
)

__all__ = [
    "ADMINISTRATORS",
    "AGES",
    "KINDS",
    "MAX_LISTED",
    "NO_FILTER",
    "SOURCES",
    "OpenedEntry",
    "QueueEntry",
    "QueueFilter",
    "claims_by_key",
    "entries_around",
    "entries_to_tell",
    "first_decidable",
    "first_opened_entry",
    "is_about_former_candidate",
    "next_entry",
    "notification_due",
    "opened_entry",
    "overdue_rows",
    "queue_entries",
    "require_entry",
    "waiting_count",
    "with_titles",
]
