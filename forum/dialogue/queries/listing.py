"""Lists of topics, and single topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import get_agenda
from forum.db import constant, db, execute_core
from forum.dialogue.models import KINDS, Topic, TopicCount, TopicTheme
from forum.dialogue.queries._linked import may_be_linked
from forum.dialogue.queries._rows import ThemeRow, TopicRow, as_topic_rows, to_topic_row
from forum.dialogue.queries._visibility import (
    ORGANISATION_OPTIONS,
    author_options,
    cached_for_topic,
    visible_topics,
)
from forum.errors import NotFound, or_not_found
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, require
from forum.reach import is_on_open_agenda, moderated_by, read_by
from forum.reachcache import cached_statement

TOPICS_PER_PAGE = 20
MAX_PINNED = 100  # on one agenda; further ones are placed by their latest post
ACTIVE, NEWEST, UNANSWERED = ORDERS = ("active", "newest", "unanswered")


@dataclass(frozen=True)
class TopicFilter:
    """Which topics a list shows, in which order (one of `ORDERS`). `theme` is a slug; empty values do not filter."""

    agenda_id: int | None = None
    kind: str = ""
    order: str = ACTIVE
    theme: str = ""
    language: str = ""


def topics(
    reader: Person, wanted: TopicFilter, page: int = 1, total: int | None = None
) -> Page[TopicRow]:
    """One page of a list of topics, ready for the macro `topic_row`. A case is listed once it has comments.

    Topics of members whom the reader ignores are left out. `total` is the number of topics in the list if the caller
    knows it; otherwise they are counted.
    """
    if total is None:
        counts = counts_by_kind(reader, wanted)
        total = counts.get(wanted.kind, 0) if wanted.kind else sum(counts.values())
    pages = pages_for(total, TOPICS_PER_PAGE)
    page = clamp(page, pages)
    start = (page - 1) * TOPICS_PER_PAGE
    rows = _slice(reader, wanted, TOPICS_PER_PAGE, start, total)
    return Page(rows, page, pages, total)


def first_topics(reader: Person, wanted: TopicFilter, limit: int) -> Sequence[TopicRow]:
    """The beginning of a list of topics, for a page that shows only these."""
    return _slice(reader, wanted, limit, 0, 0)


def latest_topics(reader: Person, limit: int) -> Sequence[TopicRow]:
    """The most recently active topics, ready for the macro `topic_row`."""
    return first_topics(reader, TopicFilter(), limit)


def _slice(
    reader: Person, wanted: TopicFilter, limit: int, start: int, total: int
) -> Sequence[TopicRow]:
    """Some topics of a list: the pinned ones come first; offsets in the second half are counted from the end."""
    pinned = _pinned_ids(reader, wanted)
    pinned_here = pinned[start : start + limit]
    limit, start = limit - len(pinned_here), max(0, start - len(pinned))
    total = max(0, total - len(pinned))
    if is_from_end := start > total // 2:
        limit = min(limit, total - start)
        start = total - start - limit
    ignored = ignored_by(reader)
    query = _slice_query(reader, wanted, is_from_end, bool(ignored))
    values = {"pinned": pinned, "pinned_here": pinned_here, "limit": limit, "start": start}
    return [to_topic_row(columns) for columns in execute_core(query, {**values, **ignored})]


def ignored_by(reader: Person) -> dict[str, list[int]]:
    """The parameter for leaving out topics of ignored members; empty for readers who ignore nobody."""
    return {"ignored": list(reader.ignored)} if reader.ignored else {}


def _pinned_ids(reader: Person, wanted: TopicFilter) -> list[int]:
    """The ids of the pinned topics; only an agenda's list in order of activity shows them first."""
    if not wanted.agenda_id or wanted.order != ACTIVE:
        return []
    ignored = ignored_by(reader)
    return [row.id for row in execute_core(_pinned_query(reader, wanted, bool(ignored)), ignored)]


@cached_statement
def _pinned_query(reader: Person, wanted: TopicFilter, without_ignored: bool) -> Select[Any]:
    pinned = narrowed(_listed(reader, without_ignored), wanted)
    pinned = pinned.where(Topic.pinned_at.is_not(None))
    return pinned.with_only_columns(Topic.id).limit(MAX_PINNED)


