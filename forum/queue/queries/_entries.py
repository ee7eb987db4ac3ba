"""Entries of the moderation queue, and the interface of a source of entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import Select

from forum.agendas.models import Agenda
from forum.claims.models import Claim, EntryKey
from forum.clock import now
from forum.members.models import Member
from forum.permissions import Person

TRUSTED, ILLEGAL, APPEALED, WAITING = range(4)  # ranks, the most urgent first
OVERDUE_AFTER = timedelta(hours=48)
Keys = Collection[EntryKey]


@dataclass
class QueueEntry:
    """One entry of the queue as the list shows it. `rank` is one of TRUSTED, ILLEGAL, APPEALED and WAITING.

    `title` is empty for a text without one until `with_titles` makes it, `author` until `with_authors` reads it; `language` is its language, empty for a name.
    `is_for_others` says that only another moderator may decide about it.
    """

    kind: str
    item_id: int
    title: str
    agenda_id: int | None
    since: datetime
    rank: int = WAITING
    reports: int = 0
    reason: str = ""
    is_submitted: bool = False
    is_first: bool = False
    is_for_others: bool = False
    author_id: int | None = None
    author: Member | None = None
    language: str = ""
    agenda: Agenda | None = None
    claim: Claim | None = None

    @property
    def key(self) -> EntryKey:
        """(kind, id), by which the entry is claimed."""
        return self.kind, self.item_id

    @property
    def is_illegal(self) -> bool:
        """Whether somebody reported it as illegal, which `urgency` says."""
        return self.rank in (TRUSTED, ILLEGAL)

    @property
    def is_overdue(self) -> bool:
        """Whether it has waited for more than two days."""
        return self.since < now() - OVERDUE_AFTER

    @property
    def urgency(self) -> str:
        """Why it is urgent, in words; empty when it is not."""
        reasons = {
            TRUSTED: _("Reported as illegal by a trusted flagger"),
            ILLEGAL: _("Reported as illegal"),
            APPEALED: _("An appeal"),
        }
        late = _("Waiting for more than two days") if self.is_overdue else ""
        return ". ".join(part for part in (reasons.get(self.rank, ""), late) if part)

    def merged_with(self, other: QueueEntry) -> QueueEntry:
        """This entry combined with that of another source about the same thing."""
        self.rank = min(self.rank, other.rank)
        self.since = min(self.since, other.since)
        self.reports += other.reports
        self.reason = self.reason or other.reason
        self.is_submitted = self.is_submitted or other.is_submitted
        self.is_first = self.is_first or other.is_first
        self.is_for_others = self.is_for_others or other.is_for_others
        return self


class EntryDetails(NamedTuple):
    """What a source returns for an opened entry.

    `row` is what the template of the source shows, `deeds` what can be decided, `seen` the id of the latest decision
    about it (0 for none), `language` that of the title.
    """

    title: str
    agenda: Agenda | None
    row: Any
    deeds: Sequence[str]
    seen: int = 0
    author_id: int | None = None
    language: str = ""


@dataclass(frozen=True)
class EntrySource:
    """A source of entries: how they are listed and counted for a reader, and how one is opened.

    `counted` returns a select of one number, without what the reader wrote (parameter `reader_id`), `details` raises
    unless the reader may decide, `template` shows the opened entry. A source either has `waiting`, a select of the
    columns in `_sources._columns` that is run in a union with those of other sources, or lists its entries itself
    (`listed`): up to a limit, all of them or only those with some keys. None instead of a select means that the
    source is not for this reader.
    """

    kinds: tuple[str, ...]
    counted: Callable[[Person], Select[Any] | None]
    details: Callable[[Person, str, int], EntryDetails]
    template: str
    waiting: Callable[[Person], Select[Any] | None] | None = None
    listed: Callable[[Person, int, Keys | None], Iterable[QueueEntry]] | None = None
