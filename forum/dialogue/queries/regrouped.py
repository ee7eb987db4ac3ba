"""Posts that were put elsewhere: where they went, and where they came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, bindparam, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.db import db, execute_core
from forum.dialogue.models import POSTS_PER_PAGE, Place, Post, Topic, Trace
from forum.dialogue.queries._rows import PostRow, TopicRow
from forum.dialogue.queries._visibility import is_readable, visible_posts
from forum.dialogue.queries.listing import get_topic, get_topic_row
from forum.dialogue.queries.posts import get_post
from forum.errors import NotFound
from forum.notifications.models import Event
from forum.pages import Page
from forum.permissions import Person, cached_statement, moderated_by, read_by, require, shown_to

MOST_STEPS = 20  # from a topic to the one it is in now


class Regrouped(NamedTuple):
    """A line in a topic: so many posts went from here to another, or (`has_come`) came here from there.

    `address` is empty where the other topic leads back here.
    """

    posts: int
    title: str
    language: str
    address: str
    has_come: bool


def regrouped_in(
    reader: Person, topic: TopicRow, posts: Page[PostRow]
) -> dict[int, list[Regrouped]]:
    """The lines of a page by the number of the post before which they stand; 0 for the end of the page.

    Posts to be read are counted alone, and topics that the reader sees are named alone.
    """
    if topic.regrouped_at is None:
        return {}
    last = posts.number * POSTS_PER_PAGE
    which = {"topic_id": topic.id, "before": last - POSTS_PER_PAGE, "last": last}
    lines: dict[int, list[Regrouped]] = {}
    for has_come, query in ((False, _gone_from(reader)), (True, _come_to(reader))):
        for number, line in _runs(execute_core(query, which), has_come):
            place = next((post.number for post in posts.items if post.number >= number), 0)
            lines.setdefault(place, []).append(line)
    return lines


def _runs(rows: Iterable[Any], has_come: bool) -> list[tuple[int, Regrouped]]:
    """Rows of (number, topic's id, slug, title, language, whether it is merged), one line for each run of the same topic."""
    found: list[tuple[int, int, Regrouped]] = []
    for number, topic_id, slug, title, language, is_merged in rows:
        if found and found[-1][1] == topic_id:
            start, _id, line = found[-1]
            found[-1] = (start, topic_id, line._replace(posts=line.posts + 1))
        else:
            address = "" if is_merged else f"/topics/{topic_id}-{slug}"
            found.append((number, topic_id, Regrouped(1, title, language, address, has_come)))
    return [(number, line) for number, _id, line in found]


_HERE: Any = bindparam("topic_id")


@cached_statement
def _gone_from(reader: Person) -> Select[Any]:
    number, here = Trace.number, _HERE
    query = _other_topics(reader, number).join(Post, Post.topic_id == Topic.id)
    query = query.join(Trace, Trace.post_id == Post.id).where(Trace.topic_id == here)
    there = Topic.id != here, Topic.deleted_at.is_(None)
    return query.where(*there, *is_readable(), *_on_page(number)).order_by(number)


@cached_statement
def _come_to(reader: Person) -> Select[Any]:
    number, here, later = Post.number, _HERE, aliased(Trace)
    query = _other_topics(reader, number).join(Trace, Trace.topic_id == Topic.id)
    query = query.join(Post, Post.id == Trace.post_id).where(Post.topic_id == here)
    is_passed = select(later.topic_id).where(later.post_id == Post.id, later.step > Trace.step)
    there = Topic.id != here, ~is_passed.exists()
    return query.where(*there, *is_readable(), *_on_page(number)).order_by(number)


def _other_topics(reader: Person, number: Any) -> Select[Any]:
    is_merged = Topic.merged_into_id.is_not(None)
    columns: tuple[Any, ...] = (number, Topic.id, Topic.slug, Topic.title, Topic.language)
    return select(*columns, is_merged).where(
        Topic.title != "",
        or_(is_merged, Topic.deleted_at.is_(None)),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def _on_page(number: Any) -> tuple[Any, ...]:
    return number > bindparam("before"), number <= bindparam("last")


def topic_after_merge(reader: Person, topic_id: int) -> Topic:
    """The topic that another one was put into, however often, if the reader sees it; else `NotFound`."""
    for _step in range(MOST_STEPS):
        query = select(Topic.merged_into_id).where(Topic.id == topic_id)
        into = db.session.scalar(query)
        if into is None:
            break
        topic_id = into
    return get_topic(reader, topic_id)


def why_not_shown(reader: Person, topic_id: int) -> NotFound:
    """The `NotFound` to raise for a topic that a reader asks for and cannot see.

    It says that the moderators have hidden the topic, and why, if the reader could see it otherwise. It says nothing of a
    topic that was removed, nor of one that is empty because its author deleted the first post.
    """
    opening = (Post.topic_id == Topic.id, Post.number == 1, Post.deleted_at.is_not(None))
    query = select(Topic.hidden_reason).where(
        Topic.id == topic_id,
        Topic.home.is_(None),
        Topic.hidden_at.is_not(None),
        Topic.removed_at.is_(None),
        Topic.deleted_at.is_(None),
        or_(Topic.emptied_at.is_(None), ~select(Post.id).where(*opening).exists()),
        read_by(reader, Topic.audience),
    )
    reason = db.session.scalar(query)
    if reason is None:
        return NotFound()
    known = gettext("The moderators have hidden this topic.")
    return NotFound(f"{known} {reason.rstrip('.')}." if reason else known, ("topic", topic_id))


def address_after_merge(reader: Person, topic_id: int, number: int) -> str:
    """Where what stood in a topic under a number, or else the next that did, stands after it was put into another."""
    target = topic_after_merge(reader, topic_id)
    query = select(Trace.post_id).where(Trace.topic_id == topic_id, Trace.number >= number)
    post_id = db.session.scalar(query.order_by(Trace.number).limit(1))
    if post_id is None or target.id == topic_id:
        return target.address
    try:
        return get_post(reader, post_id).address
    except NotFound:
        return target.address


def is_told(member: Person, kind: str, post_id: int) -> bool:
    """Whether a notice about what the member did to a post has been noted already."""
    noted = select(Event.id).filter_by(actor_id=member.id, kind=kind, post_id=post_id)
    return bool(db.session.scalar(select(noted.exists())))


def topic_to_reply(author: Person, topic_id: int) -> TopicRow:
    """A topic that somebody wants to reply to; one that was put into another meanwhile is that other."""
    try:
        topic = get_topic_row(author, topic_id)
    except NotFound:
        topic = get_topic_row(author, topic_after_merge(author, topic_id).id)
    require(author.can.reply(topic))
    return topic


def merged_topic(doer: Person, topic_id: int) -> Topic:
    """A topic that was put into another, with its agenda, locked; `NotFound` when it is none."""
    query = select(Topic).where(Topic.id == topic_id, Topic.merged_into_id.is_not(None))
    if db.session.scalar(query.with_only_columns(Topic.id).with_for_update(of=Topic)) is None:
        raise NotFound()
    return db.session.scalars(query.options(joinedload(Topic.agenda))).one()


def put_away(moderator: Person, topic_id: int) -> Topic | None:
    """A topic that was put into another, with its agenda, for who moderates that."""
    query = select(Topic).where(Topic.id == topic_id, Topic.merged_into_id.is_not(None))
    query = query.where(moderated_by(moderator, Topic.agenda_id))
    return db.session.scalar(query.options(joinedload(Topic.agenda)))


def opening_after_merge(reader: Person, topic_id: int) -> Select[Any]:
    """A select of the post that opened a topic which was put into another, where it stands now, if the reader sees it."""
    opened = visible_posts(reader).join(Trace, Trace.post_id == Post.id)
    return opened.where(Trace.topic_id == topic_id, Trace.number == 1)


def places_after(topic_id: int, target_id: int) -> Select[Any]:
    """How far those who have read in a topic are in the one that its posts have gone to: target, member, number."""
    met = select(func.max(Post.number)).join(Trace, Trace.post_id == Post.id)
    met = met.where(Trace.topic_id == topic_id, Post.topic_id == target_id)
    far = met.where(Trace.number <= Place.number).correlate(Place).scalar_subquery()
    found = select(literal(target_id), Place.member_id, far.label("number"))
    return found.where(Place.topic_id == topic_id, far.is_not(None))


def steps_of(post_ids: Iterable[int]) -> dict[int, int]:
    """How often posts have gone to another topic so far; those that never did are left out."""
    counted = select(Trace.post_id, func.max(Trace.step)).where(Trace.post_id.in_(list(post_ids)))
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Trace.post_id))}