@cached_statement
def _slice_query(
    reader: Person, wanted: TopicFilter, is_from_end: bool, without_ignored: bool
) -> Select[Any]:
    """The pinned topics `pinned_here`, then others from `start` on, except those in `pinned`.

    The inner query selects ids and sort keys, which an index contains, so that deep pages read few rows. The outer
    query sorts by the keys of the inner one: sorting by those of the rows, SQLite would scan all topics.
    """
    order = _order(wanted)
    keys = [key.element.label(f"key_{number}") for number, key in enumerate(order)]
    found = narrowed(_listed(reader, without_ignored), wanted).with_only_columns(Topic.id, *keys)
    others = found.where(Topic.id.not_in(bindparam("pinned", expanding=True)))
    if is_from_end:
        others = others.order_by(None).order_by(*(key.element for key in order))
    page = others.limit(_literal("limit")).offset(_literal("start")).subquery()
    pinned = select(Topic.id, *keys, literal(0).label("part"))
    pinned = pinned.where(Topic.id.in_(bindparam("pinned_here", expanding=True)))
    ids = union_all(pinned, select(*page.c, literal(1))).subquery()
    query = as_topic_rows(select(Topic).join(ids, ids.c.id == Topic.id))
    return query.order_by(ids.c.part, *(ids.c[key.name].desc() for key in keys))


def _literal(name: str) -> BindParameter[int]:
    """A number that is rendered into the statement: PostgreSQL plans for few rows only when it knows the number."""
    return bindparam(name, type_=Integer(), literal_execute=True)


class TopicCounts(NamedTuple):
    """How many topics of each kind, and of each language code, match the other filters of a list.

    Kinds and languages without topics may be missing.
    """

    by_kind: dict[str, int]
    by_language: dict[str, int]


def counts_by_kind(reader: Person, wanted: TopicFilter) -> dict[str, int]:
    """How many topics of each kind match the other filters, for the tabs of a list; kinds without a topic may be missing."""
    return topic_counts(reader, wanted).by_kind


def topic_counts(reader: Person, wanted: TopicFilter) -> TopicCounts:
    """The numbers on the tabs of a list, and in its choice of languages."""
    by_kind: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    for (kind, language), number in _counts(reader, replace(wanted, kind="", language="")).items():
        if number and wanted.language in ("", language):
            by_kind[kind] += number
        if number and wanted.kind in ("", kind):
            by_language[language] += number
    return TopicCounts(by_kind, by_language)


def _counts(reader: Person, wanted: TopicFilter) -> dict[tuple[str, str], int]:
    """The number of topics by kind and language."""
    counted = _computed_counts if wanted.theme else _stored_counts
    found = {
        (kind, language): number for kind, language, number in execute_core(counted(reader, wanted))
    }
    if ignored := ignored_by(reader):
        for kind, language, number in execute_core(_counts_of_ignored(reader, wanted), ignored):
            found[kind, language] = max(0, found.get((kind, language), 0) - number)
    return found


@cached_statement
def _counts_of_ignored(reader: Person, wanted: TopicFilter) -> Select[Any]:
    return _computed_counts(reader, wanted).where(_is_by_ignored())


@cached_statement
def _stored_counts(reader: Person, wanted: TopicFilter) -> Select[Any]:
    """The counts stored in `TopicCount`, which has no themes."""
    row = TopicCount
    query = _stored_sums(reader, row.kind, row.language)
    if wanted.agenda_id:
        query = query.where(row.agenda_id == wanted.agenda_id)
    if wanted.order == UNANSWERED:
        query = query.where(row.is_waiting)
    return query


def _stored_sums(reader: Person, *columns: Any) -> Select[Any]:
    """The sums of `TopicCount` by values of columns, for the topics that a reader sees."""
    row = TopicCount
    is_shown = and_(~row.is_hidden, is_on_open_agenda(row.agenda_id))
    is_seen = or_(is_shown, moderated_by(reader, row.agenda_id))
    seen = select(*columns, func.sum(row.number)).where(read_by(reader, row.audience), is_seen)
    return seen.group_by(*columns)


def _computed_counts(reader: Person, wanted: TopicFilter) -> Select[Any]:
    columns: tuple[Any, ...] = (Topic.kind, Topic.language)
    query = _filtered_but_kind(_listed(reader), wanted)
    return query.with_only_columns(*columns, func.count()).group_by(*columns)


