"""Topics and posts for programs: only what visitors may read, whoever asks, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.dialogue.models import Post, Topic, TopicTheme
from forum.dialogue.queries import (
    indexable_topics,
    is_readable,
    topic_after_merge,
    visible_posts,
    with_author,
)
from forum.errors import NotFound
from forum.permissions import VISITOR

T = TypeVar("T")
MAX_ITEMS = 100


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a list, and after which number the next one begins; None when this is the last."""

    items: Sequence[T]
    next_after: int | None


@dataclass(frozen=True)
class Wanted:
    """Which topics are wanted, and which part of them: at most `most` after the one with the number `after`.

    `agenda` and `theme` are slugs; empty values do not filter.
    """

    agenda: str = ""
    kind: str = ""
    theme: str = ""
    language: str = ""
    after: int = 0
    most: int = MAX_ITEMS
    is_newest_first: bool = True


def topics(wanted: Wanted) -> Part[Topic]:
    """The public topics that search engines get, too: those of new members once a moderator has looked at them."""
    found = _topics().where(*_conditions(wanted))
    if wanted.is_newest_first:
        found = found.where(Topic.id < wanted.after) if wanted.after else found
        return _part(found.order_by(Topic.id.desc()), wanted.most, lambda topic: topic.id)
    found = found.where(Topic.id > wanted.after).order_by(Topic.id)
    return _part(found, wanted.most, lambda topic: topic.id)


def _conditions(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.agenda:
        conditions.append(
            Topic.agenda_id.in_(select(Agenda.id).where(Agenda.slug == wanted.agenda))
        )
    if wanted.theme:
        on_it = select(TopicTheme.topic_id).join(Theme, Theme.id == TopicTheme.theme_id)
        on_it = on_it.where(Theme.slug == wanted.theme, Theme.removed_at.is_(None))
        conditions.append(Topic.id.in_(on_it))
    if wanted.kind:
        conditions.append(Topic.kind == wanted.kind)
    if wanted.language:
        conditions.append(Topic.language == wanted.language)
    return conditions


def get_topic(topic_id: int) -> Topic:
    """One of these topics, or `NotFound`."""
    topic: Topic | None = db.session.scalar(_topics().where(Topic.id == topic_id))
    if topic is None:
        raise NotFound()
    return topic


def merged_into(topic_id: int) -> int:
    """The number of the one of these topics that another one was merged into, or `NotFound`."""
    return get_topic(topic_after_merge(VISITOR, topic_id).id).id


def posts(topic: Topic, after: int, most: int) -> Part[Post]:
    """The posts of one of these topics with numbers after `after`, without those that are deleted or hidden."""
    found = _posts().where(Post.topic_id == topic.id, Post.number > after)
    return _part(found.order_by(Post.number), most, lambda post: post.number)


def get_post(post_id: int) -> Post:
    """One post of these topics that is neither deleted nor hidden, or `NotFound`."""
    post: Post | None = db.session.scalar(_posts().where(Post.id == post_id))
    if post is None:
        raise NotFound()
    return post


def _topics() -> Select[Any]:
    return indexable_topics().options(
        joinedload(Topic.agenda),
        joinedload(Topic.organisation),
        joinedload(Topic.author),
        selectinload(Topic.themes),
    )


def _posts() -> Select[Any]:
    """Posts of which a moderator has seen those of new members, as in feeds."""
    is_seen = Post.unseen_at.is_(None), Topic.unseen_at.is_(None)
    return with_author(visible_posts(VISITOR).where(*is_readable(), *is_seen))


def _part(query: Select[Any], most: int, number_of: Any) -> Part[Any]:
    """The first rows of an ordered query; one more is read, to know whether there are some."""
    rows = db.session.scalars(query.limit(most + 1)).all()
    return Part(rows[:most], number_of(rows[most - 1]) if len(rows) > most else None)
