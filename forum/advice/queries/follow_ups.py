"""Follow-ups: what askers told about what happened next."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from forum.advice.models import FollowUp
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import get_topic, visible_posts
from forum.errors import NotFound, or_not_found
from forum.permissions import Person, require
from forum.reach import sees_hidden


def follow_up_of(topic: Topic) -> FollowUp | None:
    """The follow-up of a question, or None."""
    return db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))


def follow_up_fields(told: FollowUp | None) -> dict[str, Any]:
    """What is told in a follow-up, by which a form detects changes; nothing while there is none."""
    names = ("deed", "outcome", "text", "language") if told else ()
    return {name: getattr(told, name) for name in names}


def get_follow_up(reader: Person, follow_up_id: int) -> FollowUp:
    """A follow-up by its id, with its question; or `NotFound`. It may itself be hidden: check `hidden_at`.

    When the question is not visible, only its moderators find the follow-up. One that the topic does not refer to
    (neither `followed_up_at` nor `follow_up_hidden_at` is set) is not found.
    """
    query = select(FollowUp).where(FollowUp.id == follow_up_id)
    row = or_not_found(db.session.scalar(query.execution_options(populate_existing=True)))
    opening = visible_posts(reader).where(Post.topic_id == row.topic_id, Post.number == 1)
    post = db.session.scalar(opening)
    if post is None or (post.is_gone and not sees_hidden(reader, post.topic.agenda_id)):
        raise NotFound()
    if not (post.topic.followed_up_at or post.topic.follow_up_hidden_at):
        raise NotFound()
    row.topic = post.topic
    return row


def topic_ids_of(member_id: int) -> Any:
    """A select of the ids of the topics that a member has opened."""
    return select(Topic.id).where(Topic.author_id == member_id)


def topic_to_follow_up(author: Person, topic_id: int) -> Topic:
    """A question whose asker wants to tell what happened next."""
    topic = get_topic(author, topic_id)
    require(author.can.follow_up(topic))
    return topic


def topic_to_withdraw_follow_up(author: Person, topic_id: int) -> Topic:
    """A question whose asker wants to withdraw the follow-up."""
    topic = get_topic(author, topic_id)
    require(author.can.withdraw_follow_up(topic))
    return topic
