"""All that waits for a reader, the most urgent first; each entry in its context; who is at it; what nobody decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    union_all,
)
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.appeals import queries as appeals
from forum.candidates import queries as candidates
from forum.candidates.models import Candidate
from forum.claims.models import Claim
from forum.claims.queries import Key, claim_of, claims
from forum.db import db, now
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import first_posts_to_review, held_count, held_waiting
from forum.errors import Forbidden, NotFound
from forum.library.models import Practice
from forum.moderation import queries as moderation
from forum.moderation.queries import moderated_agendas
from forum.permissions import Person, cached_statement, moderated_by, require
from forum.queue.models import EntryNote, Overdue

ILLEGAL, APPEALED, WAITING = range(3)  # how urgent an entry is
OVERDUE = timedelta(hours=48)
AGES = {"day": timedelta(days=1), "two-days": OVERDUE, "week": timedelta(days=7)}
MOST = 1_000  # entries of each source in the list at once, the most urgent
LISTED = 60  # lines beside an opened entry
NOTES = 100
FIRST_WORDS = 1_000  # signs of a text that has no title, from which it is called


@dataclass(frozen=True)
class QueueFilter:
    """Which part of the queue is wanted: an agenda by slug, a kind of thing, what waits longer than one of `AGES`."""

    agenda: str = ""
    kind: str = ""
    age: str = ""


ALL = QueueFilter()


@dataclass
class Line:
    """One entry of the queue as its list shows it."""

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
    def key(self) -> Key:
        """What an entry is known by."""
        return self.kind, self.item_id

    @property
    def is_overdue(self) -> bool:
        """Whether it has waited for longer than two days."""
        return self.since < now() - OVERDUE

    @property
    def urgency(self) -> str:
        """Why it is urgent, in words; empty when it is not."""
        said = {ILLEGAL: _("ReportedThing as illegal"), APPEALED: _("An appeal")}
        late = _("Waits for more than two days") if self.is_overdue else ""
        return ". ".join(part for part in (said.get(self.rank, ""), late) if part)

    def joined(self, other: Line) -> Line:
        """The same entry, of which another source knows something too."""
        self.rank, self.since = min(self.rank, other.rank), min(self.since, other.since)
        self.reports, self.reason = self.reports + other.reports, self.reason or other.reason
        self.is_submitted = self.is_submitted or other.is_submitted
        self.is_first = self.is_first or other.is_first
        self.is_for_others = self.is_for_others or other.is_for_others
        return self


class About(NamedTuple):
    """What a source knows of an opened entry; its template shows `row`. `seen` is the latest decision about it, `author_id` whose it is."""

    title: str
    agenda: Agenda | None
    row: Any
    deeds: Sequence[str]
    seen: int = 0
    author_id: int | None = None


@dataclass(frozen=True)
class Source:
    """Where entries come from: how they are listed and counted for a reader, and how one is opened.

    `opened` refuses whoever may not decide about it. `template` shows it in its context. What is `waiting` is a select
    of `_columns`, asked for together with that of other sources, or is `listed` by itself.
    """

    kinds: tuple[str, ...]
    counted: Callable[[Person], Select[Any] | None]
    opened: Callable[[Person, str, int], About]
    template: str
    waiting: Callable[[Person], Select[Any] | None] | None = None
    listed: Callable[[Person, int], Iterable[Line]] | None = None


@dataclass(frozen=True)
class Opened:
    """An entry opened for a decision, with who is at it and what the moderators have noted."""

    kind: str
    item_id: int
    about: About
    template: str
    claim: Claim | None
    notes: Sequence[EntryNote] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What an entry is known by."""
        return self.kind, self.item_id


# The sources: what waits in the rooms below


def _reported(reader: Person, limit: int) -> Iterable[Line]:
    for row in moderation.reported_things(reader, limit):
        if not reader.can.judge(row.author_id):
            yield Line(*_named(row), is_for_others=True, author_id=row.author_id)
            continue
        rank = ILLEGAL if row.is_illegal else WAITING
        said = "illegal" if row.is_illegal else row.reason
        yield Line(*_named(row), rank, row.reports, said, author_id=row.author_id)


