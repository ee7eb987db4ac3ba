"""Topics and posts for the API: only what visitors may read, for all clients alike; of new members, what moderators have seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, literal, or_, select, union_all
from sqlalchemy.orm import defaultload, joinedload, load_only, selectinload

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Post, Topic, TopicTheme
from forum.dialogue.queries import (
    author_options,
    indexable_topics,
    is_readable,
    topic_after_merge,
    visible_posts,
    with_author,
)
from forum.errors import or_not_found
from forum.members.models import Organisation
from forum.pages import rows_by_id
from forum.permissions import VISITOR
from forum.search.models import Thing

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACTIVE, NEWEST, OLDEST = ORDERS = ("active", "newest", "oldest")
ORGANISATION_COLUMNS = load_only(Organisation.name, Organisation.slug, raiseload=True)
AGENDA_COLUMNS = load_only(Agenda.title, Agenda.slug, raiseload=True)


class Cursor(NamedTuple):
    """The end of a part of a list: the moment by which the list is sorted, and the id of the row."""

    moment: datetime
    number: int

    def __str__(self) -> str:
        """The cursor in addresses: microseconds since 1970, and the id."""
        return f"{(self.moment - EPOCH) // timedelta(microseconds=1)}-{self.number}"

    @classmethod
    def read(cls, typed: str) -> Cursor:
        """Parse a cursor from `str`. Raises `ValueError` for anything else."""
        moment, _dash, number = typed.partition("-")
        if not (f"{moment}{number}".isascii() and moment.isdigit() and number.isdigit()):
            raise ValueError
        try:
            return cls(EPOCH + timedelta(microseconds=int(moment)), int(number[:10]))
        except OverflowError:
            raise ValueError from None


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a list, and the cursor of the next one; None for the last."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True)
class Wanted:
    """Which topics are wanted, in which order (one of `ORDERS`), and which part: at most `most`, from the cursor on.

    Empty values do not filter.
    """

    agenda_id: int = 0
    kind: str = ""
    theme_id: int = 0
    language: str = ""
    order: str = ACTIVE
    cursor: Cursor | None = None
    most: int = 50


def topics(wanted: Wanted) -> Part[Topic]:
    """The public topics that search engines also get: those of new members only once a moderator has looked at them."""
    moment: Any = Topic.active_at if wanted.order == ACTIVE else Topic.created_at
    found = indexable_topics().where(*_conditions(wanted))
    ordered = _from(found, moment, Topic.id, wanted.cursor, is_rising=wanted.order == OLDEST)
    # An index has the order and most conditions, so that only the rows of one part are read
    rows = rows_by_id(ordered.limit(wanted.most + 1), Topic.id, *_TOPIC_OPTIONS)
    items = db.session.scalars(rows).all()
    return _part(
        items, wanted.most, lambda topic: str(Cursor(getattr(topic, moment.key), topic.id))
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.agenda_id:
        conditions.append(Topic.agenda_id == wanted.agenda_id)
    if wanted.theme_id:
        on_it = select(TopicTheme.topic_id).where(TopicTheme.theme_id == wanted.theme_id)
        conditions.append(Topic.id.in_(on_it))
    # As expressions, to which no index applies: an index that begins with the kind would have the topics in no order
    if wanted.kind:
        conditions.append(Topic.kind.concat("") == wanted.kind)
    if wanted.language:
        conditions.append(Topic.language.concat("") == wanted.language)
    return conditions


def _from(
    query: Select[Any], moment: Any, number: Any, cursor: Cursor | None, *, is_rising: bool
) -> Select[Any]:
    """The query, ordered by a moment and an id, from the cursor on."""
    if is_rising:
        ordered = query.order_by(moment, number)
    else:
        ordered = query.order_by(moment.desc(), number.desc())
    if cursor is None:
        return ordered
    if is_rising:
        later = or_(moment > cursor.moment, number > cursor.number)
        return ordered.where(moment >= cursor.moment, later)
    earlier = or_(moment < cursor.moment, number < cursor.number)
    return ordered.where(moment <= cursor.moment, earlier)


def get_topic(topic_id: int) -> Topic:
    """One of these topics, or `NotFound`."""
    query = indexable_topics().where(Topic.id == topic_id)
    topic: Topic = or_not_found(db.session.scalar(query.options(*_TOPIC_OPTIONS)))
    return topic


_TOPIC_OPTIONS = (
    joinedload(Topic.agenda).options(AGENDA_COLUMNS),
    joinedload(Topic.organisation).options(ORGANISATION_COLUMNS),
    author_options(Topic.author),
    selectinload(Topic.themes),
)


def merged_into(topic_id: int) -> int:
    """The id of the topic that another one was merged into, if the API has it; else `NotFound`."""
    return get_topic(topic_after_merge(VISITOR, topic_id).id).id


def answered(found: Iterable[Topic]) -> set[int]:
    """The ids of those of the topics whose answer can be read here."""
    answers = [topic.answer_id for topic in found if topic.answer_id]
    if not answers:
        return set()
    seen = select(Post.topic_id).where(Post.id.in_(answers), *_is_shown())
    return set(db.session.scalars(seen))


def posts(order: str, cursor: Cursor | None, most: int) -> Part[Post]:
    """The posts of all these topics, the newest or the oldest first."""
    ids = _from(_posts(), Post.created_at, Post.id, cursor, is_rising=order == OLDEST)
    keys = ids.with_only_columns(Post.id, maintain_column_froms=True).limit(most + 1)
    whole = _posts().where(Post.id.in_(list(db.session.scalars(keys))))
    sign = 1 if order == OLDEST else -1
    items = sorted(db.session.scalars(whole), key=lambda post: (post.created_at, post.id))[::sign]
    return _part(items, most, lambda post: str(Cursor(post.created_at, post.id)))


def posts_in(topic: Topic, after: int, most: int) -> Part[Post]:
    """The posts of one of these topics with numbers after `after`."""
    found = _posts().where(Post.topic_id == topic.id, Post.number > after)
    items = db.session.scalars(found.order_by(Post.number).limit(most + 1)).all()
    return _part(items, most, lambda post: str(post.number))


def get_post(post_id: int) -> Post:
    """One of these posts, or `NotFound`."""
    post: Post = or_not_found(db.session.scalar(_posts().where(Post.id == post_id)))
    return post


def _posts() -> Select[Any]:
    seen = visible_posts(VISITOR).where(*_is_shown(), Topic.unseen_at.is_(None))
    of_agenda = defaultload(Post.topic).defaultload(Topic.agenda).options(AGENDA_COLUMNS)
    return with_author(seen).options(of_agenda)


def _is_shown() -> tuple[ColumnElement[bool], ...]:
    """In SQL: a visible post that, if its author is new, a moderator has seen, as in feeds."""
    return *is_readable(), Post.unseen_at.is_(None)


def unseen_among(things: Sequence[Thing]) -> set[Thing]:
    """Those of these topics and posts, as search identifies them, that moderators have not seen yet."""
    topic_ids, post_ids = (
        [item_id for kind, item_id in things if kind == wanted] for wanted in ("topic", "post")
    )
    topics = select(literal("topic"), Topic.id)
    topics = topics.where(Topic.id.in_(topic_ids), Topic.unseen_at.is_not(None))
    is_unseen = or_(Post.unseen_at.is_not(None), Topic.unseen_at.is_not(None))
    posts = select(literal("post"), Post.id).join(Topic, Topic.id == Post.topic_id)
    found = union_all(topics, posts.where(Post.id.in_(post_ids), is_unseen))
    return {(kind, item_id) for kind, item_id in db.session.execute(found)}


def _part(rows: Sequence[T], most: int, cursor_of: Any) -> Part[T]:
    """The first rows of a part; one more was read, to know whether there are further ones."""
    return Part(rows[:most], cursor_of(rows[most - 1]) if len(rows) > most else None)