def counts_by_agenda(reader: Person) -> dict[int, int]:
    """How many topics the list of each agenda has for a reader, by agenda id; agendas without a topic may be missing."""
    counts = {row[0]: row[1] for row in execute_core(_agenda_sums(reader))}
    if ignored := ignored_by(reader):
        for agenda_id, number in execute_core(_agenda_counts_of_ignored(reader), ignored):
            counts[agenda_id] = max(0, counts.get(agenda_id, 0) - number)
    return counts


@cached_statement
def _agenda_sums(reader: Person) -> Select[Any]:
    return _stored_sums(reader, TopicCount.agenda_id)


@cached_statement
def _agenda_counts_of_ignored(reader: Person) -> Select[Any]:
    counted: tuple[Any, Any] = (Topic.agenda_id, func.count())
    theirs = _listed(reader).where(_is_by_ignored()).with_only_columns(*counted)
    return theirs.group_by(Topic.agenda_id)


class OnTheme(NamedTuple):
    """How many topics of each of `KINDS` the list of a theme has for a reader, and the most recently active one."""

    latest: Topic
    experiences: int
    questions: int
    practices: int
    cases: int


def topics_by_theme(reader: Person) -> dict[int, OnTheme]:
    """The content of each theme's list for a reader, by theme id, in one statement; themes without a topic are missing."""
    ignored = ignored_by(reader)
    rows = db.session.execute(_topics_by_theme(reader, bool(ignored)), ignored)
    return {theme_id: OnTheme(latest, *numbers) for latest, theme_id, *numbers in rows}


@cached_statement
def _topics_by_theme(reader: Person, without_ignored: bool) -> Select[Any]:
    on = TopicTheme.theme_id
    place = func.row_number().over(
        partition_by=on, order_by=(Topic.active_at.desc(), Topic.id.desc())
    )
    found = _listed(reader, without_ignored).join(TopicTheme, TopicTheme.topic_id == Topic.id)
    numbers = [
        func.count().filter(Topic.kind == constant(kind)).over(partition_by=on).label(kind)
        for kind in KINDS
    ]
    ranked = found.with_only_columns(Topic.id, on, *numbers, place.label("place")).subquery()
    latest = select(Topic, ranked.c.theme_id, *(ranked.c[kind] for kind in KINDS))
    return latest.join(ranked, ranked.c.id == Topic.id).where(ranked.c.place == 1)


def questions_waiting(reader: Person, limit: int) -> Sequence[TopicRow]:
    """The newest unanswered questions that take replies, ready for the macro `topic_row`."""
    ignored = ignored_by(reader)
    query = _questions_waiting_query(reader, bool(ignored), limit)
    return [to_topic_row(columns) for columns in execute_core(query, ignored)]


@cached_statement
def _questions_waiting_query(reader: Person, without_ignored: bool, limit: int) -> Select[Any]:
    query = _listed(reader, without_ignored).where(
        Topic.kind == constant("question"),
        Topic.answer_id.is_(None),
        Topic.locked_at.is_(None),
        Topic.hidden_at.is_(None),
    )
    rows = as_topic_rows(query.order_by(Topic.id.desc())).where(Agenda.archived_at.is_(None))
    return rows.limit(constant(limit))


def get_topic(reader: Person, topic_id: int) -> Topic:
    """A topic with agenda, author and themes, or `NotFound`."""
    topic: Topic = or_not_found(db.session.scalar(_topic_query(reader), {"topic_id": topic_id}))
    # Like `selectinload`, at half the cost for one row
    themes = db.session.scalars(_THEMES_OF_TOPIC, {"topic_id": topic_id}).all()
    set_committed_value(topic, "themes", list(themes))
    return topic


def topic_to_change_kind(member: Person, topic_id: int) -> Topic:
    """A topic, for a member who may make it a question or an experience; else `Forbidden`, or `NotFound`."""
    topic = get_topic(member, topic_id)
    require(member.can.change_kind(topic))
    return topic


@cached_statement
def _topic_query(reader: Person) -> Select[Any]:
    return (
        visible_topics(reader)
        .where(Topic.id == bindparam("topic_id"))
        .options(
            joinedload(Topic.agenda),
            joinedload(Topic.organisation).options(ORGANISATION_OPTIONS),
            author_options(Topic.author),
        )
    )


