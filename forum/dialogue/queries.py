"""What readers see of the dialogue: topics, their posts by number, marks, earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from statistics import median
from typing import Any, NamedTuple

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import (
    InstrumentedAttribute,
    aliased,
    contains_eager,
    joinedload,
    load_only,
    selectinload,
)
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import get_agenda
from forum.db import Moment, db, plain
from forum.dialogue.models import (
    POSTS_ON_A_PAGE,
    SAME_HERE,
    TRIED,
    USEFUL,
    Addressed,
    AllRead,
    Held,
    Mark,
    Mention,
    Place,
    Post,
    Quote,
    Revision,
    Said,
    Topic,
    TopicCount,
    TopicTheme,
    Trace,
)
from forum.errors import Forbidden, NotFound
from forum.markup import Written, handles_in, write
from forum.members.models import City, Member, Named, Organisation
from forum.members.queries import members_to_mention
from forum.notifications.models import TOPIC, Event
from forum.notifications.queries import is_unread_about, level
from forum.pages import Page, clamp, pages_for
from forum.permissions import (
    PUBLIC,
    Person,
    for_reach,
    moderated_by,
    read_by,
    require,
    sees_hidden,
    shown_to,
)

TOPICS_ON_A_PAGE = 20
MOST_PINNED = 100  # on one agenda; the next ones stand where their latest post puts them
MOST_NEW = 100  # posts of a topic that are counted as new
KEY_LENGTH = 64
MOST_HELD = 100  # texts of one member that wait
LAST_DECIDED, FEW_DECIDED = 20, 3  # decisions from which it is reckoned how long one waits
LARGEST_ID = 2**31 - 1
BYLINE = load_only(
    Member.handle, Member.name, Member.position, Member.hidden_at, Member.left_at, raiseload=True
)
NAME_OF_ORGANISATION = load_only(Organisation.name, Organisation.slug, raiseload=True)
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


# What pages print of rows, all of it values. The people come with what they wrote, in one query.


class Name(NamedTuple):
    """A city or an organisation by its name."""

    name: str
    slug: str


class _Person(NamedTuple):
    id: int
    handle: str
    name: str
    position: str
    hidden_at: datetime | None
    left_at: datetime | None
    city: Name | None
    organisation: Name | None


class Byline(_Person, Named):
    """Who wrote a post, as far as a page says it."""


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
    hidden_at: datetime | None
    deleted_at: datetime | None
    followed_up_at: datetime | None
    unseen_at: datetime | None
    removed_at: datetime | None
    regrouped_at: datetime | None
    agenda: AgendaLine
    author: Byline
    organisation: Name | None
    themes: tuple[Name, ...]


class TopicLine(_TopicLine, Addressed):
    """A topic as pages print it: a whole row with its agenda and its people took four times the time.

    The `themes` are there on its own page alone.
    """


class Ground(NamedTuple):
    """What of an agenda decides what may be done there."""

    archived_at: datetime | None


class OfTopic(NamedTuple):
    """What of a topic decides how its posts are shown, and what may be done with them."""

    id: int
    kind: str
    agenda_id: int
    author_id: int
    home: str | None
    address: str
    answer_id: int | None
    locked_at: datetime | None
    hidden_at: datetime | None
    deleted_at: datetime | None
    agenda: Ground


def _name(name: str | None, slug: str | None) -> Name | None:
    return Name(name, slug) if name is not None and slug is not None else None


_THEIRS, _FOR = aliased(Organisation), aliased(Organisation)
_OF_PERSON = [getattr(Member, name) for name in _Person._fields[:6]]
_OF_PEOPLE = (
    *_OF_PERSON,
    *(City.name, City.slug, _THEIRS.name, _THEIRS.slug, _FOR.name, _FOR.slug),
)


def _with_people_of(query: Select[Any], written: Any) -> Select[Any]:
    """Add who wrote something, from where, and for which organisation: `_OF_PEOPLE`, of which `_people` makes values."""
    return (
        query.add_columns(*_OF_PEOPLE)
        .join(Member, Member.id == written.author_id)
        .outerjoin(City, City.id == Member.city_id)
        .outerjoin(_THEIRS, _THEIRS.id == Member.organisation_id)
        .outerjoin(_FOR, _FOR.id == written.organisation_id)
    )


def _people(row: Sequence[Any]) -> tuple[Byline, Name | None]:
    author = Byline._make((*row[:6], _name(*row[6:8]), _name(*row[8:10])))
    return author, _name(*row[10:12])


# Topics


def visible_topics(reader: Person) -> Select[Any]:
    """The topics that the reader may see: not deleted, not hidden from them, for an audience of theirs."""
    return select(Topic).where(
        Topic.deleted_at.is_(None),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def topics(
    reader: Person, wanted: TopicFilter, page: int = 1, total: int | None = None
) -> Page[TopicLine]:
    """One page of a list of topics, ready for `topic_row`. A case is on it once it has comments.

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
    which = {"pinned": pinned, "first": first, "limit": limit, "start": start}
    return [_topic_line(row) for row in plain(_rows_of(reader, wanted, is_from_end), which)]


def _pinned(reader: Person, wanted: TopicFilter) -> list[int]:
    """The ids of the topics that stand above the others; only lists of an agenda by activity have some."""
    if not wanted.agenda_id or wanted.order != "active":
        return []
    return [row.id for row in plain(_pinned_in(reader, wanted))]


@for_reach
def _pinned_in(reader: Person, wanted: TopicFilter) -> Select[Any]:
    pinned = _filtered(_listed(reader), wanted).where(Topic.pinned_at.is_not(None))
    return pinned.with_only_columns(Topic.id).limit(MOST_PINNED)


@for_reach
def _rows_of(reader: Person, wanted: TopicFilter, is_from_end: bool) -> Select[Any]:
    """Some pinned topics and some of the others. Ids first, which an index has, so that deep pages read few rows.

    Their order is that of the ids: asked for that of the rows, SQLite would walk through all of them.
    """
    order = _order(wanted)
    keys = [key.element.label(f"key_{number}") for number, key in enumerate(order)]
    found = _filtered(_listed(reader), wanted).with_only_columns(Topic.id, *keys)
    others = found.where(Topic.id.not_in(bindparam("pinned", expanding=True)))
    if is_from_end:
        others = others.order_by(None).order_by(*(key.element for key in order))
    part = others.limit(bindparam("limit")).offset(bindparam("start")).subquery()
    pinned = select(Topic.id, *keys, literal(0).label("part"))
    pinned = pinned.where(Topic.id.in_(bindparam("first", expanding=True)))
    ids = union_all(pinned, select(*part.c, literal(1))).subquery()
    query = _as_lines(select(Topic).join(ids, ids.c.id == Topic.id))
    return query.order_by(ids.c.part, *(ids.c[key.name].desc() for key in keys))


