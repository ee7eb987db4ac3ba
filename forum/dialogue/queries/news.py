"""Reading positions, and the posts that are new since then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from forum.bookmarks.queries import KEPT_AS_TEXT, parse_kept
from forum.columns import Moment
from forum.db import db, execute_core
from forum.dialogue.models import POSTS_PER_PAGE, REPLY, AllRead, Held, Place, Post, Topic
from forum.dialogue.queries._rows import PostRow, TopicRow
from forum.dialogue.queries._visibility import is_readable
from forum.dialogue.queries.posts import MARKS_AS_TEXT, parse_marks
from forum.notifications.models import TOPIC
from forum.notifications.queries import is_unread_about, watch_level_of
from forum.pages import MAX_COUNTED
from forum.permissions import Person


class ReadingState(NamedTuple):
    """What the page of a topic needs to know about a member.

    `place` is the number of the last post read, `level` whether the topic is watched or muted (or ""), `has_notices`
    whether there are unread notices about it, `marks` the kinds of the member's marks by post id, `kept` the ids of
    the posts among the member's bookmarks, `may_reply` whether a reply form is shown, `again_at` when the member can
    next reply, if the topic is slow and the member has recently replied.
    """

    place: int = 0
    level: str = ""
    has_notices: bool = False
    marks: Mapping[int, frozenset[str]] = MappingProxyType({})
    kept: frozenset[int] = frozenset()
    may_reply: bool = False
    again_at: datetime | None = None


def reading_state(
    reader: Person, topic: Topic | TopicRow, posts: Sequence[Post | PostRow] = ()
) -> ReadingState:
    """What the page of a topic needs to know about the reader, in one statement.

    `posts` are those whose marks and bookmarks are needed.
    """
    if reader.id is None or not reader.is_member:
        return ReadingState()
    values: dict[str, Any] = {"member_id": reader.id, "topic_id": topic.id}
    values["kept_ids"] = [post.id for post in posts if not post.is_gone]
    if marked := [post.id for post in posts if post.is_marked]:
        values["post_ids"] = marked
    if pace := topic.present_pace:
        values |= {"since": pace.begins_at, "but": 0}
    query = _reading_query(with_marks=bool(marked), with_replies=bool(pace))
    row = execute_core(query, values).one()
    kept, marks = parse_kept(row[3]), parse_marks(row[4] if marked else None)
    may_reply = bool(reader.can.reply(topic))
    again_at = _again_at(reader, topic, _latest(*row[-2:])) if pace else None
    return ReadingState(row[0] or 0, row[1] or "", bool(row[2]), marks, kept, may_reply, again_at)


def reply_again_at(author: Person, topic: Topic | TopicRow) -> datetime | None:
    """When the author can write again in a slow topic; None for immediately."""
    return _again_at(author, topic, latest_reply_at(author, topic))


def _again_at(
    author: Person, topic: Topic | TopicRow, latest_at: datetime | None
) -> datetime | None:
    return None if author.can.reply_again(topic, latest_at) else topic.again_at(latest_at)


def latest_reply_at(author: Person, topic: Topic | TopicRow, but: int = 0) -> datetime | None:
    """When the author last sent a reply in a slow topic, if that still counts; None when nothing does.

    Hidden and deleted replies count, too, and held or refused ones; `but` is the id of a held text that does not
    count.
    """
    pace = topic.present_pace
    if pace is None or author.id is None:
        return None
    values = {"member_id": author.id, "topic_id": topic.id}
    values |= {"since": pace.begins_at, "but": but}
    return _latest(*execute_core(_latest_query(), values).one())


@cache
def _latest_query() -> Select[Any]:
    return select(*_latest_columns(bindparam("member_id"), bindparam("topic_id")))


def _latest_columns(member_id: Any, topic_id: Any) -> tuple[Any, Any]:
    """SQL expressions: when a member last sent a published reply in a topic, and when a held or refused one.

    They take the parameters `since`, before which nothing counts, and `but`, the id of a held text that does not
    count. For a text that was held before it was published, the moment when it was sent counts.
    """
    since: Any = bindparam("since", type_=Moment())
    sent_at = func.coalesce(Held.created_at, Post.created_at)
    waited = and_(Held.became_id == Post.id, Held.deed == REPLY)
    posted = select(func.max(sent_at)).select_from(Post).outerjoin(Held, waited)
    posted = posted.where(Post.author_id == member_id, Post.topic_id == topic_id, Post.number > 1)
    posted = posted.where(Post.created_at > since)
    kept_back = select(func.max(Held.created_at)).where(
        Held.author_id == member_id,
        Held.topic_id == topic_id,
        Held.deed == REPLY,
        Held.became_id.is_(None),
        Held.created_at > since,
        Held.id != bindparam("but"),
    )
    return posted.scalar_subquery(), kept_back.scalar_subquery()


def _latest(*moments: datetime | None) -> datetime | None:
    """The latest of several moments; None when there is none."""
    return max((moment for moment in moments if moment), default=None)


@cache
def _reading_query(*, with_marks: bool, with_replies: bool) -> Select[Any]:
    member_id: Any = bindparam("member_id")
    topic_id: Any = bindparam("topic_id")
    place = select(Place.number).where(Place.topic_id == topic_id, Place.member_id == member_id)
    query = select(
        place.scalar_subquery(),
        watch_level_of(member_id, TOPIC, topic_id),
        is_unread_about(member_id, topic_id),
        KEPT_AS_TEXT.scalar_subquery(),
    )
    if with_marks:
        query = query.add_columns(MARKS_AS_TEXT.scalar_subquery())
    return query.add_columns(*_latest_columns(member_id, topic_id)) if with_replies else query


@dataclass(frozen=True, slots=True)
class NewPosts:
    """How many posts of a topic are new to a member, counted up to `MAX_COUNTED`, and the number of the first."""

    count: int
    number: int

    @property
    def where(self) -> str:
        """The query and fragment of the first new post, to be appended to the address of the topic."""
        page = (self.number - 1) // POSTS_PER_PAGE + 1
        return (f"?page={page}" if page > 1 else "") + f"#post-{self.number}"


def new_posts_in(reader: Person, topics: Sequence[Topic | TopicRow]) -> dict[int, NewPosts]:
    """The posts of others in these topics that are new to the reader, by topic id; topics without any are left out.

    New is what was written since the reader joined, after the last post read, and since the reader marked everything
    as read. Nothing is new to visitors.
    """
    if reader.id is None or not reader.is_member or not topics:
        return {}
    counts = {topic.id: topic.posts_count for topic in topics}
    values = {"member_id": reader.id, "joined_at": reader.joined_at, "ids": list(counts)}
    found: dict[int, NewPosts] = {}
    for topic_id, count, first, place in execute_core(_new_posts_query(), values):
        # Posts before the last `MAX_COUNTED` are not examined; of these, the one after the reading position counts as
        # the first new one.
        is_far_behind = 0 < place < counts[topic_id] - MAX_COUNTED
        found[topic_id] = NewPosts(count, place + 1 if is_far_behind else first)
    return found


@dataclass(frozen=True, slots=True)
class LaterPosts:
    """How many later posts a topic has for the reader, and the id of the first of them.

    They are counted up to `MAX_COUNTED`.
    """

    count: int
    first_id: int


def posts_after(reader: Person, topic: TopicRow, number: int) -> LaterPosts | None:
    """The posts of others after `number`, the last post on the page that the reader has open; None without any.

    Posts of members whom the reader ignores do not count. `topic` must be one that the reader was found to see.
    """
    if topic.posts_count <= number:
        return None
    values: dict[str, Any] = {"topic_id": topic.id, "number": number}
    values["but"] = [reader.id or 0, *sorted(reader.ignored)]
    ids = execute_core(_posts_after_query(), values).scalars().all()
    return LaterPosts(len(ids), ids[0]) if ids else None


@cache
def _posts_after_query() -> Select[Any]:
    later = select(Post.id).where(
        Post.topic_id == bindparam("topic_id"),
        Post.number > bindparam("number"),
        Post.author_id.not_in(bindparam("but", expanding=True)),
        *is_readable(),
    )
    return later.order_by(Post.number).limit(MAX_COUNTED)


def lock_all_read(member: Person, agenda_id: int | None) -> AllRead | None:
    """Until when a member has marked everything as read, on one agenda or (None) on all, locked for update; None if never."""
    mine = (AllRead.member_id == member.id, AllRead.agenda_id == (agenda_id or 0))
    query = select(AllRead).where(*mine).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


@cache
def _new_posts_query() -> Select[Any]:
    """(topic id, number of new posts, number of the first of them, number of the last post read or 0)."""
    member_id: Any = bindparam("member_id")
    joined_at: Any = bindparam("joined_at", type_=Moment())
    on_agenda, everywhere = aliased(AllRead), aliased(AllRead)
    place = func.coalesce(Place.number, 0)
    query: Any = select(Topic.id, func.count(), func.min(Post.number), place).join(
        Post, and_(Post.topic_id == Topic.id, Post.number > Topic.posts_count - MAX_COUNTED)
    )
    for row, is_related in (
        (Place, Place.topic_id == Topic.id),
        (on_agenda, on_agenda.agenda_id == Topic.agenda_id),
        (everywhere, everywhere.agenda_id == 0),
    ):
        query = query.outerjoin(row, and_(row.member_id == member_id, is_related))
    new: Select[Any] = query.where(
        Topic.id.in_(bindparam("ids", expanding=True)),
        Post.number > place,
        Post.author_id != member_id,
        *is_readable(),
        Post.created_at > joined_at,
        Post.created_at > func.coalesce(on_agenda.until, joined_at),
        Post.created_at > func.coalesce(everywhere.until, joined_at),
    )
    return new.group_by(Topic.id, Place.number)
