"""In SQL: links to a topic and to its posts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, String, bindparam, cast, or_, select
from sqlalchemy.orm import aliased

from forum.dialogue.models import Post, Topic
from forum.search.models import LinkedPage

MAX_POSTS = 500  # of the newest posts of a topic: links to older ones do not count

TOPIC_ID = bindparam("topic_id", type_=Integer)
_NEWEST = select(Post.id).where(Post.topic_id == TOPIC_ID).order_by(Post.number.desc())
# The addresses of the newest posts of the topic `topic_id`
POSTS = select(
    ("/posts/" + cast(_NEWEST.limit(MAX_POSTS).subquery().c.id, String)).label("address")
)


def is_linked(address: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a text links to an address; looked for each time, since for a join PostgreSQL reads all links that there are."""
    link = select(LinkedPage.document_id).where(LinkedPage.address == address).limit(1)
    return link.scalar_subquery().is_not(None)


def may_be_linked() -> ColumnElement[Any]:
    """Whether a text links to the topic `topic_id` or a post of it, or another topic was merged into it, to which one may."""
    merged, posts = aliased(Topic), POSTS.subquery()
    return or_(
        is_linked("/topics/" + cast(TOPIC_ID, String)),
        select(merged.id).where(merged.merged_into_id == TOPIC_ID).exists(),
        select(posts.c.address).where(is_linked(posts.c.address)).exists(),
    )