def counts_by_kind(reader: Person, wanted: TopicFilter) -> dict[str, int]:
    """How many topics of each kind the other filters leave, for the tabs of a list."""
    is_kept = not (wanted.theme or wanted.author_id)
    counted = _kept_counts(reader, wanted) if is_kept else _counts(reader, wanted)
    return {kind: number for kind, number in plain(counted) if number}


@for_reach
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
    return [_topic_line(row) for row in plain(_waiting(reader), {"limit": limit})]


@for_reach
def _waiting(reader: Person) -> Select[Any]:
    query = _listed(reader).where(
        Topic.kind == "question",
        Topic.answer_id.is_(None),
        Topic.locked_at.is_(None),
        Topic.hidden_at.is_(None),
    )
    return _as_lines(query.order_by(Topic.id.desc())).limit(bindparam("limit"))


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
    row = plain(_one_line(reader), {"topic_id": topic_id}).first()
    if row is None:
        raise NotFound()
    themes = plain(_THEME_NAMES_OF, {"topic_id": topic_id})
    return _topic_line(row, tuple(Name._make(theme) for theme in themes))


@for_reach
def _one_line(reader: Person) -> Select[Any]:
    return _as_lines(visible_topics(reader).where(Topic.id == bindparam("topic_id")))


def _as_lines(query: Select[Any]) -> Select[Any]:
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    return _with_people_of(query.with_only_columns(*_OF_TOPIC, *_OF_AGENDA), Topic)


def _topic_line(row: Sequence[Any], themes: tuple[Name, ...] = ()) -> TopicLine:
    agenda = AgendaLine._make(row[23:28])
    return TopicLine._make((*row[:23], agenda, *_people(row[28:]), themes))


_OF_TOPIC = [getattr(Topic, name) for name in _TopicLine._fields[:23]]
_OF_AGENDA = [getattr(Agenda, name) for name in AgendaLine._fields]
_THEMES_OF = (
    select(Theme)
    .join(TopicTheme, TopicTheme.theme_id == Theme.id)
    .where(TopicTheme.topic_id == bindparam("topic_id"))
    .order_by(Theme.name)
)
_THEME_NAMES_OF = _THEMES_OF.with_only_columns(Theme.name, Theme.slug).where(
    Theme.removed_at.is_(None)
)


@for_reach
def _one_topic(reader: Person) -> Select[Any]:
    return (
        visible_topics(reader)
        .where(Topic.id == bindparam("topic_id"))
        .options(
            joinedload(Topic.agenda),
            joinedload(Topic.organisation).options(NAME_OF_ORGANISATION),
            _written_by(Topic.author),
        )
    )


def _listed(reader: Person) -> Select[Any]:
    """A case stands in lists once it has comments. There are few cases, so that they are looked for apart."""
    other = aliased(Topic)
    discussed = select(other.id).where(other.kind == "case", other.replies_count > 0)
    return visible_topics(reader).where(or_(Topic.kind != "case", Topic.id.in_(discussed)))


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


# What is new to a member


class Reading(NamedTuple):
    """How a member stands to a topic: the last number read, watching or muted, whether notices about it wait."""

    place: int = 0
    level: str = ""
    has_notices: bool = False


def reading_of(reader: Person, topic: Topic | TopicLine) -> Reading:
    """How the reader stands to a topic."""
    if reader.id is None or not reader.is_member:
        return Reading()
    row = db.session.execute(_reading(), {"member_id": reader.id, "topic_id": topic.id}).one()
    return Reading(row[0] or 0, row[1] or "", bool(row[2]))


@cache
def _reading() -> Select[Any]:
    whose: Any = bindparam("member_id")
    which: Any = bindparam("topic_id")
    place = select(Place.number).where(Place.topic_id == which, Place.member_id == whose)
    about = level(whose, TOPIC, which), is_unread_about(whose, which)
    return select(place.scalar_subquery(), *about)


@dataclass(frozen=True, slots=True)
class News:
    """How many posts of a topic are new to a member, counted up to `MOST_NEW`, and the number of the first."""

    count: int
    number: int

    @property
    def where(self) -> str:
        """What leads to the first new post, behind the topic's own address."""
        page = (self.number - 1) // POSTS_ON_A_PAGE + 1
        return (f"?page={page}" if page > 1 else "") + f"#post-{self.number}"


def news_in(reader: Person, topics: Sequence[Topic | TopicLine]) -> dict[int, News]:
    """What others wrote in topics since the reader joined, read so far, or took all for read; by topic.

    Topics without anything new are left out. Nothing is new to visitors.
    """
    if reader.id is None or not reader.is_member or not topics:
        return {}
    counts = {topic.id: topic.posts_count for topic in topics}
    which = {"member_id": reader.id, "joined_at": reader.joined_at, "ids": list(counts)}
    return {
        key: News(count, place + 1 if 0 < place < counts[key] - MOST_NEW else first)
        for key, count, first, place in db.session.execute(_news(), which)
    }


@cache
def _news() -> Select[Any]:
    whose: Any = bindparam("member_id")
    joined_at: Any = bindparam("joined_at", type_=Moment())
    place, here, everywhere = func.coalesce(Place.number, 0), aliased(AllRead), aliased(AllRead)
    found: Any = select(Topic.id, func.count(), func.min(Post.number), place).join(
        Post, and_(Post.topic_id == Topic.id, Post.number > Topic.posts_count - MOST_NEW)
    )
    for row, which in (
        (Place, Place.topic_id == Topic.id),
        (here, here.agenda_id == Topic.agenda_id),
        (everywhere, everywhere.agenda_id == 0),
    ):
        found = found.outerjoin(row, and_(row.member_id == whose, which))
    moments = (func.coalesce(row.until, joined_at) for row in (here, everywhere))
    since = [Post.created_at > moment for moment in (joined_at, *moments)]
    is_meant = Topic.id.in_(bindparam("ids", expanding=True))
    new: Select[Any] = found.where(
        is_meant, Post.number > place, Post.author_id != whose, *is_there(), *since
    )
    return new.group_by(Topic.id, Place.number)