def _named(row: moderation.ReportedThing) -> tuple[str, int, str, int | None, datetime]:
    return row.kind, row.item_id, row.title, row.agenda_id, row.since


def _thing(reader: Person, kind: str, item_id: int) -> About:
    context = moderation.review_context(reader, kind, item_id)
    thing = context.thing
    return About(
        thing.title,
        thing.agenda,
        context,
        context.deeds,
        context.latest_decision_id,
        thing.author_id,
    )


def _columns(kind: str, row: Any, title: Any, text: Any, **more: Any) -> list[Any]:
    """What a list of several sources knows of an entry: `text` is what it is called by where it has no title."""
    words = func.substr(text, 1, FIRST_WORDS)
    named = (title.label("title"), words.label("text"))
    rest = [more[name].label(name) for name in ("agenda_id", "since", "author_id")]
    return [literal(kind).label("kind"), row.id.label("id"), *named, *rest]


NO_WORDS = literal("", Text)


def _submitted(reader: Person) -> Select[Any]:
    since = func.coalesce(Practice.submitted_at, Practice.created_at)
    what = _columns(
        *("practice", Practice, Practice.title, NO_WORDS),
        agenda_id=Practice.agenda_id,
        since=since,
        author_id=Practice.author_id,
    )
    query = select(*what).where(*_waits(), moderated_by(reader, Practice.agenda_id))
    return query.order_by(since, Practice.id)


def _submitted_counted(reader: Person) -> Select[Any]:
    """Those that are reported as well are counted there."""
    return select(func.count(Practice.id)).where(
        *_waits(),
        moderated_by(reader, Practice.agenda_id),
        ~moderation.is_reported("practice", Practice.id),
    )


def _waits() -> tuple[ColumnElement[bool], ...]:
    """In SQL: whether a practice waits; what is hidden, or cleared away with an advertiser, does not."""
    is_there = (Practice.deleted_at.is_(None), Practice.hidden_at.is_(None))
    return Practice.state == "submitted", *is_there


def _first(reader: Person) -> Select[Any]:
    since = func.coalesce(Post.unseen_at, Post.created_at)
    at = {"agenda_id": Topic.agenda_id, "since": since, "author_id": Post.author_id}
    what = _columns("post", Post, NO_WORDS, Post.source, **at)
    return first_posts_to_review(reader).with_only_columns(*what)


def _first_counted(reader: Person) -> Select[Any]:
    """Those that are reported as well are counted there."""
    first = (
        first_posts_to_review(reader).where(~moderation.is_reported("post", Post.id)).order_by(None)
    )
    return select(func.count()).select_from(first.with_only_columns(Post.id).subquery())


def _held(reader: Person) -> Select[Any]:
    at = {"agenda_id": Held.agenda_id, "since": Held.created_at, "author_id": Held.author_id}
    what = _columns("held", Held, Held.title, Held.source, **at)
    return held_waiting(reader).with_only_columns(*what)


def _wanting_to_join(reader: Person) -> Select[Any] | None:
    if not reader.can.admit():
        return None
    nowhere = cast(null(), Integer)
    at = {"agenda_id": nowhere, "since": Candidate.confirmed_at, "author_id": nowhere}
    what = _columns("candidate", Candidate, Candidate.name, NO_WORDS, **at)
    return candidates.waiting_people(reader).with_only_columns(*what)


def _of_several(reader: Person, limit: int) -> Iterable[Line]:
    """The entries of all sources that list theirs as a select, in one query."""
    parts = [source.waiting(reader) for source in SOURCES if source.waiting]
    limited = [select(part.limit(limit).subquery()) for part in parts if part is not None]
    for row in db.session.execute(union_all(*limited)):
        kind, item_id, title, text, agenda_id, since, author_id = row
        named = title or moderation.first_words(text)
        is_of = {"is_submitted": kind == "practice", "is_first": kind == "post"}
        is_of["is_for_others"] = _is_for_others(reader, kind, item_id, author_id)
        yield Line(kind, item_id, named, agenda_id, since or now(), author_id=author_id, **is_of)


