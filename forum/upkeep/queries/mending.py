"""What the repairs of `flask check --fix` look up about the rows found by a check."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from forum.db import db
from forum.dialogue.models import Post
from forum.notifications.models import Notice
from forum.upkeep.queries._checks_of_search import INDEXED_KINDS


def opening_post_ids(topic_ids: Sequence[int]) -> list[int]:
    """The ids of the opening posts of topics."""
    opening = select(Post.id).where(Post.topic_id.in_(topic_ids), Post.number == 1)
    return list(db.session.scalars(opening.order_by(Post.id)))


def missing_ids(kind: str, ids: Sequence[int]) -> list[int]:
    """Those of the ids that no row of a kind has, not even a deleted one."""
    item_id = INDEXED_KINDS[kind].item_id
    found = set(db.session.scalars(select(item_id).where(item_id.in_(ids))))
    return sorted(set(ids) - found)


def subjects_of_notices(notice_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The ids of the topics, and of the posts, that notices are about."""
    about = (
        select(func.coalesce(what, 0))
        .where(Notice.id.in_(notice_ids), what.is_not(None))
        .distinct()
        for what in (Notice.topic_id, Notice.post_id)
    )
    topics, posts = (sorted(db.session.scalars(query)) for query in about)
    return topics, posts