# Posts


def posts_in(reader: Person, topic: Topic | TopicLine, page: int) -> Page[Line]:
    """The posts whose numbers belong to a page: 1 to 20, 21 to 40, … Gone posts are there, as gaps.

    But those that were removed: of them readers see not even a gap, only who moderates. `topic` is one that the reader was found to see, with its agenda.
    """
    pages = pages_for(topic.posts_count, POSTS_ON_A_PAGE)
    page = clamp(page, pages)
    last = page * POSTS_ON_A_PAGE
    which = {"topic_id": topic.id, "before": last - POSTS_ON_A_PAGE, "last": last}
    lines = _LINES_IN if sees_hidden(reader, topic.agenda_id) else _LINES_NOT_REMOVED
    rows = plain(lines, which | {"answer_id": topic.answer_id}).all()
    place = _of(topic)
    return Page([_line(place, row) for row in rows], page, pages, topic.posts_count)


class _Line(NamedTuple):
    id: int
    number: int
    author_id: int
    html: Markup
    language: str
    paragraph: str | None
    useful_count: int
    same_here_count: int
    tried_count: int
    created_at: datetime
    edited_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str
    removed_at: datetime | None
    deleted_at: datetime | None
    note_html: Markup
    note_language: str
    edit_asked_at: datetime | None
    edit_answered_at: datetime | None
    source: str
    topic: OfTopic
    author: Byline
    organisation: Name | None


class Line(_Line, Said):
    """A post as a page prints it, all of it values: twenty whole rows with their people took twice the time.

    The `source` is that of an answer; other posts are shown without it.
    """


_OF_POST = [getattr(Post, name) for name in _Line._fields[:19]]
_OF_ANSWER = case((Post.id == bindparam("answer_id"), Post.source), else_="")
_LINES = _with_people_of(select(*_OF_POST, _OF_ANSWER), Post)
_LINES_IN = _LINES.where(
    Post.topic_id == bindparam("topic_id"),
    Post.number > bindparam("before"),
    Post.number <= bindparam("last"),
).order_by(Post.number)
_LINES_NOT_REMOVED = _LINES_IN.where(Post.removed_at.is_(None))


def _of(topic: Topic | TopicLine) -> OfTopic:
    values = [getattr(topic, name) for name in OfTopic._fields[:-1]]
    return OfTopic._make((*values, Ground(topic.agenda.archived_at)))


def _line(place: OfTopic, row: Sequence[Any]) -> Line:
    return Line._make((*row[:20], place, *_people(row[20:])))


def get_post(reader: Person, post_id: int, *of_topic: Any) -> Post:
    """A post with its topic, agenda and author, or `NotFound`. It may be gone: ask `is_gone`.

    `of_topic` are further things to load with the topic.
    """
    query = visible_posts(reader, *of_topic).where(Post.id == post_id)
    post: Post | None = db.session.scalar(_with_people(query))
    if post is None:
        raise NotFound()
    return post


def visible_posts(reader: Person, *of_topic: Any) -> Select[Any]:
    """The posts, and the gaps that some have left, in the topics that the reader may see.

    A removed post is there for who moderates its agenda, and for nobody else.
    """
    whole = visible_topics(reader).whereclause
    query = select(Post).join(Post.topic)
    query = query.where(shown_to(reader, Post.removed_at, Topic.agenda_id))
    return (query.where(whole) if whole is not None else query).options(
        contains_eager(Post.topic).options(joinedload(Topic.agenda), *of_topic)
    )


def written(source: str, language: str = "en") -> Written:
    """A text as it is stored, in which the names of members whom it mentions are links."""
    handles = handles_in(source)
    people = {member.handle for member in members_to_mention(handles)} if handles else ()
    return write(source, language, people)


def answer_of(reader: Person, topic: Topic | TopicLine) -> Line | None:
    """The post that was chosen as the answer, with its author; None when there is none to read."""
    if topic.answer_id is None:
        return None
    row = plain(_answer_line(), {"answer_id": topic.answer_id}).first()
    return _line(_of(topic), row) if row else None


@cache
def _answer_line() -> Select[Any]:
    return _LINES.where(Post.id == bindparam("answer_id"), *is_there())


def paragraph_comments(reader: Person, topic: Topic, limit: int = 300) -> dict[str, list[Post]]:
    """The comments of a case's topic on single paragraphs, by the paragraph's key, oldest first."""
    query = select(Post).where(Post.topic_id == topic.id, Post.paragraph.is_not(None), *is_there())
    found: dict[str, list[Post]] = {}
    for post in db.session.scalars(_with_people(query.order_by(Post.number).limit(limit))):
        found.setdefault(post.paragraph or "", []).append(post)
    return found


def _with_people(query: Select[Any]) -> Select[Any]:
    for_whom = joinedload(Post.organisation).options(NAME_OF_ORGANISATION)
    return query.options(for_whom, _written_by(Post.author))


def _written_by(relationship: Any) -> Any:
    """Who wrote something, as far as a page says it: the rest of a row costs time, twenty times a page."""
    return joinedload(relationship).options(
        BYLINE,
        joinedload(Member.city).options(load_only(City.name, City.slug, raiseload=True)),
        joinedload(Member.organisation).options(NAME_OF_ORGANISATION),
    )


def is_there() -> tuple[Any, ...]:
    """In SQL: a post with a text that readers may see."""
    return (Post.deleted_at.is_(None), Post.hidden_at.is_(None))


# What went to other topics, and what came from there

MOST_STEPS = 20  # from a topic to the one it is in now


class Regrouped(NamedTuple):
    """A line in a topic: so many posts went from here to another, or (`has_come`) came here from there.

    `address` is empty where the other topic leads back here.
    """

    posts: int
    title: str
    language: str
    address: str
    has_come: bool


def regrouped_in(reader: Person, topic: TopicLine, posts: Page[Line]) -> dict[int, list[Regrouped]]:
    """The lines of a page by the number of the post before which they stand; 0 for the end of the page.

    Posts to be read are counted alone, and topics that the reader sees are named alone.
    """
    if topic.regrouped_at is None:
        return {}
    last = posts.number * POSTS_ON_A_PAGE
    which = {"topic_id": topic.id, "before": last - POSTS_ON_A_PAGE, "last": last}
    lines: dict[int, list[Regrouped]] = {}
    for has_come, query in ((False, _gone_from(reader)), (True, _come_to(reader))):
        for number, line in _runs(plain(query, which), has_come):
            place = next((post.number for post in posts.items if post.number >= number), 0)
            lines.setdefault(place, []).append(line)
    return lines


