"""One entry of the queue, opened, with its notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import joinedload

from forum.candidates.models import Candidate
from forum.claims.models import Claim, EntryKey
from forum.claims.queries import active_claim
from forum.db import db
from forum.errors import Conflict, Forbidden, NotFound, or_not_found
from forum.permissions import Person
from forum.queue.models import EntryNote
from forum.queue.queries._entries import EntryDetails, EntrySource, QueueEntry
from forum.queue.queries._sources import SOURCES
from forum.queue.queries.listing import first_decidable

MAX_NOTES = 100


@dataclass(frozen=True)
class OpenedEntry:
    """An entry opened for a decision, with the claim on it and the notes of the moderators."""

    kind: str
    item_id: int
    about: EntryDetails
    template: str
    claim: Claim | None
    notes: Sequence[EntryNote] = field(default_factory=list)

    @property
    def key(self) -> EntryKey:
        """Kind and id, by which the entry is claimed."""
        return self.kind, self.item_id


def opened_entry(
    reader: Person, kind: str, item_id: int, claims_known: Mapping[EntryKey, Claim] | None = None
) -> OpenedEntry:
    """An entry in its context, for a reader who may decide about it; else `Forbidden` or `NotFound`.

    `claims_known` are the active claims, if the caller has loaded them.
    """
    source = _source(kind)
    about = source.details(reader, kind, item_id)
    key = (kind, item_id)
    claim = active_claim(key) if claims_known is None else claims_known.get(key)
    notes = _notes(key) if reader.can.judge(about.author_id) else []
    return OpenedEntry(kind, item_id, about, source.template, claim, notes)


def first_opened_entry(
    reader: Person, waiting: Sequence[QueueEntry], claims_known: Mapping[EntryKey, Claim]
) -> OpenedEntry | None:
    """The entry that is opened with the list; entries that were decided or deleted meanwhile are skipped."""
    left = list(waiting)
    while entry := first_decidable(reader, left):
        try:
            return opened_entry(reader, *entry.key, claims_known)
        except (Conflict, Forbidden, NotFound):
            left.remove(entry)
    return None


def require_entry(reader: Person, kind: str, item_id: int) -> EntryDetails:
    """The details of an entry, for a reader who may decide about it; else `Forbidden` or `NotFound`."""
    return _source(kind).details(reader, kind, item_id)


def _source(kind: str) -> EntrySource:
    return or_not_found(next((source for source in SOURCES if kind in source.kinds), None))


def _notes(key: EntryKey) -> Sequence[EntryNote]:
    query = select(EntryNote).where(EntryNote.kind == key[0], EntryNote.item_id == key[1])
    newest = (
        query.order_by(EntryNote.id.desc()).limit(MAX_NOTES).options(joinedload(EntryNote.author))
    )
    return db.session.scalars(newest).all()[::-1]


def is_about_former_candidate() -> ColumnElement[bool]:
    """SQL condition: a note about somebody who is no longer a candidate."""
    waiting = select(Candidate.id).where(Candidate.refused_at.is_(None))
    return and_(EntryNote.kind == "candidate", EntryNote.item_id.not_in(waiting))
