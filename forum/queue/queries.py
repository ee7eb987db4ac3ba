"""The moderation queue: what waits for a reader, the most urgent first; one entry opened; what waits for too long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.appeals import queries as appeals
from forum.candidates import queries as candidates
from forum.candidates.models import Candidate
from forum.claims.models import Claim, EntryKey
from forum.claims.queries import active_claim, active_claims
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import first_posts_to_review, held_count, held_waiting, is_readable
from forum.errors import Conflict, Forbidden, NotFound
from forum.library.models import SUBMITTED, Practice
from forum.moderation import queries as moderation
from forum.moderation.queries import moderated_agendas
from forum.permissions import Person, is_by_another, moderated_by, require
from forum.queue.models import EntryNote, Overdue
from forum.reachcache import cached_statement

ILLEGAL, APPEALED, WAITING = range(3)  # ranks, the most urgent first
OVERDUE_AFTER = timedelta(hours=48)
AGES = {"day": timedelta(days=1), "two-days": OVERDUE_AFTER, "week": timedelta(days=7)}
# Who is notified of what waits for too long
MODERATORS, ADMINISTRATORS = ("moderators", "administrators")
MAX_ENTRIES = 1_000  # of each source, the most urgent
ALL_ENTRIES = 10_000  # of each source, when overdue ones are looked for
MAX_LISTED = 60  # entries in the list beside an opened one
MAX_NOTES = 100
UNTITLED: dict[str, Any] = {"post": Post, "held": Held}  # the kinds of texts that may have no title
MAX_TITLE_SOURCE = 1_000  # characters of an untitled text from which a title is made
Keys = Collection[EntryKey]


@dataclass(frozen=True)
class QueueFilter:
    """A part of the queue: an agenda by slug, a kind of thing, what waits longer than one of `AGES`; empty for all."""

    agenda: str = ""
    kind: str = ""
    age: str = ""


NO_FILTER = QueueFilter()


@dataclass
class QueueEntry:
    """One entry of the queue as the list shows it. `rank` is one of ILLEGAL, APPEALED and WAITING.

    `title` is empty for a text without one until `with_titles` makes it. `is_for_others` says that only another
    moderator may decide about it.
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
    agenda: Agenda | None = None
    claim: Claim | None = None

    @property
    def key(self) -> EntryKey:
        """Kind and id, by which the entry is claimed."""
        return self.kind, self.item_id

    @property
    def is_overdue(self) -> bool:
        """Whether it has waited for more than two days."""
        return self.since < now() - OVERDUE_AFTER

    @property
    def urgency(self) -> str:
        """Why it is urgent, in words; empty when it is not."""
        reasons = {ILLEGAL: _("Reported as illegal"), APPEALED: _("An appeal")}
        late = _("Waits for more than two days") if self.is_overdue else ""
        return ". ".join(part for part in (reasons.get(self.rank, ""), late) if part)

    def merged_with(self, other: QueueEntry) -> QueueEntry:
        """This entry with what another source knows of the same thing."""
        self.rank = min(self.rank, other.rank)
        self.since = min(self.since, other.since)
        self.reports += other.reports
        self.reason = self.reason or other.reason
        self.is_submitted = self.is_submitted or other.is_submitted
        self.is_first = self.is_first or other.is_first
        self.is_for_others = self.is_for_others or other.is_for_others
        return self


class EntryDetails(NamedTuple):
    """What a source knows of an opened entry.

    `row` is what the template of the source shows, `deeds` what can be decided, `seen` the id of the latest decision
    about it (0 for none).
    """

    title: str
    agenda: Agenda | None
    row: Any
    deeds: Sequence[str]
    seen: int = 0
    author_id: int | None = None


@dataclass(frozen=True)
class EntrySource:
    """Where entries come from: how they are listed and counted for a reader, and how one is opened.

    `counted` returns a select of one number, without what the reader wrote (parameter `reader_id`), `details` raises
    unless the reader may decide, `template` shows the opened entry. A source either has `waiting`, a select of `_columns`
    that is run in one union with those of other sources, or lists its entries itself (`listed`): as many as a limit says,
    all of them or only those with some keys. None in place of a select: the source is not for this reader.
    """

    kinds: tuple[str, ...]
    counted: Callable[[Person], Select[Any] | None]
    details: Callable[[Person, str, int], EntryDetails]
    template: str
    waiting: Callable[[Person], Select[Any] | None] | None = None
    listed: Callable[[Person, int, Keys | None], Iterable[QueueEntry]] | None = None


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


# The sources: what waits in the rooms below


