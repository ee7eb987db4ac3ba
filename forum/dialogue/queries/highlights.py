"""The most helpful posts of an agenda, and who wrote there: for pages that summarise the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select
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

# Limits for agendas of any size: most recently active topics, and posts whose authors are counted
WEIGHED, COUNTED = 500, 20_000


def most_marked_answers(reader: Person, agenda_id: int, limit: int) -> Sequence[Post]:
    """The chosen answers to questions of an agenda, most marked first; each with its topic and its asker."""
    is_answer = Post.id == Topic.answer_id
    return _most_marked(reader, agenda_id, "question", is_answer, limit)


def most_marked_experiences(reader: Person, agenda_id: int, limit: int) -> Sequence[Post]:
    """The posts that open the experiences of an agenda, most marked first; each with its topic."""
    return _most_marked(reader, agenda_id, "experience", Post.number == 1, limit)


def _most_marked(
    reader: Person, agenda_id: int, kind: str, which: ColumnElement[bool], limit: int
) -> Sequence[Post]:
    weighed = _reviewed(reader, agenda_id).where(Topic.kind == kind).limit(WEIGHED).subquery()
    marks = Post.useful_count + Post.same_here_count + Post.tried_count
    # Joined, because PostgreSQL does not know how few rows an IN with a LIMIT has, and would read all topics of the forum.
    found = (
        visible_posts(reader, author_options(Topic.author))
        .join(weighed, weighed.c.id == Topic.id)
        .where(which, *is_readable())
    )
    first = (Topic.pinned_at.is_(None), marks.desc(), Topic.replies_count.desc(), Topic.id.desc())
    return db.session.scalars(with_author(found.order_by(*first).limit(limit))).unique().all()


def writers_on(reader: Person, agenda_id: int) -> Select[Any]:
    """The ids of members whose posts on an agenda the reader may see; on a large agenda, only of those in its latest topics."""
    latest = _reviewed(reader, agenda_id).limit(WEIGHED).subquery()
    written = aliased(Post)
    posts = select(written.author_id).join(latest, latest.c.id == written.topic_id)
    counted = posts.where(*is_readable(written)).limit(COUNTED).subquery()
    return select(counted.c.author_id).distinct()


def _reviewed(reader: Person, agenda_id: int) -> Select[Any]:
    """The ids of topics of an agenda, most recently active first, without those that moderators have not looked at yet."""
    seen = visible_topics(reader).where(Topic.agenda_id == agenda_id, Topic.unseen_at.is_(None))
    latest = seen.order_by(Topic.active_at.desc(), Topic.id.desc())
    return latest.with_only_columns(Topic.id)
