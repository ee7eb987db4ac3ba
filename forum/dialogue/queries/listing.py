"""Topics: in lists, and each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from forum.dialogue.models import Addressed, Topic, TopicCount, TopicTheme
from forum.dialogue.queries._seen import (
    NAME_OF_ORGANISATION,
    Byline,
    Name,
    people_of,
    remembered,
    visible_topics,
    with_people_of,
    written_by,
)
from forum.errors import NotFound
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, cached_statement, moderated_by, read_by, require

TOPICS_ON_A_PAGE = 20
MOST_PINNED = 100  # on one agenda; the next ones stand where their latest post puts them
ORDERS = ("active", "newest", "unanswered")


@dataclass(frozen=True)
class TopicFilter:
    """Which topics of a list are wanted, and in which order. `theme` is a slug; empty values do not filter."""

    agenda_id: int | None = None
    kind: str = ""
    order: str = "active"
    theme: str = ""
    language: str = ""
    author_id: int | None = None


class AgendaLine(NamedTuple):
    """An agenda, as far as the page of a topic says it."""

    id: int
    slug: str
    title: str
    palette: str
    archived_at: datetime | None


class _TopicLine(NamedTuple):
    id: int
    kind: str
    agenda_id: int
    author_id: int
    title: str
    slug: str
    excerpt: str
    language: str
    audience: str
    home: str | None
    posts_count: int
    replies_count: int
    answer_id: int | None
    created_at: datetime
    active_at: datetime
    pinned_at: datetime | None
    locked_at: datetime | None
    locked_reason: str
    hidden_at: datetime | None
    deleted_at: datetime | None
    followed_up_at: datetime | None
    unseen_at: datetime | None
    removed_at: datetime | None
    emptied_at: datetime | None
    regrouped_at: datetime | None
    follow_up_hidden_at: datetime | None
    agenda: AgendaLine
    author: Byline
    organisation: Name | None
    themes: tuple[Name, ...]


class TopicLine(_TopicLine, Addressed):
    """A topic as pages print it: a whole row with its agenda and its people took four times the time.

    The `themes` are there on its own page alone.
    """


def topics(
    reader: Person, wanted: TopicFilter, page: int = 1, total: int | None = None
) -> Page[TopicLine]:
    """One page of a list of topics, ready for `topic_row`. A case is on it once it has comments.

    What members open whom the reader ignores is on no list but their own (`author_id`).

    Counts them unless `total` says how many there are.
    """
    if total is None:
        counts = counts_by_kind(reader, wanted)
        total = counts.get(wanted.kind, 0) if wanted.kind else sum(counts.values())
    pages = pages_for(total, TOPICS_ON_A_PAGE)
    page = clamp(page, pages)
    start = (page - 1) * TOPICS_ON_A_PAGE
    rows = _part(reader, wanted, TOPICS_ON_A_PAGE, start, total)
    return Page(rows, page, pages, total)


def first_topics(reader: Person, wanted: TopicFilter, limit: int) -> Sequence[TopicLine]:
    """The beginning of a list of topics, for a page that shows no more of it."""
    return _part(reader, wanted, limit, 0, 0)


def _part(
    reader: Person, wanted: TopicFilter, limit: int, start: int, total: int
) -> Sequence[TopicLine]:
    """A part of a list of topics; the second half of a long list is counted from its end."""
    pinned = _pinned(reader, wanted)
    first = pinned[start : start + limit]
    limit, start = limit - len(first), max(0, start - len(pinned))
    total = max(0, total - len(pinned))
    if is_from_end := start > total // 2:
        limit = min(limit, total - start)
        start = total - start - limit
    ignored = _ignored(reader, wanted)
    which = {"pinned": pinned, "first": first, "limit": limit, "start": start, **ignored}
    found = _rows_of(reader, wanted, is_from_end, bool(ignored))
    return [_topic_line(row) for row in execute_core(found, which)]


def _ignored(reader: Person, wanted: TopicFilter) -> dict[str, list[int]]:
    """Whose topics a list leaves out, as the parameter of its statement; nothing for those who ignore nobody."""
    return {"ignored": list(reader.ignored)} if reader.ignored and not wanted.author_id else {}


def _pinned(reader: Person, wanted: TopicFilter) -> list[int]:
    """The ids of the topics that stand above the others; only lists of an agenda by activity have some."""
    if not wanted.agenda_id or wanted.order != "active":
        return []
    ignored = _ignored(reader, wanted)
    return [row.id for row in execute_core(_pinned_in(reader, wanted, bool(ignored)), ignored)]


@cached_statement
def _pinned_in(reader: Person, wanted: TopicFilter, leaves_out: bool) -> Select[Any]:
    pinned = _filtered(_listed(reader, leaves_out), wanted).where(Topic.pinned_at.is_not(None))
    return pinned.with_only_columns(Topic.id).limit(MOST_PINNED)


@cached_statement
def _rows_of(
    reader: Person, wanted: TopicFilter, is_from_end: bool, leaves_out: bool
) -> Select[Any]:
    """Some pinned topics and some of the others. Ids first, which an index has, so that deep pages read few rows.

    Their order is that of the ids: asked for that of the rows, SQLite would walk through all of them.
    """
    order = _order(wanted)
    keys = [key.element.label(f"key_{number}") for number, key in enumerate(order)]
    found = _filtered(_listed(reader, leaves_out), wanted).with_only_columns(Topic.id, *keys)
    others = found.where(Topic.id.not_in(bindparam("pinned", expanding=True)))
    if is_from_end:
        others = others.order_by(None).order_by(*(key.element for key in order))
    part = others.limit(_said("limit")).offset(_said("start")).subquery()
    pinned = select(Topic.id, *keys, literal(0).label("part"))
    pinned = pinned.where(Topic.id.in_(bindparam("first", expanding=True)))
    ids = union_all(pinned, select(*part.c, literal(1))).subquery()
    query = _as_lines(select(Topic).join(ids, ids.c.id == Topic.id))
    return query.order_by(ids.c.part, *(ids.c[key.name].desc() for key in keys))


def _said(name: str) -> BindParameter[int]:
    """A number that comes into the statement as it is: PostgreSQL plans for few rows only when it knows how few."""
    return bindparam(name, type_=Integer(), literal_execute=True)


def counts_by_kind(reader: Person, wanted: TopicFilter) -> dict[str, int]:
    """How many topics of each kind the other filters leave, for the tabs of a list."""
    is_kept = not (wanted.theme or wanted.author_id)
    counted = _kept_counts(reader, wanted) if is_kept else _counts(reader, wanted)
    counts = {kind: number for kind, number in execute_core(counted) if number}
    if ignored := _ignored(reader, wanted):
        for kind, number in execute_core(_counts_of_ignored(reader, wanted), ignored):
            counts[kind] = max(0, counts.get(kind, 0) - number)
    return counts


@cached_statement
def _counts_of_ignored(reader: Person, wanted: TopicFilter) -> Select[Any]:
    counted: tuple[Any, Any] = (Topic.kind, func.count())
    query = _where(_listed(reader), wanted).where(_is_by_ignored())
    return query.with_only_columns(*counted).group_by(Topic.kind)


@cached_statement
def _kept_counts(reader: Person, wanted: TopicFilter) -> Select[Any]:
    row = TopicCount
    counted: tuple[Any, Any] = (row.kind, func.sum(row.number))
    query: Select[Any] = select(*counted).where(
        read_by(reader, row.audience), or_(~row.is_hidden, moderated_by(reader, row.agenda_id))
    )
    if wanted.agenda_id:
        query = query.where(row.agenda_id == wanted.agenda_id)
    if wanted.language:
        query = query.where(row.language == wanted.language)
    if wanted.order == "unanswered":
        query = query.where(row.is_waiting)
    return query.group_by(row.kind)


def _counts(reader: Person, wanted: TopicFilter) -> Select[Any]:
    counted: tuple[Any, Any] = (Topic.kind, func.count())
    query = _where(_listed(reader), wanted).with_only_columns(*counted)
    return query.group_by(Topic.kind)


def latest_topics(reader: Person, limit: int) -> Sequence[TopicLine]:
    """The topics with the latest posts, ready for `topic_row`."""
    return first_topics(reader, TopicFilter(), limit)


def questions_waiting(reader: Person, limit: int) -> Sequence[TopicLine]:
    """The newest questions that have no answer yet and take replies, ready for `topic_row`."""
    ignored = _ignored(reader, TopicFilter())
    rows = execute_core(_waiting(reader, bool(ignored), limit), ignored)
    return [_topic_line(row) for row in rows]


@cached_statement
def _waiting(reader: Person, leaves_out: bool, limit: int) -> Select[Any]:
    query = _listed(reader, leaves_out).where(
        Topic.kind == constant("question"),
        Topic.answer_id.is_(None),
        Topic.locked_at.is_(None),
        Topic.hidden_at.is_(None),
    )
    open_ones = _as_lines(query.order_by(Topic.id.desc())).where(Agenda.archived_at.is_(None))
    return open_ones.limit(constant(limit))


def get_topic(reader: Person, topic_id: int) -> Topic:
    """A topic with agenda, author and themes, or `NotFound`."""
    topic: Topic | None = db.session.scalar(_one_topic(reader), {"topic_id": topic_id})
    if topic is None:
        raise NotFound()
    # As `selectinload` does, at half of the cost for one row
    themes = db.session.scalars(_THEMES_OF, {"topic_id": topic_id}).all()
    set_committed_value(topic, "themes", list(themes))
    return topic


def get_topic_line(reader: Person, topic_id: int) -> TopicLine:
    """A topic for its page, or `NotFound`."""

    def read() -> TopicLine:
        rows = execute_core(_one_line(reader), {"topic_id": topic_id}).all()
        if not rows:
            raise NotFound()  # which is not remembered: a new topic touches no topic
        themes = tuple(Name._make(row[-2:]) for row in rows if row[-1] is not None)
        return _topic_line(rows[0], themes)

    return remembered(reader, topic_id, "line", read)


@cached_statement
def _one_line(reader: Person) -> Select[Any]:
    """A topic, once for each of its themes, whose name and slug come last."""
    line = _as_lines(visible_topics(reader).where(Topic.id == bindparam("topic_id")))
    line = line.outerjoin(TopicTheme, TopicTheme.topic_id == Topic.id)
    line = line.outerjoin(Theme, and_(Theme.id == TopicTheme.theme_id, Theme.removed_at.is_(None)))
    return line.add_columns(Theme.name, Theme.slug).order_by(Theme.name)


def _as_lines(query: Select[Any]) -> Select[Any]:
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    return with_people_of(query.with_only_columns(*_OF_TOPIC, *_OF_AGENDA), Topic)


def _topic_line(row: Sequence[Any], themes: tuple[Name, ...] = ()) -> TopicLine:
    agenda = AgendaLine._make(row[26:31])
    return TopicLine._make((*row[:26], agenda, *people_of(row[31:]), themes))


_OF_TOPIC = [getattr(Topic, name) for name in _TopicLine._fields[:26]]
_OF_AGENDA = [getattr(Agenda, name) for name in AgendaLine._fields]
_THEMES_OF = (
    select(Theme)
    .join(TopicTheme, TopicTheme.theme_id == Theme.id)
    .where(TopicTheme.topic_id == bindparam("topic_id"))
    .order_by(Theme.name)
)


@cached_statement
def _one_topic(reader: Person) -> Select[Any]:
    return (
        visible_topics(reader)
        .where(Topic.id == bindparam("topic_id"))
        .options(
            joinedload(Topic.agenda),
            joinedload(Topic.organisation).options(NAME_OF_ORGANISATION),
            written_by(Topic.author),
        )
    )


def _listed(reader: Person, leaves_out: bool = False) -> Select[Any]:
    """A case stands in lists once it has comments. There are few cases, so that they are looked for apart.

    With `leaves_out` it takes the parameter `ignored`: the ids of those whose topics are left out.
    """
    other = aliased(Topic)
    discussed = select(other.id).where(
        other.kind == constant("case"), other.replies_count > constant(0)
    )
    found = visible_topics(reader).where(
        or_(Topic.kind != constant("case"), Topic.id.in_(discussed))
    )
    return found.where(~_is_by_ignored()) if leaves_out else found


def _is_by_ignored() -> ColumnElement[bool]:
    """A case is its agenda's, whoever has written it down."""
    return and_(Topic.author_id.in_(bindparam("ignored", expanding=True)), Topic.kind != "case")