def _is_for_others(reader: Person, kind: str, item_id: int, author_id: int | None) -> bool:
    """Whether it is the reader's own: a first post, or what another moderator has returned or refused before."""
    if reader.can.judge(author_id):
        return False
    deed = {"practice": "publish", "held": "approve"}.get(kind)
    return deed is None or moderation.is_for_another(reader, kind, item_id, deed)


def _wanting_counted(reader: Person) -> Select[Any] | None:
    return candidates.waiting_counted() if reader.can.admit() else None


def _candidate(reader: Person, _kind: str, candidate_id: int) -> About:
    request = candidates.request_to_decide(reader, candidate_id)
    return About(request.candidate.name, None, request, ("approve", "refuse"))


def _appealed(reader: Person, _limit: int) -> Iterable[Line]:
    for row in appeals.appeals(reader):
        about, title = row.decision, row.decision.title
        is_mine = bool(reader.can.decide_appeal(row))
        what = ("appeal", row.id, title, about.present_agenda_id, row.created_at)
        yield Line(*what, APPEALED, is_for_others=not is_mine)


def _appeal(reader: Person, _kind: str, appeal_id: int) -> About:
    row = appeals.get_appeal(reader, appeal_id)
    is_open = row.decided_at is None and reader.can.decide_appeal(row)
    about, file = row.decision, appeals.file_of(reader, row)
    answers = ("uphold", "reverse") if file.is_reversible else ("uphold",)
    deeds = answers if is_open else ()
    return About(about.title, about.agenda, file, deeds, author_id=about.author_id)


THING, APPEAL, CANDIDATE = "queue/_thing.html", "queue/_appeal.html", "queue/_candidate.html"
SOURCES = (
    Source(moderation.KINDS, moderation.reported_things_count, _thing, THING, listed=_reported),
    Source(("practice",), _submitted_counted, _thing, THING, _submitted),
    Source(("post",), _first_counted, _thing, THING, _first),
    Source(("held",), held_count, _thing, THING, _held),
    Source(("appeal",), appeals.appeals_counted, _appeal, APPEAL, listed=_appealed),
    Source(("candidate",), _wanting_counted, _candidate, CANDIDATE, _wanting_to_join),
)
KINDS = tuple(dict.fromkeys(kind for source in SOURCES for kind in source.kinds))


# The list


def lines(
    reader: Person,
    wanted: QueueFilter = ALL,
    limit: int = MOST,
    agendas: Sequence[Agenda] | None = None,
    at_work: Mapping[Key, Claim] | None = None,
) -> list[Line]:
    """What waits for a decision of this reader: what may be illegal first, then appeals, then the longest waiting.

    `agendas` are those that the reader moderates, `at_work` who is at what, when they are known already.
    """
    require(reader.can.see_queue())
    found: dict[Key, Line] = {}
    for line in _all_lines(reader, limit):
        found[line.key] = found[line.key].joined(line) if line.key in found else line
    theirs = moderated_agendas(reader) if agendas is None else agendas
    by_id = {agenda.id: agenda for agenda in theirs}
    at_work = who_is_at_work() if at_work is None else at_work
    for line in found.values():
        line.agenda, line.claim = by_id.get(line.agenda_id or 0), at_work.get(line.key)
    kept = [line for line in found.values() if _is_wanted(line, wanted)]
    return sorted(kept, key=lambda line: (line.rank, line.since, *line.key))


def _all_lines(reader: Person, limit: int) -> Iterable[Line]:
    for source in SOURCES:
        if source.listed:
            yield from source.listed(reader, limit)
    yield from _of_several(reader, limit)


def _is_wanted(line: Line, wanted: QueueFilter) -> bool:
    is_kind = not wanted.kind or line.kind == wanted.kind
    is_there = not wanted.agenda or (line.agenda is not None and line.agenda.slug == wanted.agenda)
    return is_kind and is_there and (not wanted.age or line.since <= now() - AGES[wanted.age])


