"""Recognising that an author sends the same text again, as happens when somebody goes back in the browser.

A form that is sent twice has the same submission key. A form that was opened again has another key: then the same
words in the same place within `DUPLICATE_WINDOW` count as a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Executable,
    Select,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union_all,
)
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
    """The author's recent reply with the same text in the same place: a post that is not deleted, or a held text.

    A post does not count when somebody else has written since: the same words may be meant for them ("Thanks!").
    """
    place = {"topic_id": topic.id, "paragraph": paragraph}
    return _duplicate(_reply_query(), author, source, organisation_id, place)


@cache
def _reply_query() -> CompoundSelect[Any]:
    later = aliased(Post)
    is_followed = exists().where(
        later.topic_id == Post.topic_id,
        later.number > Post.number,
        later.author_id != bindparam("author_id"),
    )
    # `+ 0` keeps SQLite from using the index of the topic: it must search the author's recent posts.
    in_posts = (
        Post.topic_id + 0 == bindparam("topic_id"),
        Post.number > 1,
        Post.paragraph.is_not_distinct_from(bindparam("paragraph")),
        or_(~is_followed, Post.hidden_at.is_not(None)),
    )
    in_held = (
        Held.deed == REPLY,
        Held.topic_id + 0 == bindparam("topic_id"),
        Held.paragraph.is_not_distinct_from(bindparam("paragraph")),
    )
    return _same(in_posts, in_held)


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
    """The first post of a recent topic of the author that is the same in all of this, or a held text that is to open one."""
    what = {"agenda_id": agenda_id, "kind": kind, "title": title, "audience": audience}
    return _duplicate(_topic_query(has_poll), author, source, organisation_id, what)


@cache
def _topic_query(has_poll: bool) -> CompoundSelect[Any]:
    opened = select(Topic.id).where(
        Topic.id == Post.topic_id,
        Topic.deleted_at.is_(None),
        Topic.home.is_(None),
        *_what_is_opened(Topic),
    )
    has_one = Held.poll.is_not(None) if has_poll else Held.poll.is_(None)
    in_posts = (Post.number == 1, Post.has_poll.is_(has_poll), opened.exists())
    return _same(in_posts, (Held.deed == OPEN, *_what_is_opened(Held), has_one))


def _what_is_opened(model: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        model.agenda_id == bindparam("agenda_id"),
        model.kind == bindparam("kind"),
        model.title == bindparam("title"),
        model.audience == bindparam("audience"),
    )


def _same(in_posts: Conditions, in_held: Conditions) -> CompoundSelect[Any]:
    """(0 for a post or 1 for a held text, id) of one recent text that is the same and meets these conditions."""

    def one_of(model: Any, is_held: int) -> Select[Any]:
        return select(literal(is_held), model.id).where(
            model.author_id == bindparam("author_id"),
            model.created_at > bindparam("since"),
            model.source == bindparam("source"),
            model.organisation_id.is_not_distinct_from(bindparam("organisation_id")),
        )

    posts = one_of(Post, 0).where(Post.deleted_at.is_(None), *in_posts)
    held = one_of(Held, 1).where(Held.decided_at.is_(None), *in_held)
    return union_all(posts, held).limit(1)


def _duplicate(
    query: Executable,
    author: Person,
    source: str,
    organisation_id: int | None,
    more: dict[str, Any],
) -> Post | Held | None:
    values = {
        "author_id": author.id,
        "since": now() - DUPLICATE_WINDOW,
        "source": source,
        "organisation_id": organisation_id,
    }
    found = db.session.execute(query, values | more).first()
    if found is None:
        return None
    is_held, row_id = found
    if is_held:
        return db.session.get_one(Held, row_id)
    with_topic = select(Post).where(Post.id == row_id).options(joinedload(Post.topic))
    return db.session.scalars(with_topic).one()