def _runs(rows: Iterable[Any], has_come: bool) -> list[tuple[int, Regrouped]]:
    """Rows of (number, topic's id, slug, title, language, whether it is merged), one line for each run of the same topic."""
    found: list[tuple[int, int, Regrouped]] = []
    for number, topic_id, slug, title, language, is_merged in rows:
        if found and found[-1][1] == topic_id:
            start, _id, line = found[-1]
            found[-1] = (start, topic_id, line._replace(posts=line.posts + 1))
        else:
            address = "" if is_merged else f"/topics/{topic_id}-{slug}"
            found.append((number, topic_id, Regrouped(1, title, language, address, has_come)))
    return [(number, line) for number, _id, line in found]


_HERE: Any = bindparam("topic_id")


@for_reach
def _gone_from(reader: Person) -> Select[Any]:
    number, here = Trace.number, _HERE
    query = _other_topics(reader, number).join(Post, Post.topic_id == Topic.id)
    query = query.join(Trace, Trace.post_id == Post.id).where(Trace.topic_id == here)
    there = Topic.id != here, Topic.deleted_at.is_(None)
    return query.where(*there, *is_there(), *_on_page(number)).order_by(number)


@for_reach
def _come_to(reader: Person) -> Select[Any]:
    number, here, later = Post.number, _HERE, aliased(Trace)
    query = _other_topics(reader, number).join(Trace, Trace.topic_id == Topic.id)
    query = query.join(Post, Post.id == Trace.post_id).where(Post.topic_id == here)
    is_passed = select(later.topic_id).where(later.post_id == Post.id, later.step > Trace.step)
    there = Topic.id != here, ~is_passed.exists()
    return query.where(*there, *is_there(), *_on_page(number)).order_by(number)