def _filtered(query: Select[Any], wanted: TopicFilter) -> Select[Any]:
    query = _where(query, wanted)
    if wanted.kind:
        query = query.where(Topic.kind == wanted.kind)
    return query.order_by(*_order(wanted))


def _order(wanted: TopicFilter) -> tuple[Any, ...]:
    moment = Topic.created_at if wanted.order == "newest" else Topic.active_at
    return moment.desc(), Topic.id.desc()


def _where(query: Select[Any], wanted: TopicFilter) -> Select[Any]:
    conditions = [
        column == value
        for column, value in (
            (Topic.agenda_id, wanted.agenda_id),
            (Topic.language, wanted.language),
            (Topic.author_id, wanted.author_id),
        )
        if value
    ]
    if wanted.order == "unanswered":
        conditions += [Topic.kind == "question", Topic.answer_id.is_(None)]
    if wanted.theme:
        conditions.append(Topic.id.in_(_about(wanted.theme)))
    return query.where(*conditions)


def _about(theme: str) -> Select[Any]:
    return select(TopicTheme.topic_id).join(Theme).where(Theme.slug == theme)


def agenda_to_open(author: Person, slug: str) -> Agenda:
    """The agenda on which somebody wants to open a topic."""
    agenda = get_agenda(author, slug)
    require(author.can.open_topic(agenda))
    return agenda


def require_writer(person: Person) -> None:
    """Raise `Forbidden` for somebody who may not write."""
    require(person.can.write())
