"""Feeds, which contain only what visitors can read, for all readers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import (
    NEWEST,
    TopicFilter,
    get_topic,
    indexable_topics,
    is_readable,
    narrowed,
    topic_after_merge,
    visible_posts,
)
from forum.permissions import VISITOR

FEED_SIZE = 40


def feed_of_openings(wanted: TopicFilter) -> Sequence[Post]:
    """The first posts of the newest public topics that a filter lets through, whatever its order."""
    begun = select(Post.id).where(Post.topic_id == Topic.id, Post.number == 1, *is_readable())
    newest = indexable_topics().with_only_columns(Topic.id).where(begun.exists())
    newest = narrowed(newest, replace(wanted, order=NEWEST)).limit(FEED_SIZE)
    opening = _public_posts().where(Post.number == 1, Topic.id.in_(newest))
    return db.session.scalars(opening.order_by(*NEWEST_TOPICS)).all()


NEWEST_TOPICS = (Topic.created_at.desc(), Topic.id.desc())


def feed_of_topic(topic_id: int) -> tuple[Topic, Sequence[Post]]:
    """A public topic and its newest posts."""
    topic = get_topic(VISITOR, topic_id)
    newest = _public_posts().where(Post.topic_id == topic.id).order_by(Post.number.desc())
    return topic, db.session.scalars(newest.limit(FEED_SIZE)).all()


def feed_after_merge(topic_id: int) -> Topic:
    """The public topic that another one was merged into. Raises `NotFound`."""
    return topic_after_merge(VISITOR, topic_id)


def _public_posts() -> Select[Any]:
    """The posts that visitors can read; those of new members only once a moderator has looked at them."""
    seen = visible_posts(VISITOR).where(*is_readable(), Post.unseen_at.is_(None))
    return seen.options(joinedload(Post.author))
