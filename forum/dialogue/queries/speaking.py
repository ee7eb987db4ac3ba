"""Which topics speak of a topic, case or practice: those with a link to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, bindparam, cast, or_, select, union_all
from sqlalchemy.orm import aliased

from forum import web
from forum.columns import MAX_ID
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries._linked import POSTS, TOPIC_ID, is_linked
from forum.dialogue.queries.moved import topics_after_mergers
from forum.pagelinks import pages_linked
from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries import documents_linking

MAX_SPEAKING = 10  # topics in the list
MAX_LINKING = 100  # of the newest texts with a link are read for them

_MERGED = select(Topic.id).where(Topic.merged_into_id == TOPIC_ID).cte("merged", recursive=True)
_BEFORE = aliased(Topic)
_ALL_MERGED = _MERGED.union(
    select(_BEFORE.id).join(_MERGED, _BEFORE.merged_into_id == _MERGED.c.id)
)
# The addresses of a page, of its topic, of those that were merged into it (or into one of these), and of its newest posts
_ADDRESSES = union_all(
    select(bindparam("address", type_=String).label("address")),
    select(bindparam("topic", type_=String)),
    select("/topics/" + cast(_ALL_MERGED.c.id, String)),
    POSTS,
).subquery()
# Those to which there are links at all, which is quickly said of most pages
_LINKED = select(_ADDRESSES.c.address).where(is_linked(_ADDRESSES.c.address))


class Speaking(NamedTuple):
    """A topic that speaks of something: its title with its language, and its newest post with a link."""

    title: str
    language: str
    address: str
    written_at: datetime


def links_in(source: str) -> tuple[str, ...]:
    """The pages of this forum to which a text links: see `pagelinks`."""
    return pages_linked(source, web.settings().url)


def speaking_of(reader: Person, address: str, topic_id: int | None) -> list[Speaking]:
    """The topics, and cases and practices with comments, that link to a page or to a post below it; the newest first.

    `topic_id` is the topic of the page, which is not listed itself, or None. Texts by members whom the reader ignores
    do not count.
    """
    wanted = {"address": address, "topic_id": topic_id or 0, "topic": f"/topics/{topic_id}"}
    linked = db.session.scalars(_LINKED, wanted).all()
    if not linked:
        return []
    own = ("topic", topic_id) if topic_id else None
    rows = documents_linking(reader, linked, own, MAX_LINKING, _is_not_by(reader.ignored))
    newest: dict[int, Speaking] = {}
    for row in rows:
        told = Speaking(row.title, row.language, row.address, row.written_at)
        newest.setdefault(row.parent_id or row.id, told)
    return [*newest.values()][:MAX_SPEAKING]


def _is_not_by(ignored: Collection[int]) -> ColumnElement[bool] | None:
    if not ignored:
        return None
    posts = select(Post.id).where(Post.author_id.in_(ignored))
    topics = select(Topic.id).where(Topic.author_id.in_(ignored))
    kind, number = Document.kind, Document.item_id
    is_theirs = or_((kind == "post") & number.in_(posts), (kind == "topic") & number.in_(topics))
    return ~is_theirs


def topics_at(addresses: Iterable[str]) -> set[int]:
    """The ids of the topics that have these addresses, or posts that have them."""
    numbers: dict[str, list[int]] = {"topics": [], "posts": []}
    for address in addresses:
        _root, folder, name = address.split("/", 2)
        if folder in numbers and int(name) <= MAX_ID:
            numbers[folder].append(int(name))
    of_posts = select(Post.topic_id).where(Post.id.in_(numbers["posts"]))
    found = set(db.session.scalars(of_posts)) if numbers["posts"] else set()
    merged = topics_after_mergers(numbers["topics"]) if numbers["topics"] else {}
    return found.union(merged.values())