def _other_topics(reader: Person, number: Any) -> Select[Any]:
    is_merged = Topic.merged_into_id.is_not(None)
    columns: tuple[Any, ...] = (number, Topic.id, Topic.slug, Topic.title, Topic.language)
    return select(*columns, is_merged).where(
        Topic.title != "",
        or_(is_merged, Topic.deleted_at.is_(None)),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def _on_page(number: Any) -> tuple[Any, ...]:
    return number > bindparam("before"), number <= bindparam("last")


def topic_after_merge(reader: Person, topic_id: int) -> Topic:
    """The topic that another one was put into, however often, if the reader sees it; else `NotFound`."""
    for _step in range(MOST_STEPS):
        query = select(Topic.merged_into_id).where(Topic.id == topic_id)
        into = db.session.scalar(query)
        if into is None:
            break
        topic_id = into
    return get_topic(reader, topic_id)


def why_out_of_sight(reader: Person, topic_id: int) -> str:
    """A sentence for who asks for a topic that is hidden and not removed, and that the reader could see else; or nothing."""
    query = select(Topic.hidden_reason).where(
        Topic.id == topic_id,
        Topic.home.is_(None),
        Topic.hidden_at.is_not(None),
        Topic.removed_at.is_(None),
        Topic.deleted_at.is_(None),
        read_by(reader, Topic.audience),
    )
    reason = db.session.scalar(query)
    if not reason:
        return "" if reason is None else gettext("The moderators have hidden this topic.")
    return gettext("The moderators have hidden this topic. %(reason)s.", reason=reason.rstrip("."))


def address_after_merge(reader: Person, topic_id: int, number: int) -> str:
    """Where what stood in a topic under a number, or else the next that did, stands after it was put into another."""
    target = topic_after_merge(reader, topic_id)
    query = select(Trace.post_id).where(Trace.topic_id == topic_id, Trace.number >= number)
    post_id = db.session.scalar(query.order_by(Trace.number).limit(1))
    if post_id is None or target.id == topic_id:
        return target.address
    try:
        return get_post(reader, post_id).address
    except NotFound:
        return target.address


# Marks and earlier versions


def is_told(member: Person, kind: str, post_id: int) -> bool:
    """Whether a notice about what the member did to a post has been noted already."""
    noted = select(Event.id).filter_by(actor_id=member.id, kind=kind, post_id=post_id)
    return bool(db.session.scalar(select(noted.exists())))


def my_marks(member: Person, posts: Iterable[Post | Line]) -> dict[int, dict[str, Mark]]:
    """What a reader said to each of these posts: {post id: {kind: mark}}; nothing for a visitor."""
    found: dict[int, dict[str, Mark]] = {}
    which = _marks_of(member, posts)
    for mark in db.session.scalars(select(Mark).where(_IS_MINE), which) if which else ():
        found.setdefault(mark.post_id, {})[mark.kind] = mark
    return found


def my_kinds(member: Person, posts: Iterable[Post | Line]) -> dict[int, frozenset[str]]:
    """The same by the kinds alone: {post id: kinds}."""
    found: dict[int, frozenset[str]] = {}
    which = _marks_of(member, posts)
    for post_id, kind in plain(_KINDS, which) if which else ():
        found[post_id] = found.get(post_id, frozenset()) | {kind}
    return found


def _marks_of(member: Person, posts: Iterable[Post | Line]) -> dict[str, Any]:
    ids = [post.id for post in posts]
    return {"post_ids": ids, "member_id": member.id} if member.is_member and ids else {}


_IS_MINE = and_(
    Mark.post_id.in_(bindparam("post_ids", expanding=True)),
    Mark.member_id == bindparam("member_id"),
)
_KINDS = select(Mark.post_id, Mark.kind).where(_IS_MINE)


def tried_in(topic_id: int, number: int | None = None, limit: int = 500) -> Sequence[Mark]:
    """Who tried what a topic's posts (or the one of that number) tell, with member and city, by city.

    The topic is one that the reader was found to see.
    """
    query = (
        select(Mark)
        .join(Post, Post.id == Mark.post_id)
        .join(Mark.member)
        .outerjoin(Mark.city)
        .where(Mark.kind == TRIED, Post.topic_id == topic_id, *is_there())
        .where(Member.hidden_at.is_(None))
        .options(contains_eager(Mark.member), contains_eager(Mark.city))
        .order_by(City.name.is_(None), City.name, Mark.created_at, Mark.member_id)
    )
    if number is not None:
        query = query.where(Post.number == number)
    return db.session.scalars(query.limit(limit)).all()


def revisions_of(reader: Person, post: Post, limit: int = 100) -> Sequence[Revision]:
    """What a post said before, newest first, withdrawn ones as gaps without a text."""
    require(reader.can.compare(post))
    query = select(Revision).where(Revision.post_id == post.id)
    return db.session.scalars(query.order_by(Revision.id.desc()).limit(limit)).all()


# Rows for those who may do something with them


def agenda_to_open(author: Person, slug: str) -> Agenda:
    """The agenda on which somebody wants to open a topic."""
    agenda = get_agenda(author, slug)
    require(author.can.open_topic(agenda))
    return agenda


def topic_to_reply(author: Person, topic_id: int) -> Topic:
    """A topic that somebody wants to reply to; one that was put into another meanwhile is that other."""
    try:
        topic = get_topic(author, topic_id)
    except NotFound:
        topic = topic_after_merge(author, topic_id)
    require(author.can.reply(topic))
    return topic


def post_to_edit(author: Person, post_id: int) -> Post:
    """A post that its author wants to edit, its topic with themes; not that of a case or practice itself."""
    post = get_post(author, post_id, selectinload(Topic.themes))
    require(author.can.edit(post))
    return _without_home(post)


def post_to_delete(author: Person, post_id: int) -> Post:
    """A post that its author wants to delete; not that of a case or practice itself."""
    post = get_post(author, post_id)
    require(author.can.delete(post))
    return _without_home(post)


def post_to_mark(member: Person, post_id: int) -> Post:
    """A post that somebody wants to mark."""
    post = get_post(member, post_id)
    require(member.can.mark(post))
    return post


def post_to_compare(reader: Person, post_id: int) -> Post:
    """A post whose earlier versions somebody wants to read."""
    post = get_post(reader, post_id)
    require(reader.can.compare(post))
    return post


def require_writer(person: Person) -> None:
    """Raise `Forbidden` for somebody who may not write."""
    require(person.can.write())


def _without_home(post: Post) -> Post:
    if post.number == 1 and post.topic.home:
        raise Forbidden(gettext("This is changed on its own page."))
    return post


# Rows that a deed decides on, held until it is done. They are held first and read afterwards: PostgreSQL, when
# it has waited for a row, reads that row anew, but not what was joined to it (the agenda that it has left).


def topic_to_change(doer: Person, topic_id: int) -> Topic:
    """A topic that the doer sees, with its agenda, locked."""
    held = visible_topics(doer).where(Topic.id == topic_id).with_only_columns(Topic.id)
    if db.session.scalar(held.with_for_update(of=Topic)) is None:
        raise NotFound()
    query = select(Topic).where(Topic.id == topic_id).options(joinedload(Topic.agenda))
    return db.session.scalars(query).one()


def topic_if_there(reader: Person, topic_id: int | None) -> Topic | None:
    """A topic with its agenda, unless the reader does not see it any more."""
    query = visible_topics(reader).where(Topic.id == topic_id)
    topic: Topic | None = db.session.scalar(query.options(joinedload(Topic.agenda)))
    return topic


def post_if_there(reader: Person, post_id: int | None) -> Post | None:
    """A post with its topic and agenda, unless the reader does not see it any more."""
    post: Post | None = db.session.scalar(visible_posts(reader).where(Post.id == post_id))
    return post


def topics_to_change(doer: Person, topic_ids: Iterable[int]) -> dict[int, Topic]:
    """Topics that the doer sees, with their agendas, all locked in the same order; or `NotFound`."""
    return {topic_id: topic_to_change(doer, topic_id) for topic_id in sorted(topic_ids)}


def merged_topic(doer: Person, topic_id: int) -> Topic:
    """A topic that was put into another, with its agenda, locked; `NotFound` when it is none."""
    query = select(Topic).where(Topic.id == topic_id, Topic.merged_into_id.is_not(None))
    if db.session.scalar(query.with_only_columns(Topic.id).with_for_update(of=Topic)) is None:
        raise NotFound()
    return db.session.scalars(query.options(joinedload(Topic.agenda))).one()


def post_to_change(doer: Person, post_id: int) -> Post:
    """A post in a topic that the doer sees, both locked. One that went to another topic meanwhile is found there."""
    held = visible_topics(doer).join(Post, Post.topic_id == Topic.id).where(Post.id == post_id)
    held = held.where(shown_to(doer, Post.removed_at, Topic.agenda_id))
    held = held.with_only_columns(Post.id).with_for_update(of=(Topic, Post))
    if db.session.scalar(held) is None and db.session.scalar(held) is None:
        raise NotFound()
    post: Post = db.session.scalars(visible_posts(doer).where(Post.id == post_id)).one()
    return post


def posts_to_move(topic: Topic) -> list[Post]:
    """All posts of a topic in their order with their authors, gone ones too, held until the deed is done."""
    query = select(Post).where(Post.topic_id == topic.id).order_by(Post.number)
    query = query.options(joinedload(Post.author).joinedload(Member.city))
    return list(db.session.scalars(query.with_for_update(of=Post)))


def latest_in(topic: Topic) -> datetime | None:
    """When the latest of a topic's posts was written, gone ones too."""
    return db.session.scalar(select(func.max(Post.created_at)).where(Post.topic_id == topic.id))


def replies_in(topic: Topic) -> int:
    """How many replies of a topic readers see."""
    seen = select(func.count()).where(Post.topic_id == topic.id, Post.number > 1, *is_there())
    return db.session.scalar(seen) or 0


def theme_ids_of(topic: Topic) -> Sequence[int]:
    """The ids of a topic's themes."""
    themes = select(TopicTheme.theme_id).where(TopicTheme.topic_id == topic.id)
    return db.session.scalars(themes).all()


def read_until(topic_id: int, number: int) -> Select[Any]:
    """The ids of those who have read a topic up to a number at least."""
    there = aliased(Place)  # beside the places in another topic
    far = there.topic_id == topic_id, there.number >= number
    return select(there.member_id).where(*far)


def last_to_read(topic: Topic) -> int:
    """The number of the last post that readers of a topic come to."""
    seen = select(func.max(Post.number)).where(Post.topic_id == topic.id)
    return db.session.scalar(seen.where(Post.removed_at.is_(None))) or 0


def places_after(topic_id: int, target_id: int) -> Select[Any]:
    """How far those who have read in a topic are in the one that its posts have gone to: target, member, number."""
    met = select(func.max(Post.number)).join(Trace, Trace.post_id == Post.id)
    met = met.where(Trace.topic_id == topic_id, Post.topic_id == target_id)
    far = met.where(Trace.number <= Place.number).correlate(Place).scalar_subquery()
    found = select(literal(target_id), Place.member_id, far.label("number"))
    return found.where(Place.topic_id == topic_id, far.is_not(None))


def steps_of(post_ids: Iterable[int]) -> dict[int, int]:
    """How often posts have gone to another topic so far; those that never did are left out."""
    counted = select(Trace.post_id, func.max(Trace.step)).where(Trace.post_id.in_(list(post_ids)))
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Trace.post_id))}