def _reported(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    for row in moderation.reported_things(reader, limit, keys):
        if not reader.can.judge(row.author_id):
            yield QueueEntry(*_common_columns(row), is_for_others=True, author_id=row.author_id)
            continue
        rank = ILLEGAL if row.is_illegal else WAITING
        reason = "illegal" if row.is_illegal else row.reason
        yield QueueEntry(*_common_columns(row), rank, row.reports, reason, author_id=row.author_id)


def _common_columns(row: moderation.ReportedThing) -> tuple[str, int, str, int | None, datetime]:
    return row.kind, row.item_id, row.title, row.agenda_id, row.since


def _thing_details(reader: Person, kind: str, item_id: int) -> EntryDetails:
    context = moderation.review_context(reader, kind, item_id)
    thing = context.thing
    return EntryDetails(
        thing.title,
        thing.agenda,
        context,
        context.deeds,
        context.latest_decision_id,
        thing.author_id,
    )


def _columns(
    kind: str, row: Any, title: Any, *, agenda_id: Any, since: Any, author_id: Any
) -> list[Any]:
    """The columns of a source's select, the same for all; `title` is empty for a text of `UNTITLED` without one."""
    return [
        literal(kind).label("kind"),
        row.id.label("id"),
        title.label("title"),
        agenda_id.label("agenda_id"),
        since.label("since"),
        author_id.label("author_id"),
    ]


NO_TITLE = literal("", Text)


def _submitted(reader: Person) -> Select[Any]:
    since = func.coalesce(Practice.submitted_at, Practice.created_at)
    columns = _columns(
        "practice",
        Practice,
        Practice.title,
        agenda_id=Practice.agenda_id,
        since=since,
        author_id=Practice.author_id,
    )
    query = select(*columns).where(*_is_waiting(), moderated_by(reader, Practice.agenda_id))
    return query.order_by(since, Practice.id)


def _submitted_count(reader: Person) -> Select[Any]:
    """Those that are reported as well are counted there."""
    return select(func.count(Practice.id)).where(
        *_is_waiting(),
        moderated_by(reader, Practice.agenda_id),
        is_by_another(Practice.author_id),
        ~moderation.is_reported("practice", Practice.id),
    )


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: the practice is submitted and visible (hidden ones, and those of a cleared spammer, do not wait)."""
    return Practice.state == SUBMITTED, *is_readable(Practice)


def _first_posts(reader: Person) -> Select[Any]:
    since = func.coalesce(Post.unseen_at, Post.created_at)
    columns = _columns(
        "post",
        Post,
        NO_TITLE,
        agenda_id=Topic.agenda_id,
        since=since,
        author_id=Post.author_id,
    )
    return first_posts_to_review(reader).with_only_columns(*columns)


def _first_posts_count(reader: Person) -> Select[Any]:
    """Those that are reported as well are counted there."""
    counted = (is_by_another(Post.author_id), ~moderation.is_reported("post", Post.id))
    first = first_posts_to_review(reader).where(*counted).order_by(None)
    return select(func.count()).select_from(first.with_only_columns(Post.id).subquery())


def _held_count(reader: Person) -> Select[Any]:
    return held_count(reader).where(is_by_another(Held.author_id))


def _held(reader: Person) -> Select[Any]:
    columns = _columns(
        "held",
        Held,
        Held.title,
        agenda_id=Held.agenda_id,
        since=Held.created_at,
        author_id=Held.author_id,
    )
    return held_waiting(reader).with_only_columns(*columns)


def _candidates(reader: Person) -> Select[Any] | None:
    if not reader.can.admit():
        return None
    no_id = cast(null(), Integer)
    columns = _columns(
        "candidate",
        Candidate,
        Candidate.name,
        agenda_id=no_id,
        since=Candidate.confirmed_at,
        author_id=no_id,
    )
    return candidates.waiting_people(reader).with_only_columns(*columns)


def _from_selects(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    """The entries of all sources with a select, in one query."""
    parts = [source.waiting(reader) for source in SOURCES if source.waiting]
    wanted = [_narrowed(part, limit, keys) for part in parts if part is not None]
    rows = db.session.execute(union_all(*wanted))
    found = [
        QueueEntry(
            kind,
            item_id,
            title,
            agenda_id,
            since or now(),
            is_submitted=kind == "practice",
            is_first=kind == "post",
            author_id=author_id,
        )
        for kind, item_id, title, agenda_id, since, author_id in rows
    ]
    _mark_own(reader, found)
    return found


def _narrowed(part: Select[Any], limit: int, keys: Keys | None) -> Select[Any]:
    """The first rows of a source's select, or those with these keys."""
    if keys is None:
        return select(part.limit(limit).subquery())
    rows = part.order_by(None).subquery()
    return select(rows).where(tuple_(rows.c.kind, rows.c.id).in_(list(keys)))


def _mark_own(reader: Person, entries: Sequence[QueueEntry]) -> None:
    """Say of the reader's own entries which are for others: first posts, and what another moderator has to publish."""
    own = [entry for entry in entries if not reader.can.judge(entry.author_id)]
    to_publish = {entry.key: entry.agenda_id or 0 for entry in own if not entry.is_first}
    for_others = moderation.waiting_for_another(reader, to_publish)
    for entry in own:
        entry.is_for_others = entry.is_first or entry.key in for_others


def _candidates_count(reader: Person) -> Select[Any] | None:
    return candidates.waiting_counted() if reader.can.admit() else None


def _candidate_details(reader: Person, _kind: str, candidate_id: int) -> EntryDetails:
    request = candidates.request_to_decide(reader, candidate_id)
    return EntryDetails(request.candidate.name, None, request, ("approve", "refuse"))


def _appeals(reader: Person, _limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    ids = None if keys is None else [item_id for kind, item_id in keys if kind == "appeal"]
    for row in appeals.waiting_appeals(reader, ids):
        yield QueueEntry(
            "appeal",
            row.id,
            row.decision.title,
            row.decision.present_agenda_id,
            row.created_at,
            APPEALED,
            is_for_others=not reader.can.decide_appeal(row),
        )


def _appeal_details(reader: Person, _kind: str, appeal_id: int) -> EntryDetails:
    row = appeals.get_appeal(reader, appeal_id)
    is_open = row.decided_at is None and reader.can.decide_appeal(row)
    decision, agenda = row.decision, row.decision.agenda
    file = appeals.appeal_file(
        reader, row
    )  # in a deed, it reads the decision afresh, without its agenda
    answers = ("uphold", "reverse") if file.is_reversible else ("uphold",)
    deeds = answers if is_open else ()
    return EntryDetails(decision.title, agenda, file, deeds, author_id=decision.author_id)


THING, APPEAL, CANDIDATE = (
    "queue/_thing.html",
    "queue/_appeal.html",
    "queue/_candidate.html",
)
SOURCES = (
    EntrySource(
        tuple(moderation.KINDS),
        moderation.reported_things_count,
        _thing_details,
        THING,
        listed=_reported,
    ),
    EntrySource(("practice",), _submitted_count, _thing_details, THING, _submitted),
    EntrySource(("post",), _first_posts_count, _thing_details, THING, _first_posts),
    EntrySource(("held",), _held_count, _thing_details, THING, _held),
    EntrySource(
        ("appeal",), appeals.waiting_appeals_count, _appeal_details, APPEAL, listed=_appeals
    ),
    EntrySource(("candidate",), _candidates_count, _candidate_details, CANDIDATE, _candidates),
)
KINDS = tuple(dict.fromkeys(kind for source in SOURCES for kind in source.kinds))


# The list


def queue_entries(
    reader: Person,
    wanted: QueueFilter = NO_FILTER,
    *,
    limit: int = MAX_ENTRIES,
    agendas: Sequence[Agenda] | None = None,
    claims_known: Mapping[EntryKey, Claim] | None = None,
    keys: Keys | None = None,
) -> list[QueueEntry]:
    """What waits for a decision of this reader: what may be illegal first, then appeals, then the longest waiting.

    What only another may decide comes last.

    `limit` is the number of entries of each source. `agendas` are those that the reader moderates and `claims_known`
    the active claims, if the caller has loaded them. With `keys`, only these entries. For titles of all see `with_titles`.
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
    return sorted(kept, key=lambda one: (one.is_for_others, one.rank, one.since, *one.key))


def _all_lines(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    for source in SOURCES:
        if source.listed:
            yield from source.listed(reader, limit, keys)
    yield from _from_selects(reader, limit, keys)


def _is_wanted(entry: QueueEntry, wanted: QueueFilter) -> bool:
    is_kind = not wanted.kind or entry.kind == wanted.kind
    is_there = not wanted.agenda or (
        entry.agenda is not None and entry.agenda.slug == wanted.agenda
    )
    return is_kind and is_there and (not wanted.age or entry.since <= now() - AGES[wanted.age])


def entries_around(
    waiting: Sequence[QueueEntry], key: EntryKey | None
) -> tuple[Sequence[QueueEntry], int, int]:
    """The part of a long queue to list beside an opened entry, with titles, and how many entries are above and below it."""
    keys = [entry.key for entry in waiting]
    position = keys.index(key) if key in keys else 0
    start = max(0, min(position - MAX_LISTED // 2, len(waiting) - MAX_LISTED))
    part = waiting[start : start + MAX_LISTED]
    return with_titles(part), start, len(waiting) - start - len(part)


def with_titles(entries: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
    """The entries, those without a title with the first words of their texts; at most one query."""
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


def first_decidable(reader: Person, waiting: Sequence[QueueEntry]) -> QueueEntry | None:
    """The first entry that the reader may decide, preferably one that nobody else has claimed; None for none."""
    mine = [entry for entry in waiting if not entry.is_for_others]
    free = (entry for entry in mine if entry.claim is None or entry.claim.member_id == reader.id)
    return next(free, mine[0] if mine else None)


def next_entry(reader: Person, waiting: Sequence[QueueEntry], key: EntryKey) -> QueueEntry | None:
    """The entry to open once an entry is decided: the next one below that nobody else has claimed, else the first of all."""
    keys = [entry.key for entry in waiting]
    position = keys.index(key) if key in keys else -1
    return first_decidable(reader, [*waiting[position + 1 :], *waiting[: max(position, 0)]])


def waiting_count(reader: Person) -> int:
    """How many entries wait for a decision of this reader, each once, without those that only another may decide.

    One query, and some more for a reader of whom something waits, which the others may have to publish.
    """
    if not reader.is_curator:
        return 0
    values = {"reader_id": reader.id}
    by_others, own = db.session.execute(_waiting_counts(reader), values).one()
    if not own:
        return int(by_others)
    rows = db.session.execute(union_all(*_own_to_publish(reader)), values)
    agenda_ids = {(kind, item_id): agenda_id for kind, item_id, agenda_id in rows}
    for_others = moderation.waiting_for_another(reader, agenda_ids)
    return int(by_others) + len(agenda_ids.keys() - for_others)


@cached_statement
def _waiting_counts(reader: Person) -> Select[Any]:
    """How many entries by others wait for the reader (parameter `reader_id`), and how many own ones to be published."""
    by_others = [counted for source in SOURCES if (counted := source.counted(reader)) is not None]
    own = [part.with_only_columns(func.count()) for part in _own_to_publish(reader)]
    return select(_sum_of(by_others), _sum_of(own))


def _sum_of(counts: Sequence[Select[Any]]) -> Any:
    numbers: list[Any] = [counted.scalar_subquery() for counted in counts]
    return reduce(lambda one, other: one + other, numbers)


@cached_statement
def _own_to_publish(reader: Person) -> Sequence[Select[Any]]:
    """Kind, id and agenda of what the reader (parameter `reader_id`) wrote and waits where they moderate, not reported."""
    practice: list[Any] = [literal("practice"), Practice.id, Practice.agenda_id]
    text: list[Any] = [literal("held"), Held.id, Held.agenda_id]
    practices = select(*practice).where(
        *_is_waiting(),
        moderated_by(reader, Practice.agenda_id),
        ~is_by_another(Practice.author_id),
        ~moderation.is_reported("practice", Practice.id),
    )
    held = held_count(reader).where(~is_by_another(Held.author_id))
    return practices, held.with_only_columns(*text)


def claims_by_key() -> dict[EntryKey, Claim]:
    """The active claims, by the kind and id of their entries."""
    return {(claim.kind, claim.item_id): claim for claim in active_claims()}


# One entry


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
    found = next((source for source in SOURCES if kind in source.kinds), None)
    if found is None:
        raise NotFound()
    return found


def _notes(key: EntryKey) -> Sequence[EntryNote]:
    query = select(EntryNote).where(EntryNote.kind == key[0], EntryNote.item_id == key[1])
    newest = (
        query.order_by(EntryNote.id.desc()).limit(MAX_NOTES).options(joinedload(EntryNote.author))
    )
    return db.session.scalars(newest).all()[::-1]


# What nobody decides


def entries_to_tell(system: Person, limit: int) -> list[EntryKey]:
    """Up to `limit` entries that wait for too long and of which somebody is to be notified, and records of others.

    This walks through the whole queue, so it is not for a deed, which would hold the write lock meanwhile.
    """
    require(system.can.administer())
    late = {one.key: one for one in queue_entries(system, limit=ALL_ENTRIES) if one.is_overdue}
    known = overdue_rows()
    due = [key for key, entry in late.items() if notification_due(entry, known.get(key))]
    return [*(known.keys() - late.keys()), *due][:limit]


def notification_due(entry: QueueEntry, known: Overdue | None) -> str:
    """Who is to be notified of an overdue entry now, `MODERATORS` or `ADMINISTRATORS`; empty for nobody."""
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


def is_about_former_candidate() -> ColumnElement[bool]:
    """SQL condition: a note about somebody who is no longer a candidate."""
    waiting = select(Candidate.id).where(Candidate.refused_at.is_(None))
    return and_(EntryNote.kind == "candidate", EntryNote.item_id.not_in(waiting))