def around(waiting: Sequence[Line], key: Key | None) -> tuple[Sequence[Line], int, int]:
    """The part of a long list that stands beside an opened entry, and how many lines are above and below it."""
    keys = [line.key for line in waiting]
    at = keys.index(key) if key in keys else 0
    start = max(0, min(at - LISTED // 2, len(waiting) - LISTED))
    part = waiting[start : start + LISTED]
    return part, start, len(waiting) - start - len(part)


def first_for(reader: Person, waiting: Sequence[Line]) -> Line | None:
    """The entry to open: the first that the reader may decide, if possible one at which nobody else is."""
    mine = [line for line in waiting if not line.is_for_others]
    free = (line for line in mine if line.claim is None or line.claim.member_id == reader.id)
    return next(free, mine[0] if mine else None)


def next_after(reader: Person, waiting: Sequence[Line], key: Key) -> Line | None:
    """The line to open once an entry is decided: the one below it at which nobody else is, else the first other."""
    keys = [line.key for line in waiting]
    at = keys.index(key) if key in keys else -1
    return first_for(reader, [*waiting[at + 1 :], *waiting[: max(at, 0)]])


def waiting_count(reader: Person) -> int:
    """How many entries wait for a decision of this reader, each once; one query."""
    return (db.session.scalar(_counted(reader)) or 0) if reader.is_curator else 0


@cached_statement
def _counted(reader: Person) -> Select[Any]:
    parts = [counted for source in SOURCES if (counted := source.counted(reader)) is not None]
    numbers: list[Any] = [part.scalar_subquery() for part in parts]
    return select(reduce(lambda one, other: one + other, numbers))


def who_is_at_work() -> dict[Key, Claim]:
    """Who is at what now."""
    return {(claim.kind, claim.item_id): claim for claim in claims()}


# One entry


def opened(
    reader: Person, kind: str, item_id: int, at_work: Mapping[Key, Claim] | None = None
) -> Opened:
    """An entry in its context, for somebody who may decide about it; else `Forbidden` or `NotFound`.

    `at_work` is who is at what, when that is known already.
    """
    source = _source(kind)
    about = source.opened(reader, kind, item_id)
    key = (kind, item_id)
    claim = claim_of(key) if at_work is None else at_work.get(key)
    notes = _notes(key) if reader.can.judge(about.author_id) else []
    return Opened(kind, item_id, about, source.template, claim, notes)


def first_opened(
    reader: Person, waiting: Sequence[Line], at_work: Mapping[Key, Claim]
) -> Opened | None:
    """The entry that is opened with the list; one that is nobody's to open any more does not close the whole queue."""
    left = list(waiting)
    while line := first_for(reader, left):
        try:
            return opened(reader, *line.key, at_work)
        except (Forbidden, NotFound):
            left.remove(line)
    return None


def require_entry(reader: Person, kind: str, item_id: int) -> About:
    """What an entry is about, for somebody who may decide about it."""
    return _source(kind).opened(reader, kind, item_id)


def _source(kind: str) -> Source:
    found = next((source for source in SOURCES if kind in source.kinds), None)
    if found is None:
        raise NotFound()
    return found


def _notes(key: Key) -> Sequence[EntryNote]:
    query = select(EntryNote).where(EntryNote.kind == key[0], EntryNote.item_id == key[1])
    newest = query.order_by(EntryNote.id.desc()).limit(NOTES).options(joinedload(EntryNote.author))
    return db.session.scalars(newest).all()[::-1]


# What nobody decides


def told() -> dict[Key, Overdue]:
    """What has been told of entries that wait for too long."""
    return {(row.kind, row.item_id): row for row in db.session.scalars(select(Overdue))}


def is_about_nobody() -> ColumnElement[bool]:
    """In SQL: a note about somebody who is no candidate any more."""
    waiting = select(Candidate.id).where(Candidate.refused_at.is_(None))
    return and_(EntryNote.kind == "candidate", EntryNote.item_id.not_in(waiting))