def opened_by(post_ids: Iterable[int]) -> Sequence[Topic]:
    """The topics that some posts have opened before they were put into others."""
    first = select(Trace.topic_id).where(Trace.post_id.in_(post_ids), Trace.number == 1)
    merged = select(Topic).where(Topic.id.in_(first), Topic.merged_into_id.is_not(None))
    return db.session.scalars(merged.with_for_update()).all()


def posts_to_index(post_ids: Iterable[int]) -> Sequence[Post]:
    """Posts in order of writing, gone ones too, with their topics and authors, all held until the deed is done."""
    query = select(Post).join(Post.topic).where(Post.id.in_(post_ids)).order_by(Post.id)
    people = joinedload(Post.author).joinedload(Member.city)
    query = query.options(contains_eager(Post.topic), people)
    return db.session.scalars(query.with_for_update(of=(Topic, Post))).all()


Source = tuple[int, str, str]  # id, source and language of a post


def posts_quoting(member_id: int, after: int, limit: int) -> list[Source]:
    """Some posts that quote a member's, after an id."""
    quoted = aliased(Post)
    theirs = (
        select(Quote.post_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .where(quoted.author_id == member_id, Quote.post_id > after)
    )
    ids = db.session.scalars(theirs.distinct().order_by(Quote.post_id).limit(limit)).all()
    return _sources(Post.id.in_(ids))


def posts_naming(words: Sequence[str], after: int, until: int, limit: int) -> list[Source]:
    """Some posts, between two ids, that hold one of some words, or held one in an earlier version."""

    def holds(text: Any) -> ColumnElement[bool]:
        return or_(*(text.icontains(word, autoescape=True) for word in words))

    held = select(Revision.id).where(Revision.post_id == Post.id, holds(Revision.source)).exists()
    here = (Post.id > after, Post.id <= until, or_(holds(Post.source), held))
    return _sources(*here, limit=limit)


def posts_written(member_id: int, after: int, limit: int) -> list[Source]:
    """Some posts that a member has written and not deleted, after an id."""
    mine = (Post.author_id == member_id, Post.id > after, Post.deleted_at.is_(None))
    return _sources(*mine, limit=limit)


def _sources(*which: ColumnElement[bool], limit: int | None = None) -> list[Source]:
    query = select(Post.id, Post.source, Post.language).where(*which).order_by(Post.id)
    rows = db.session.execute(query.limit(limit))
    return [(row.id, row.source, row.language) for row in rows]


def earlier_sources(post_ids: Sequence[int]) -> Sequence[str]:
    """What some posts said before."""
    return db.session.scalars(select(Revision.source).where(Revision.post_id.in_(post_ids))).all()


def are_by(member_id: int, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts that a member has written."""
    theirs = select(Post.id).where(Post.id.in_(post_ids), Post.author_id == member_id)
    return set(db.session.scalars(theirs))


def last_post_id() -> int:
    """The highest id that a post has."""
    return db.session.scalar(select(func.max(Post.id))) or 0


def revisions_to_reword(post_ids: Iterable[int]) -> Sequence[Revision]:
    """What some posts said before."""
    return db.session.scalars(select(Revision).where(Revision.post_id.in_(list(post_ids)))).all()


def marks_to_remove(member_id: int, limit: int) -> Sequence[Mark]:
    """Some marks of a member, with their posts held in order."""
    theirs = select(Mark).where(Mark.member_id == member_id)
    marks = db.session.scalars(theirs.order_by(Mark.post_id, Mark.kind).limit(limit)).all()
    ids = {mark.post_id for mark in marks}
    db.session.scalars(select(Post.id).where(Post.id.in_(ids)).order_by(Post.id).with_for_update())
    return marks


def gone_posts(topic: Topic) -> Sequence[int]:
    """The ids of a topic's posts that were hidden or deleted by themselves."""
    query = select(Post.id).where(Post.topic_id == topic.id)
    is_gone = or_(Post.deleted_at.is_not(None), Post.hidden_at.is_not(None))
    return db.session.scalars(query.where(is_gone)).all()


def out_of_sight(model: Any, ids: Sequence[int]) -> Sequence[int]:
    """The ids of those topics or posts that are hidden or deleted, all held until the deed is done."""
    held = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return [row.id for row in db.session.scalars(held) if row.hidden_at or row.deleted_at]


def first_post(topic: Topic) -> Post:
    """The post that opens a topic."""
    query = select(Post).where(Post.topic_id == topic.id, Post.number == 1)
    return db.session.scalars(query).one()


def post_of_key(author: Person, key: str | None) -> Post | None:
    """The post that an author has sent with a submission key, with its topic."""
    if not key:
        return None
    sent = select(Post).where(Post.author_id == author.id, Post.submission_key == key[:KEY_LENGTH])
    return db.session.scalar(sent.options(joinedload(Post.topic)))


def posts_by_author(topic: Topic) -> Sequence[tuple[int, int]]:
    """Who has written how many posts in a topic: those that readers see, without a case or practice itself."""
    query = select(Post.author_id, func.count()).where(
        Post.topic_id == topic.id, Post.number > (1 if topic.home else 0), *is_there()
    )
    by_author = query.group_by(Post.author_id).order_by(Post.author_id)
    return [(author_id, count) for author_id, count in db.session.execute(by_author)]


def quoted_by(post_id: int) -> set[int]:
    """The ids of the posts that a post is known to quote."""
    return set(db.session.scalars(select(Quote.quoted_id).where(Quote.post_id == post_id)))


def mentioned_by(post_id: int) -> set[int]:
    """The ids of the members whom a post mentions, or did before it was edited."""
    return set(db.session.scalars(select(Mention.member_id).where(Mention.post_id == post_id)))


def posts_to_quote(reader: Person, ids: Iterable[int]) -> Sequence[Post]:
    """Those of the posts that the reader may read, with their topics."""
    known = [post_id for post_id in ids if 0 < post_id <= LARGEST_ID]
    if not known:
        return []
    query = visible_posts(reader).where(Post.id.in_(known), Topic.hidden_at.is_(None), *is_there())
    return db.session.scalars(_with_people(query)).all()


# Texts that a rule holds back


def is_kept_back() -> tuple[Any, ...]:
    """In SQL: a text that waits, or was refused and is still there."""
    return (Held.became_id.is_(None), Held.source != "")


def visible_held(reader: Person) -> Select[Any]:
    """The texts that wait or were refused: one's own, and those on agendas that the reader moderates."""
    is_own = and_(Held.author_id == reader.id, literal(reader.is_member))
    is_theirs = or_(is_own, moderated_by(reader, Held.agenda_id))
    return select(Held).where(is_theirs, *is_kept_back()).options(*_around_held())


def _around_held() -> tuple[Any, ...]:
    topic = joinedload(Held.topic).joinedload(Topic.agenda)
    post = joinedload(Held.post).joinedload(Post.topic)
    return joinedload(Held.agenda), topic, post, joinedload(Held.author).joinedload(Member.city)


def held_waiting(reader: Person) -> Select[Any]:
    """What waits for this reader to approve or refuse it, longest first, with author, agenda and topic."""
    waits = select(Held).where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))
    return waits.options(*_around_held()).order_by(Held.created_at, Held.id)


