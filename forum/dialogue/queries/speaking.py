"""Which topics, cases and practices speak of a topic, case or practice: those with a link to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, bindparam, cast, column, or_, select, table, union_all
from sqlalchemy.orm import aliased

from forum import web
from forum.columns import MAX_ID
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries._linked import POSTS, TOPIC_ID, is_linked
from forum.dialogue.queries.moved import topics_after_mergers
from forum.pagelinks import pages_linked
from forum.permissions import Person
from forum.search.models import FAILURE, Document
from forum.search.queries import documents_linking

MAX_SPEAKING = 10  # topics in the list
MAX_LINKING = 100  # of the newest texts with a link are read for them
# What a case or practice is, by the kinds of documents of its own text
OF_LIBRARY = {"case": "case", "practice": "practice", FAILURE: "practice"}
# A table of the room `library`, which is above this one
_PRACTICE = table("practice", column("id"), column("author_id"))

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
    """A topic, case or practice that speaks of something: its title with its language, and its newest text with a link.

    `kind` is that of a case or practice whose own text has the link, else empty; `topic_id` is None for these. `page` is
    the address of what the text stands on.
    """

    title: str
    language: str
    address: str
    written_at: datetime
    kind: str
    topic_id: int | None
    page: str


def links_in(source: str) -> tuple[str, ...]:
    """The pages of this forum to which a text links: see `pagelinks`."""
    return pages_linked(source, web.settings().url)


def speaking_of(reader: Person, address: str, topic_id: int | None) -> list[Speaking]:
    """The topics, cases and practices that link to a page or to a post below it, or whose comments do; the newest first.

    `topic_id` is the topic of the page, which is not listed itself, or None. Texts by members whom the reader ignores
    do not count. Each is listed once.
    """
    wanted = {"address": address, "topic_id": topic_id or 0, "topic": f"/topics/{topic_id}"}
    linked = db.session.scalars(_LINKED, wanted).all()
    if not linked:
        return []
    own = ("topic", topic_id) if topic_id else None
    rows = documents_linking(reader, linked, own, MAX_LINKING, _is_not_by(reader.ignored))
    newest: dict[str, Speaking] = {}
    for row in rows:
        kind = OF_LIBRARY.get(row.kind, "")
        about = (row.title, row.language, row.address, row.written_at)
        if row.page != address:
            newest.setdefault(row.page, Speaking(*about, kind, row.topic_id, row.page))
    return [*newest.values()][:MAX_SPEAKING]


def _is_not_by(ignored: Collection[int]) -> ColumnElement[bool] | None:
    if not ignored:
        return None
    posts = select(Post.id).where(Post.author_id.in_(ignored))
    topics = select(Topic.id).where(Topic.author_id.in_(ignored))
    practices = select(_PRACTICE.c.id).where(_PRACTICE.c.author_id.in_(ignored))
    kind, number = Document.kind, Document.item_id
    is_theirs = or_(
        (kind == "post") & number.in_(posts),
        (kind == "topic") & number.in_(topics),
        kind.in_(("practice", FAILURE)) & number.in_(practices),
    )
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
