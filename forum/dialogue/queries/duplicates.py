"""Finding out that an author sends the same text again, as happens to those who go back in the browser.

A form that is sent twice has the same submission key. A form that is opened anew has another one: then the same words in
the same place within `DUPLICATE_WINDOW` count as a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from forum.clock import now
from forum.db import db
from forum.dialogue.models import OPEN, REPLY, Held, Post, Topic
from forum.permissions import Person

DUPLICATE_WINDOW = timedelta(minutes=10)

Conditions = Iterable[ColumnElement[bool]]


def duplicate_reply(
    author: Person, topic: Topic, source: str, paragraph: str | None, organisation_id: int | None
) -> Post | Held | None:
    """The author's recent reply with the same text in the same place: a post that is not deleted, or a text that waits.

    A post does not count when somebody else has written since: the same words may be meant for them ("Thanks!").
    """
    later = aliased(Post)
    is_followed = exists().where(
        later.topic_id == Post.topic_id,
        later.number > Post.number,
        later.author_id != author.id,
    )
    # `+ 0` keeps SQLite from using the index of the topic: it shall look among the author's recent posts.
    in_posts = (
        Post.topic_id + 0 == topic.id,
        Post.number > 1,
        Post.paragraph == paragraph,
        or_(~is_followed, Post.hidden_at.is_not(None)),
    )
    in_held = (Held.deed == REPLY, Held.topic_id + 0 == topic.id, Held.paragraph == paragraph)
    return _duplicate(author, source, organisation_id, in_posts, in_held)


def duplicate_topic(
    author: Person,
    agenda_id: int,
    source: str,
    organisation_id: int | None,
    *,
    kind: str,
    title: str,
    audience: str,
    has_poll: bool = False,
) -> Post | Held | None:
    """The first post of the author's recent topic that is the same in all of this, or a text that waits to open one."""
    opened = select(Topic.id).where(
        Topic.id == Post.topic_id,
        Topic.agenda_id == agenda_id,
        Topic.deleted_at.is_(None),
        Topic.home.is_(None),
        Topic.kind == kind,
        Topic.title == title,
        Topic.audience == audience,
    )
    in_held = (
        Held.deed == OPEN,
        Held.agenda_id == agenda_id,
        Held.kind == kind,
        Held.title == title,
        Held.audience == audience,
        Held.poll.is_not(None) if has_poll else Held.poll.is_(None),
    )
    in_posts = (Post.number == 1, Post.has_poll.is_(has_poll), opened.exists())
    return _duplicate(author, source, organisation_id, in_posts, in_held)


def _duplicate(
    author: Person,
    source: str,
    organisation_id: int | None,
    in_posts: Conditions,
    in_held: Conditions,
) -> Post | Held | None:
    def is_same(model: Any) -> tuple[ColumnElement[bool], ...]:
        return (
            model.author_id == author.id,
            model.created_at > now() - DUPLICATE_WINDOW,
            model.source == source,
            model.organisation_id == organisation_id,
        )

    posts = select(literal(0), Post.id).where(*is_same(Post), Post.deleted_at.is_(None), *in_posts)
    held = select(literal(1), Held.id).where(*is_same(Held), Held.decided_at.is_(None), *in_held)
    found = db.session.execute(union_all(posts, held).limit(1)).first()
    if found is None:
        return None
    is_held, row_id = found
    if is_held:
        return db.session.get_one(Held, row_id)
    with_topic = select(Post).where(Post.id == row_id).options(joinedload(Post.topic))
    return db.session.scalars(with_topic).one()