@for_reach
def held_counted(reader: Person) -> Select[Any]:
    """A select of how many texts wait for this reader."""
    waits = select(func.count()).select_from(Held)
    return waits.where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))


def get_held(reader: Person, held_id: int) -> Held:
    """A text that waits or was refused, for its author and who moderates its agenda; else `NotFound`."""
    held: Held | None = db.session.scalar(visible_held(reader).where(Held.id == held_id))
    if held is None:
        raise NotFound()
    return held


def my_held(author: Person) -> Sequence[Held]:
    """One's own texts that wait or were refused, the newest first."""
    require(author.can.see_notices())
    mine = visible_held(author).where(Held.author_id == author.id)
    return db.session.scalars(mine.order_by(Held.id.desc()).limit(MOST_HELD)).all()


def my_held_in(author: Person, topic: Topic | TopicLine) -> Sequence[Held]:
    """The same in one topic, in the order of writing; no question is asked for those who have none."""
    if not author.waiting_count:
        return []
    mine = visible_held(author).where(Held.author_id == author.id, Held.topic_id == topic.id)
    return db.session.scalars(mine.order_by(Held.id).limit(MOST_HELD)).all()


def my_held_text(author: Person, held_id: int) -> Held:
    """One's own text that waits or was refused; else `NotFound`, also for moderators, who read it in the queue."""
    require(author.can.see_notices())
    held = get_held(author, held_id)
    if held.author_id != author.id:
        raise NotFound()
    return held


def became_of(author: Person, held_id: int) -> int | None:
    """The post that one's own text has become, if it has."""
    became = select(Held.became_id).where(Held.id == held_id, Held.author_id == author.id)
    return db.session.scalar(became)


def held_to_revise(author: Person, held_id: int) -> Held:
    """One's own text for changing it."""
    require(author.can.see_notices())
    held = get_held(author, held_id)
    require(author.can.revise(held))
    return held


def hold_held(doer: Person, held_id: int) -> Held:
    """A text that the doer sees, whatever became of it, held until the deed is done; else `NotFound`."""
    found: Held | None = db.session.scalar(
        select(Held).where(Held.id == held_id).with_for_update(of=Held)
    )
    if found is None:
        raise NotFound(gettext("Its author has taken this text back."))
    if not doer.can.see_held(found):
        raise NotFound()
    return found


def held_of_key(author: Person, key: str | None) -> Held | None:
    """What an author has sent with a submission key, and a rule holds back or held back."""
    if not key:
        return None
    sent = select(Held).where(Held.author_id == author.id, Held.submission_key == key[:KEY_LENGTH])
    return db.session.scalar(sent)


def held_edit_of(author: Person, post_id: int) -> Held | None:
    """The change of a post that waits, or was refused."""
    mine = select(Held).where(Held.author_id == author.id, Held.post_id == post_id)
    return db.session.scalar(mine.where(*is_kept_back()).with_for_update(of=Held))


def refused_before(moment: datetime, limit: int) -> Sequence[Held]:
    """Some texts that were refused before a moment and are still there, held."""
    old = select(Held).where(Held.decided_at < moment, *is_kept_back())
    return db.session.scalars(old.order_by(Held.id).limit(limit).with_for_update(of=Held)).all()


def held_of(member_id: int) -> Sequence[Held]:
    """All that waits, or was refused, of one member."""
    theirs = select(Held).where(Held.author_id == member_id, *is_kept_back())
    return db.session.scalars(theirs.with_for_update(of=Held)).all()


def usual_wait() -> timedelta | None:
    """How long texts have waited of late: the median of the last decisions; None while there are few."""
    last = select(Held.created_at, Held.decided_at).where(Held.decided_at.is_not(None))
    rows = db.session.execute(last.order_by(Held.decided_at.desc()).limit(LAST_DECIDED)).all()
    waits = sorted((decided - created).total_seconds() for created, decided in rows if decided)
    return timedelta(seconds=median(waits)) if len(waits) >= FEW_DECIDED else None


class Fates(NamedTuple):
    """What became of the texts that a rule held back."""

    waiting: int = 0
    approved: int = 0
    refused: int = 0

    @property
    def held(self) -> int:
        """How many there were, but for those that their authors took back."""
        return self.waiting + self.approved + self.refused


def fates_of(rule_ids: Sequence[int]) -> dict[int, Fates]:
    """What became of the texts that these rules held back, by rule; counted in the rows."""
    is_open = Held.decided_at.is_(None)
    is_approved = Held.became_id.is_not(None)
    counted = (
        func.sum(case((is_open, 1), else_=0)),
        func.sum(case((is_approved, 1), else_=0)),
        func.sum(case((and_(~is_open, ~is_approved), 1), else_=0)),
    )
    query: Any = select(Held.rule_id, *counted).where(Held.rule_id.in_(rule_ids))
    rows = db.session.execute(query.group_by(Held.rule_id))
    return {rule_id: Fates(*map(int, numbers)) for rule_id, *numbers in rows}


