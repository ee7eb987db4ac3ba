"""The most helpful posts of an agenda, and who wrote there: for pages that summarise the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import aliased

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries._visibility import (
    author_options,
    is_readable,
    visible_posts,
    visible_topics,
    with_author,
)
from forum.permissions import Person
from forum.reachcache import cached_statement

# Limits for agendas of any size: most recently active topics, and posts whose authors are counted
WEIGHED, COUNTED = 500, 20_000


def most_marked_answers(reader: Person, agenda_id: int, limit: int) -> Sequence[Post]:
    """The chosen answers to questions of an agenda, most marked first; each with its topic and its asker."""
    return _most_marked(_answers(reader), agenda_id, limit)


def most_marked_experiences(reader: Person, agenda_id: int, limit: int) -> Sequence[Post]:
    """The posts that open the experiences of an agenda, most marked first; each with its topic."""
    return _most_marked(_experiences(reader), agenda_id, limit)


def _most_marked(marked: Select[Any], agenda_id: int, limit: int) -> Sequence[Post]:
    values = {"agenda_id": agenda_id, "limit": limit}
    return db.session.scalars(marked, values).unique().all()


@cached_statement
def _answers(reader: Person) -> Select[Any]:
    return _marked(reader, "question", Post.id == Topic.answer_id)


@cached_statement
def _experiences(reader: Person) -> Select[Any]:
    return _marked(reader, "experience", Post.number == 1)


def _marked(reader: Person, kind: str, which: ColumnElement[bool]) -> Select[Any]:
    """The posts of an agenda that `which` tells, most marked first."""
    weighed = _reviewed(reader).where(Topic.kind == kind).limit(WEIGHED).subquery()
    marks = Post.useful_count + Post.same_here_count + Post.tried_count
    # Joined, because PostgreSQL does not know how few rows an IN with a LIMIT has, and would read all topics of the forum.
    found = (
        visible_posts(reader, author_options(Topic.author))
        .join(weighed, weighed.c.id == Topic.id)
        .where(which, *is_readable())
    )
    first = (Topic.pinned_at.is_(None), marks.desc(), Topic.replies_count.desc(), Topic.id.desc())
    return with_author(found.order_by(*first).limit(bindparam("limit")))


def writers_on(reader: Person) -> Select[Any]:
    """The ids of members whose posts on an agenda (parameter `agenda_id`) the reader may see; on a large agenda, only of those in its latest topics."""
    latest = _reviewed(reader).limit(WEIGHED).subquery()
    written = aliased(Post)
    posts = select(written.author_id).join(latest, latest.c.id == written.topic_id)
    counted = posts.where(*is_readable(written)).limit(COUNTED).subquery()
    return select(counted.c.author_id).distinct()


def _reviewed(reader: Person) -> Select[Any]:
    """The ids of topics of an agenda (parameter `agenda_id`), most recently active first, without those that moderators have not looked at yet."""
    seen = visible_topics(reader).where(
        Topic.agenda_id == bindparam("agenda_id"), Topic.unseen_at.is_(None)
    )
    latest = seen.order_by(Topic.active_at.desc(), Topic.id.desc())
    return latest.with_only_columns(Topic.id)
