"""Adding topics and posts."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import update

from forum.clock import now
from forum.db import db
from forum.dialogue.actions._topics import NewTopic
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import SUBMISSION_KEY_LENGTH
from forum.markup import Written
from forum.permissions import Person
from forum.plaintext import excerpt, single_line, slugify

PARAGRAPH_KEY = re.compile(r"[0-9a-f]{12}")


def add_topic(author: Person, agenda_id: int, organisation_id: int | None, new: NewTopic) -> Topic:
    """Insert a topic without its first post."""
    title, created_at = single_line(new.title), now()
    topic = Topic(
        kind=new.kind,
        agenda_id=agenda_id,
        author_id=author.id,
        organisation_id=organisation_id,
        title=title,
        slug=slugify(title, "topic"),
        excerpt=excerpt(new.text.plain),
        language=new.text.language,
        audience=new.audience,
        home=new.home,
        posts_count=1,
        replies_count=0,
        created_at=created_at,
        active_at=created_at,
    )
    db.session.add(topic)
    db.session.flush()
    return topic


def next_number(topic: Topic, created_at: datetime) -> int:
    """Count one more reply, which is of a moment, and return its number.

    `UPDATE … RETURNING` gives two concurrent replies different numbers.
    """
    query = (
        update(Topic)
        .where(Topic.id == topic.id)
        .values(
            posts_count=Topic.posts_count + 1,
            replies_count=Topic.replies_count + 1,
            active_at=max(topic.active_at, created_at),
        )
        .returning(Topic.posts_count)
    )
    return int(db.session.execute(query).scalar_one())


def add_post(
    topic: Topic,
    author: Person,
    organisation_id: int | None,
    text: Written,
    *,
    key: str | None,
    number: int,
    created_at: datetime,
    paragraph: str | None = None,
) -> Post:
    """Insert a post under a number from `next_number` (1 for the post that opens a topic).

    `created_at` is the moment that the topic has as its latest activity, to which an undone merge returns.
    """
    post = Post(
        topic_id=topic.id,
        number=number,
        author_id=author.id,
        organisation_id=organisation_id,
        source=text.source,
        html=text.html,
        html_version=text.html_version,
        language=text.language,
        paragraph=paragraph,
        submission_key=key[:SUBMISSION_KEY_LENGTH] if key else None,
        created_at=created_at,
        useful_count=0,
        same_here_count=0,
        tried_count=0,
        has_poll=False,
        hidden_reason="",
    )
    db.session.add(post)
    db.session.flush()
    return post


def valid_paragraph_key(paragraph: str | None) -> str | None:
    """The key of a paragraph if it has the form of one, else None."""
    return paragraph if paragraph and PARAGRAPH_KEY.fullmatch(paragraph) else None