# First posts, which a moderator is asked to look at


def has_written(author: Person, number: int) -> bool:
    """Whether somebody has written so many posts, wherever and whatever became of them."""
    written = select(Post.id).where(Post.author_id == author.id).limit(number).subquery()
    return (db.session.scalar(select(func.count()).select_from(written)) or 0) >= number


def first_posts(reader: Person) -> Select[Any]:
    """First posts that wait for this reader to look at them, the oldest first, each with its topic and agenda."""
    posts = visible_posts(reader).where(Post.unseen_at.is_not(None), *is_there())
    waits = posts.where(Topic.hidden_at.is_(None), moderated_by(reader, Topic.agenda_id))
    return waits.order_by(Post.unseen_at, Post.id)


# What rows keep of other rows, and the truth of it: for `flask check`, and for the deeds that mend what is wrong


def _number(row: Any, *which: Any) -> ScalarSelect[Any]:
    return select(func.count()).select_from(row).where(*which).scalar_subquery()


def _later(column: InstrumentedAttribute[Any], truth: ScalarSelect[Any]) -> ColumnElement[Any]:
    return case((truth > column, truth), else_=column)


def _higher(one: ScalarSelect[Any], other: ScalarSelect[Any]) -> ColumnElement[Any]:
    return case((other > one, other), else_=one)


def _of_topic(what: Any, *which: Any) -> ScalarSelect[Any]:
    return select(what).where(Post.topic_id == Topic.id, *which).scalar_subquery()


def _marks(kind: str) -> ScalarSelect[Any]:
    return _number(Mark, Mark.post_id == Post.id, Mark.kind == kind)


IS_PUBLIC = (Topic.hidden_at.is_(None), Topic.deleted_at.is_(None), Topic.audience == PUBLIC)
IS_NO_PAGE = or_(Post.number > 1, Topic.home.is_(None))  # not the case or practice itself
KEPT: dict[Any, dict[InstrumentedAttribute[Any], ColumnElement[Any] | ScalarSelect[Any]]] = {
    Topic: {
        Topic.posts_count: _higher(
            _of_topic(func.coalesce(func.max(Post.number), 0)),
            select(func.coalesce(func.max(Trace.number), 0))
            .where(Trace.topic_id == Topic.id)
            .scalar_subquery(),
        ),
        Topic.replies_count: _of_topic(func.count(), Post.number > 1, *is_there()),
        Topic.active_at: func.coalesce(_of_topic(func.max(Post.created_at)), Topic.active_at),
        Topic.answer_id: _of_topic(
            Post.id, Post.id == Topic.answer_id, Post.number > 1, *is_there()
        ),
        Topic.answered_by_id: _of_topic(
            Post.author_id, Post.id == Topic.answer_id, Post.number > 1, *is_there()
        ),
    },
    Post: {
        Post.useful_count: _marks(USEFUL),
        Post.same_here_count: _marks(SAME_HERE),
        Post.tried_count: _marks(TRIED),
    },
    Agenda: {
        Agenda.topics_count: _number(
            Topic, Topic.agenda_id == Agenda.id, Topic.kind != "case", *IS_PUBLIC
        ),
        # It keeps the latest activity of topics that have been moved away as well.
        Agenda.active_at: _later(
            Agenda.active_at,
            select(func.max(Topic.active_at)).where(Topic.agenda_id == Agenda.id).scalar_subquery(),
        ),
    },
    Member: {
        Member.posts_count: select(func.count())
        .select_from(Post)
        .join(Topic, Topic.id == Post.topic_id)
        .where(Post.author_id == Member.id, IS_NO_PAGE, *IS_PUBLIC, *is_there())
        .scalar_subquery(),
        Member.waiting_count: _number(Held, Held.author_id == Member.id, *is_kept_back()),
    },
}


def truth_of(model: Any, ids: Sequence[int]) -> Sequence[Any]:
    """What rows should keep of the dialogue, (id, …) in the order of `KEPT`; they are held until the deed is done."""
    held = select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    there = db.session.scalars(held).all()
    truths = [truth.label(column.key) for column, truth in KEPT[model].items()]
    query = select(model.id, *truths).where(model.id.in_(there))
    return db.session.execute(query.order_by(model.id)).all()


Shelf = tuple[int, str, str, str, bool, bool]  # the key of a `TopicCount`


def shelf_of(topic: Topic) -> Shelf | None:
    """Where a topic counts among the topics of lists; None when it stands in none."""
    if topic.deleted_at or (topic.kind == "case" and not topic.replies_count):
        return None
    is_waiting = topic.kind == "question" and topic.answer_id is None
    place = (topic.agenda_id, topic.kind, topic.audience, topic.language)
    return (*place, topic.hidden_at is not None, is_waiting)


def true_shelves() -> Select[Any]:
    """How many topics stand in lists, by key: what every `TopicCount` should say."""
    is_waiting = and_(Topic.kind == "question", Topic.answer_id.is_(None)).label("is_waiting")
    is_hidden = Topic.hidden_at.is_not(None).label("is_hidden")
    key = (Topic.agenda_id, Topic.kind, Topic.audience, Topic.language, is_hidden, is_waiting)
    in_lists = or_(Topic.kind != "case", Topic.replies_count > 0)
    rows = select(*key).where(Topic.deleted_at.is_(None), in_lists).subquery()
    return select(*rows.c, func.count().label("number")).group_by(*rows.c)


def wrong_shelves() -> list[tuple[Shelf, int, int]]:
    """The keys under which another number of topics is kept than there is: key, number kept, number there."""
    kept = _numbers(select(*TopicCount.__table__.columns))
    true = _numbers(true_shelves())
    pairs = ((key, kept.get(key, 0), true.get(key, 0)) for key in sorted({*kept, *true}))
    return [(key, has, should) for key, has, should in pairs if has != should]


def _numbers(counted: Select[Any]) -> dict[Shelf, int]:
    return {
        (*place, bool(is_hidden), bool(is_waiting)): number
        for *place, is_hidden, is_waiting, number in db.session.execute(counted)
    }
