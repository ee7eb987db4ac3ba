"""The authors of posts, and whom else a decision about a thing concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from forum.commitments.queries import ids_of_voices
from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import is_readable
from forum.moderation.queries._kinds import Thing


def author_ids_of(post_ids: Iterable[int]) -> Sequence[int]:
    """The ids of the authors of those posts that are visible."""
    these = Post.id.in_(list(post_ids)), *is_readable(Post)
    wrote = select(Post.author_id).distinct().where(*these)
    return db.session.scalars(wrote.order_by(Post.author_id)).all()


def other_author_ids(topic_id: int, author_id: int | None) -> Sequence[int]:
    """The ids of the authors of visible posts in a topic, without `author_id`."""
    wrote = select(Post.author_id).distinct()
    theirs = wrote.where(Post.topic_id == topic_id, Post.author_id != (author_id or 0))
    return db.session.scalars(theirs.where(*is_readable(Post))).all()


def ids_of_others_in(thing: Thing) -> set[int]:
    """The ids of the members other than its author whom a decision about a thing concerns.

    They wrote in a topic, case or practice, began a translation whose present words are by another, or speak for the
    organisation of a commitment.
    """
    if thing.row is None:
        return set()
    if thing.kind == "commitment":
        return ids_of_voices(thing.row.organisation_id) - {thing.author_id}
    if thing.kind == "translation":
        return {thing.row.translator_id} - {thing.author_id, None}
    if thing.kind == "post" or not thing.topic_id:
        return set()
    return set(other_author_ids(thing.topic_id, thing.author_id))
