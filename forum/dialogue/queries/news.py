"""How far somebody has read, and what is new since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from forum.db import Moment, execute_core
from forum.dialogue.models import POSTS_PER_PAGE, AllRead, Place, Post, Topic
from forum.dialogue.queries._rows import PostRow, TopicRow
from forum.dialogue.queries._visibility import is_readable
from forum.dialogue.queries.posts import MARKS_AS_TEXT, parse_marks
from forum.notifications.models import TOPIC
from forum.notifications.queries import is_unread_about, level
from forum.permissions import Person

MOST_NEW = 100  # posts of a topic that are counted as new


class Reading(NamedTuple):
    """How a member stands to a topic: the last number read, watching or muted, whether notices about it wait.

    And the kinds of the marks that the member made to some of its posts, by the post's id.
    """

    place: int = 0
    level: str = ""
    has_notices: bool = False
    marks: Mapping[int, frozenset[str]] = MappingProxyType({})


def reading_of(
    reader: Person, topic: Topic | TopicRow, posts: Iterable[Post | PostRow] = ()
) -> Reading:
    """How the reader stands to a topic, and what the reader said to these posts of it."""
    if reader.id is None or not reader.is_member:
        return Reading()
    words = {"member_id": reader.id, "topic_id": topic.id}
    marked = [post.id for post in posts if post.is_marked]
    if marked:
        row = execute_core(_reading(with_marks=True), {**words, "post_ids": marked}).one()
    else:
        row = execute_core(_reading(with_marks=False), words).one()
    return Reading(row[0] or 0, row[1] or "", bool(row[2]), parse_marks(row[3] if marked else None))


@cache
def _reading(*, with_marks: bool) -> Select[Any]:
    whose: Any = bindparam("member_id")
    which: Any = bindparam("topic_id")
    place = select(Place.number).where(Place.topic_id == which, Place.member_id == whose)
    about = level(whose, TOPIC, which), is_unread_about(whose, which)
    known = select(place.scalar_subquery(), *about)
    return known.add_columns(MARKS_AS_TEXT.scalar_subquery()) if with_marks else known


@dataclass(frozen=True, slots=True)
class News:
    """How many posts of a topic are new to a member, counted up to `MOST_NEW`, and the number of the first."""

    count: int
    number: int

    @property
    def where(self) -> str:
        """What leads to the first new post, behind the topic's own address."""
        page = (self.number - 1) // POSTS_PER_PAGE + 1
        return (f"?page={page}" if page > 1 else "") + f"#post-{self.number}"


def news_in(reader: Person, topics: Sequence[Topic | TopicRow]) -> dict[int, News]:
    """What others wrote in topics since the reader joined, read so far, or took all for read; by topic.

    Topics without anything new are left out. Nothing is new to visitors.
    """
    if reader.id is None or not reader.is_member or not topics:
        return {}
    counts = {topic.id: topic.posts_count for topic in topics}
    which = {"member_id": reader.id, "joined_at": reader.joined_at, "ids": list(counts)}
    return {
        key: News(count, place + 1 if 0 < place < counts[key] - MOST_NEW else first)
        for key, count, first, place in execute_core(_news(), which)
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
        is_meant, Post.number > place, Post.author_id != whose, *is_readable(), *since
    )
    return new.group_by(Topic.id, Place.number)