_THEMES_OF_TOPIC = (
    select(Theme)
    .join(TopicTheme, TopicTheme.theme_id == Theme.id)
    .where(TopicTheme.topic_id == bindparam("topic_id"))
    .order_by(Theme.name)
)


def get_topic_row(reader: Person, topic_id: int) -> TopicRow:
    """A topic for its page, with its themes, or `NotFound`; from the cache if possible."""

    def read() -> TopicRow:
        rows = execute_core(_topic_row_query(reader), {"topic_id": topic_id}).all()
        if not rows:
            # Not cached: a new topic touches no existing scope, so nothing would remove it from the cache
            raise NotFound()
        themes = tuple(ThemeRow._make(row[-3:]) for row in rows if row[-1] is not None)
        return to_topic_row(rows[0], themes, bool(rows[0][-4]))

    return cached_for_topic(reader, topic_id, "row", read)


@cached_statement
def _topic_row_query(reader: Person) -> Select[Any]:
    """A topic, as one row per theme, whose id, name and slug are the last three columns, after whether it may be linked."""
    query = as_topic_rows(visible_topics(reader).where(Topic.id == bindparam("topic_id")))
    query = query.outerjoin(TopicTheme, TopicTheme.topic_id == Topic.id)
    is_in_use = and_(Theme.id == TopicTheme.theme_id, Theme.removed_at.is_(None))
    query = query.outerjoin(Theme, is_in_use)
    query = query.add_columns(may_be_linked(), Theme.id, Theme.name, Theme.slug)
    return query.order_by(Theme.name)


def _listed(reader: Person, without_ignored: bool = False) -> Select[Any]:
    """The topics that lists show to the reader: cases only with comments. There are few cases, hence the subquery.

    `without_ignored` leaves out the topics of the members whose ids are in the parameter `ignored`.
    """
    other = aliased(Topic)
    discussed = select(other.id).where(
        other.kind == constant("case"), other.replies_count > constant(0)
    )
    found = visible_topics(reader).where(
        or_(Topic.kind != constant("case"), Topic.id.in_(discussed))
    )
    return found.where(~_is_by_ignored()) if without_ignored else found


def _is_by_ignored() -> ColumnElement[bool]:
    """In SQL: by a member whom the reader ignores. A case belongs to its agenda, so its author does not matter."""
    return and_(Topic.author_id.in_(bindparam("ignored", expanding=True)), Topic.kind != "case")


def listed_topics(reader: Person, wanted: TopicFilter, without_ignored: bool) -> Select[Any]:
    """A select of the topics that a list shows, in its order; takes the parameter `ignored` (`ignored_by`) if not empty."""
    return narrowed(_listed(reader, without_ignored), wanted)


def narrowed(query: Select[Any], wanted: TopicFilter) -> Select[Any]:
    """Those of the topics of a select that a filter lets through, in its order."""
    query = _filtered_but_kind(query, wanted)
    if wanted.kind:
        query = query.where(Topic.kind == wanted.kind)
    return query.order_by(*_order(wanted))


def _order(wanted: TopicFilter) -> tuple[Any, ...]:
    moment = Topic.created_at if wanted.order == NEWEST else Topic.active_at
    return moment.desc(), Topic.id.desc()


def _filtered_but_kind(query: Select[Any], wanted: TopicFilter) -> Select[Any]:
    conditions = [
        column == value
        for column, value in (
            (Topic.agenda_id, wanted.agenda_id),
            (Topic.language, wanted.language),
        )
        if value
    ]
    if wanted.order == UNANSWERED:
        conditions += [Topic.kind == "question", Topic.answer_id.is_(None)]
        conditions.append(Topic.locked_at.is_(None))
    if wanted.theme:
        themed = select(TopicTheme.topic_id).join(Theme).where(Theme.slug == wanted.theme)
        conditions.append(Topic.id.in_(themed))
    return query.where(*conditions)


def agenda_to_open(author: Person, slug: str) -> Agenda:
    """The agenda with this slug, on which somebody wants to open a topic; `NotFound`, or `Forbidden` if they may not."""
    agenda = get_agenda(author, slug)
    require(author.can.open_topic(agenda))
    return agenda


def require_writer(person: Person) -> None:
    """Raise `Forbidden` for somebody who may not write."""
    require(person.can.write())
