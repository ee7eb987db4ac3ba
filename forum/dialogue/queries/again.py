"""What an author has sent a moment ago in the same words: whoever goes back in the browser may send it once more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from forum.db import db, now
from forum.dialogue.models import OPEN, REPLY, Held, Post, Topic
from forum.permissions import Person

A_MOMENT = timedelta(minutes=10)
OPENINGS = 1  # PostgreSQL's own locks are known by two numbers: what for, and whose

Conditions = Iterable[ColumnElement[bool]]


def one_by_one(author: Person) -> None:
    """Let two topics that an author opens in the same moment be opened one after the other.

    There is no row yet for which the second could wait. On SQLite whoever writes waits anyway.
    """
    if author.id and db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(OPENINGS, author.id)))


def reply_of_late(
    author: Person, topic: Topic, source: str, paragraph: str | None, organisation_id: int | None
) -> Post | Held | None:
    """The reply that says the same in the same place: a post that is not deleted, or a text that waits.

    Where somebody else has written since, the same words may be meant for them: “Thanks!” is said twice. Looked for among what the author wrote of late (`+ 0`): SQLite would rather go through all posts of the topic.
    """
    other = aliased(Post)
    since = (other.topic_id == Post.topic_id, other.number > Post.number)
    answered = exists().where(*since, other.author_id != author.id)
    place = (Post.topic_id + 0 == topic.id, Post.number > 1, Post.paragraph == paragraph)
    posts = (*place, or_(~answered, Post.hidden_at.is_not(None)))
    held = (Held.deed == REPLY, Held.topic_id + 0 == topic.id, Held.paragraph == paragraph)
    return _of_late(author, source, organisation_id, posts, held)


def topic_of_late(
    author: Person, agenda_id: int, source: str, organisation_id: int | None, **said: str
) -> Post | Held | None:
    """The same of a topic, as its first post. `said`: its kind, title and audience."""
    topic = (getattr(Topic, name) == words for name, words in said.items())
    there = (Topic.agenda_id == agenda_id, Topic.deleted_at.is_(None), Topic.home.is_(None))
    opened = select(Topic.id).where(Topic.id == Post.topic_id, *there, *topic).exists()
    waits = (getattr(Held, name) == words for name, words in said.items())
    held = (Held.deed == OPEN, Held.agenda_id == agenda_id, *waits)
    return _of_late(author, source, organisation_id, (Post.number == 1, opened), held)


def _of_late(
    author: Person,
    source: str,
    organisation_id: int | None,
    in_posts: Conditions,
    in_held: Conditions,
) -> Post | Held | None:
    def alike(kind: Any) -> tuple[ColumnElement[bool], ...]:
        is_of_late = kind.created_at > now() - A_MOMENT
        is_same = kind.source == source
        return (
            kind.author_id == author.id,
            is_of_late,
            is_same,
            kind.organisation_id == organisation_id,
        )

    posts = select(literal(0), Post.id).where(*alike(Post), Post.deleted_at.is_(None), *in_posts)
    held = select(literal(1), Held.id).where(*alike(Held), Held.decided_at.is_(None), *in_held)
    found = db.session.execute(union_all(posts, held).limit(1)).first()
    if found is None:
        return None
    is_held, row_id = found
    if is_held:
        return db.session.get_one(Held, row_id)
    with_topic = select(Post).where(Post.id == row_id).options(joinedload(Post.topic))
    return db.session.scalars(with_topic).one()
