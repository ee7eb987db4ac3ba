"""What notices in an inbox tell: the languages of what they quote, and which are about the reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import visible_topics
from forum.moderation.queries import own_decisions_among
from forum.notifications.models import NOTICE_KINDS, Notice
from forum.permissions import Person

DECISION_PAGE = re.compile(r"/moderation/decisions/([0-9]{1,18})(?:/|$)")


class Languages(NamedTuple):
    """The languages of the heading and of the text of a notice; None for sentences of the forum, and if unknown."""

    heading: str | None
    words: str | None


def told_about_oneself(member: Person, notices: Sequence[Notice]) -> set[int]:
    """The ids of the notices that tell of a decision about the member's own account or profile, whatever its name was then."""
    pages = {
        notice.id: int(page[1])
        for notice in notices
        if notice.kind == "decision" and (page := DECISION_PAGE.match(notice.address))
    }
    own = own_decisions_among(member, set(pages.values()))
    return {notice_id for notice_id, decision_id in pages.items() if decision_id in own}


def languages_told(reader: Person, notices: Sequence[Notice]) -> dict[int, Languages]:
    """The languages of what these notices quote from topics that the reader may see, by notice; at most one query."""
    rows = _topics_and_posts(reader, notices)
    topics = {topic_id: (title, language) for topic_id, title, language, *_post in rows}
    posts = {post_id: language for *_topic, post_id, language in rows}
    return {notice.id: _languages(notice, topics, posts) for notice in notices}


def _topics_and_posts(reader: Person, notices: Sequence[Notice]) -> Sequence[Any]:
    topic_ids = {notice.topic_id for notice in notices if notice.topic_id}
    if not topic_ids:
        return []
    post_ids = {notice.post_id for notice in notices if notice.post_id}
    query = visible_topics(reader).where(Topic.id.in_(topic_ids))
    query = query.outerjoin(Post, and_(Post.topic_id == Topic.id, Post.id.in_(post_ids)))
    columns = (Topic.id, Topic.title, Topic.language, Post.id, Post.language)
    return db.session.execute(query.with_only_columns(*columns)).all()


def _languages(
    notice: Notice, topics: dict[int, tuple[str, str]], posts: dict[int, str]
) -> Languages:
    title, language = topics.get(notice.topic_id or 0, ("", None))
    quoted = posts.get(notice.post_id or 0, language) if NOTICE_KINDS[notice.kind].quotes else None
    known = language if notice.title == title else notice.language or None
    return Languages(known, quoted)
