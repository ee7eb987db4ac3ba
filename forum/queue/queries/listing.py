"""The list of everything that waits for a reader, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, literal, select, union_all

from forum.agendas.models import Agenda
from forum.claims.models import Claim, EntryKey
from forum.claims.queries import active_claims
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post
from forum.members.models import Member
from forum.moderation import queries as moderation
from forum.moderation.queries import moderated_agendas
from forum.permissions import Person, require
from forum.queue.queries._entries import OVERDUE_AFTER, Keys, QueueEntry
from forum.queue.queries._sources import SOURCES, from_selects

AGES = {"day": timedelta(days=1), "two-days": OVERDUE_AFTER, "week": timedelta(days=7)}
MAX_ENTRIES = 1_000  # of each source, the most urgent
MAX_LISTED = 60  # entries in the list beside an opened one
UNTITLED: dict[str, Any] = {"post": Post, "held": Held}  # the kinds of texts that may have no title
MAX_TITLE_SOURCE = 1_000  # characters of an untitled text from which a title is made


@dataclass(frozen=True)
class QueueFilter:
    """A part of the queue: an agenda by slug, a kind of thing, entries older than one of `AGES`; empty values do not filter."""

    agenda: str = ""
    kind: str = ""
    age: str = ""


NO_FILTER = QueueFilter()


def queue_entries(
    reader: Person,
    wanted: QueueFilter = NO_FILTER,
    *,
    limit: int = MAX_ENTRIES,
    agendas: Sequence[Agenda] | None = None,
    claims_known: Mapping[EntryKey, Claim] | None = None,
    keys: Keys | None = None,
) -> list[QueueEntry]:
    """The entries that wait for a decision of this reader: possibly illegal ones first (before all those of trusted flaggers), then appeals, then the longest waiting.

    Entries that only another moderator may decide come last. `limit` is the number of entries of each source.
    `agendas` are those that the reader moderates and `claims_known` the active claims, if the caller has loaded them.
    With `keys`, only these entries. For titles of all see `with_titles`.
    """
    require(reader.can.see_queue())
    found: dict[EntryKey, QueueEntry] = {}
    for entry in _all_lines(reader, limit, keys):
        found[entry.key] = found[entry.key].merged_with(entry) if entry.key in found else entry
    theirs = moderated_agendas(reader) if agendas is None else agendas
    by_id = {agenda.id: agenda for agenda in theirs}
    claims_known = claims_by_key() if claims_known is None else claims_known
    for entry in found.values():
        entry.agenda, entry.claim = by_id.get(entry.agenda_id or 0), claims_known.get(entry.key)
    kept = [entry for entry in found.values() if _is_wanted(entry, wanted)]
    return sorted(
        kept, key=lambda entry: (entry.is_for_others, entry.rank, entry.since, *entry.key)
    )


def _all_lines(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    for source in SOURCES:
        if source.listed:
            yield from source.listed(reader, limit, keys)
    yield from from_selects(reader, limit, keys)


def _is_wanted(entry: QueueEntry, wanted: QueueFilter) -> bool:
    is_kind = not wanted.kind or entry.kind == wanted.kind
    is_there = not wanted.agenda or (
        entry.agenda is not None and entry.agenda.slug == wanted.agenda
    )
    return is_kind and is_there and (not wanted.age or entry.since <= now() - AGES[wanted.age])


def entries_around(
    waiting: Sequence[QueueEntry], key: EntryKey | None
) -> tuple[Sequence[QueueEntry], int, int]:
    """The part of a long queue to list beside an opened entry, with titles and authors, and how many entries are above and below it."""
    keys = [entry.key for entry in waiting]
    position = keys.index(key) if key in keys else 0
    start = max(0, min(position - MAX_LISTED // 2, len(waiting) - MAX_LISTED))
    part = waiting[start : start + MAX_LISTED]
    return with_authors(with_titles(part)), start, len(waiting) - start - len(part)


def with_titles(entries: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
    """The entries, with the first words of texts without a title as their titles; at most one query."""
    untitled = [entry for entry in entries if not entry.title]
    parts = [
        select(
            literal(kind).label("kind"), model.id, func.substr(model.source, 1, MAX_TITLE_SOURCE)
        ).where(model.id.in_([entry.item_id for entry in untitled if entry.kind == kind]))
        for kind, model in UNTITLED.items()
        if any(entry.kind == kind for entry in untitled)
    ]
    rows = db.session.execute(union_all(*parts)) if parts else ()
    texts = {(kind, item_id): text for kind, item_id, text in rows}
    for entry in untitled:
        entry.title = moderation.first_words(texts.get(entry.key, ""))
    return entries


def with_authors(entries: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
    """The entries, with the authors of all but profiles, whose titles are their names; at most one query."""
    written = [entry for entry in entries if entry.author_id and entry.kind != "member"]
    ids = {entry.author_id for entry in written}
    found = db.session.scalars(select(Member).where(Member.id.in_(ids))) if ids else ()
    authors = {author.id: author for author in found}
    for entry in written:
        entry.author = authors.get(entry.author_id or 0)
    return entries


def first_decidable(reader: Person, waiting: Sequence[QueueEntry]) -> QueueEntry | None:
    """The first entry that the reader may decide, preferably an unclaimed one; None for none."""
    mine = [entry for entry in waiting if not entry.is_for_others]
    free = (entry for entry in mine if entry.claim is None or entry.claim.member_id == reader.id)
    return next(free, mine[0] if mine else None)


def next_entry(reader: Person, waiting: Sequence[QueueEntry], key: EntryKey) -> QueueEntry | None:
    """The entry to open after one is decided: the next one below that nobody else has claimed, else the first of all."""
    keys = [entry.key for entry in waiting]
    position = keys.index(key) if key in keys else -1
    return first_decidable(reader, [*waiting[position + 1 :], *waiting[: max(position, 0)]])


def claims_by_key() -> dict[EntryKey, Claim]:
    """The active claims, by the kind and id of their entries."""
    return {(claim.kind, claim.item_id): claim for claim in active_claims()}
