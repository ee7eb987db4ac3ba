"""Posts that were moved to another topic by splitting or merging: where they are now, and where they came from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.db import db, execute_core
from forum.dialogue.models import POSTS_PER_PAGE, Place, Post, Topic, Trace
from forum.dialogue.queries._rows import PostRow, TopicRow
from forum.dialogue.queries._visibility import is_readable, visible_posts
from forum.dialogue.queries.listing import get_topic, get_topic_row
from forum.dialogue.queries.posts import get_post
from forum.errors import NotFound, or_not_found
from forum.notifications.models import Event
from forum.pages import Page
from forum.permissions import Person, require
from forum.reach import moderated_by, opened_to, read_by, shown_to
from forum.reachcache import cached_statement
from forum.rules.models import said_of_ground

MAX_MERGE_STEPS = 20  # from a topic to the one it is in now


class MovedPosts(NamedTuple):
    """A line on the page of a topic: `posts` posts were moved from here to another topic, or (`has_come`) came from it.

    `posts` counts the whole group, on whichever pages it is; `is_continued` says that it began on an earlier page.
    `title`, `language` and `address` are those of the other topic; `address` is empty when that topic was merged.
    """

    posts: int
    moved_at: datetime
    is_continued: bool
    title: str
    language: str
    address: str
    has_come: bool


def moved_posts_in(
    reader: Person, topic: TopicRow, posts: Page[PostRow]
) -> dict[int, list[MovedPosts]]:
    """The lines of a page: {number of the post above which they are printed, or 0 for the end of the page: lines}.

    Only posts that can be read are counted, and only topics that the reader sees are named.
    """
    if topic.regrouped_at is None:
        return {}
    last = posts.number * POSTS_PER_PAGE
    values = {"topic_id": topic.id, "before": last - POSTS_PER_PAGE, "last": last}
    lines: dict[int, list[MovedPosts]] = {}
    for has_come, query in ((False, _moved_away(reader)), (True, _moved_here(reader))):
        for row in execute_core(query, values):
            above = next((post.number for post in posts.items if post.number >= row.here), 0)
            address = "" if row.is_merged else f"/topics/{row.id}-{row.slug}"
            words = (row.title, row.language, address, has_come)
            is_continued = row.first < row.here
            line = MovedPosts(row.posts, row.moved_at, is_continued, *words)
            lines.setdefault(above, []).append(line)
    return lines


_THIS_TOPIC_ID: Any = bindparam("topic_id")


@cached_statement
def _moved_away(reader: Person) -> Select[Any]:
    """Posts that were once in this topic, with the topics in which they are now."""
    number = Trace.number
    query = _other_topics(reader, number).join(Post, Post.topic_id == Topic.id)
    query = query.join(Trace, Trace.post_id == Post.id).where(Trace.topic_id == _THIS_TOPIC_ID)
    query = query.where(Topic.id != _THIS_TOPIC_ID, Topic.deleted_at.is_(None))
    return _groups_on_page(query.where(*is_readable()))


@cached_statement
def _moved_here(reader: Person) -> Select[Any]:
    """Posts of this topic that came from another one, with the topics in which they were last."""
    number, later = Post.number, aliased(Trace)
    query = _other_topics(reader, number).join(Trace, Trace.topic_id == Topic.id)
    query = query.join(Post, Post.id == Trace.post_id).where(Post.topic_id == _THIS_TOPIC_ID)
    went_on = select(later.topic_id).where(later.post_id == Post.id, later.step > Trace.step)
    query = query.where(Topic.id != _THIS_TOPIC_ID, ~went_on.exists())
    return _groups_on_page(query.where(*is_readable()))


def _other_topics(reader: Person, number: Any) -> Select[Any]:
    is_merged = Topic.merged_into_id.is_not(None).label("is_merged")
    of_same_topic = func.row_number().over(partition_by=Topic.id, order_by=number)
    # A value that is the same for consecutive numbers with the same other topic, and for no later group
    run = (func.row_number().over(order_by=number) - of_same_topic).label("run")
    columns: tuple[Any, ...] = (Topic.id, Topic.slug, Topic.title, Topic.language, is_merged, run)
    return select(number.label("number"), Trace.moved_at.label("moved_at"), *columns).where(
        Topic.title != "",
        or_(is_merged, Topic.deleted_at.is_(None)),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def _groups_on_page(query: Select[Any]) -> Select[Any]:
    """One row for each group with a post on the page: its first number, the first number on the page (`here`), …"""
    moved = query.subquery()
    here = func.min(case((moved.c.number > bindparam("before"), moved.c.number)))
    names = ("id", "slug", "title", "language", "is_merged", "run")
    shared = [moved.c[name] for name in names]
    counted = select(
        func.min(moved.c.number).label("first"),
        here.label("here"),
        func.count().label("posts"),
        func.min(moved.c.moved_at).label("moved_at"),
        *shared,
    )
    return counted.group_by(*shared).having(here <= bindparam("last")).order_by(here)


def topic_after_merge(reader: Person, topic_id: int) -> Topic:
    """The topic into which another was merged, through up to `MAX_MERGE_STEPS` mergers; `NotFound` if the reader cannot see it.

    A topic that was not merged is returned itself.
    """
    for _step in range(MAX_MERGE_STEPS):
        query = select(Topic.merged_into_id).where(Topic.id == topic_id)
        target_id = db.session.scalar(query)
        if target_id is None:
            break
        topic_id = target_id
    return get_topic(reader, topic_id)


def topics_after_mergers(ids: Iterable[int]) -> dict[int, int]:
    """The ids of the topics into which these topics were merged (or their own ids), by their ids."""
    targets = {id_: id_ for id_ in ids}
    for _step in range(MAX_MERGE_STEPS):
        merged = Topic.id.in_(set(targets.values())), Topic.merged_into_id.is_not(None)
        rows = db.session.execute(select(Topic.id, Topic.merged_into_id).where(*merged))
        steps: dict[int, int] = {topic.id: topic.merged_into_id for topic in rows}
        if not steps:
            break
        targets = {id_: steps.get(target, target) for id_, target in targets.items()}
    return targets


def why_not_shown(reader: Person, topic_id: int) -> NotFound:
    """The `NotFound` to raise for a topic that the reader cannot see.

    It says that the moderators have hidden the topic, and why, if the reader could see it otherwise. It gives no
    reason for a topic that was removed, nor for one that is empty because its author deleted the first post.
    """
    opening = (Post.topic_id == Topic.id, Post.number == 1, Post.deleted_at.is_not(None))
    query = select(Topic.hidden_reason).where(
        Topic.id == topic_id,
        Topic.home.is_(None),
        Topic.hidden_at.is_not(None),
        Topic.removed_at.is_(None),
        Topic.deleted_at.is_(None),
        or_(Topic.emptied_at.is_(None), ~select(Post.id).where(*opening).exists()),
        opened_to(reader, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )
    reason = db.session.scalar(query)
    if reason is None:
        return NotFound()
    known = gettext("The moderators have hidden this topic.")
    return NotFound.hidden(known, said_of_ground(reason), ("topic", topic_id))


def address_after_merge(reader: Person, topic_id: int, number: int) -> str:
    """The present address of the post with this number (or the next one that was moved) in a merged topic.

    It is the address of the topic itself when there is no such post, or the reader does not see it.
    """
    target = topic_after_merge(reader, topic_id)
    query = select(Trace.post_id).where(Trace.topic_id == topic_id, Trace.number >= number)
    post_id = db.session.scalar(query.order_by(Trace.number).limit(1))
    if post_id is None or target.id == topic_id:
        return target.address
    try:
        return get_post(reader, post_id).address
    except NotFound:
        return target.address


def has_event(member: Person, kind: str, post_id: int, since: datetime | None = None) -> bool:
    """Whether the member acting on the post has already caused an event of this kind (`since`), so that notices were sent."""
    events = select(Event.id).filter_by(actor_id=member.id, kind=kind, post_id=post_id)
    if since:
        events = events.where(Event.created_at > since)
    return bool(db.session.scalar(select(events.exists())))


def recipients_of_events(member: Person, kind: str, post_id: int) -> set[int]:
    """The ids of the members whom the events of this kind concern that the member acting on the post has caused so far."""
    events = select(Event.recipients).filter_by(actor_id=member.id, kind=kind, post_id=post_id)
    return {member_id for ids in db.session.scalars(events) for member_id in ids}


def topic_to_reply(author: Person, topic_id: int) -> TopicRow:
    """A topic that somebody wants to reply to; if it was merged meanwhile, the one that it was merged into."""
    try:
        topic = get_topic_row(author, topic_id)
    except NotFound:
        topic = get_topic_row(author, topic_after_merge(author, topic_id).id)
    require(author.can.reply(topic))
    return topic


def merged_topic_to_change(moderator: Person, topic_id: int) -> Topic:
    """A merged topic with its agenda, locked, for who moderates that; else `NotFound`."""
    query = _merged_topic(moderator, topic_id)
    or_not_found(db.session.scalar(query.with_only_columns(Topic.id).with_for_update(of=Topic)))
    return db.session.scalars(query.options(joinedload(Topic.agenda))).one()


def merged_topic(moderator: Person, topic_id: int) -> Topic | None:
    """A merged topic with its agenda, for who moderates that; else None."""
    return db.session.scalar(_merged_topic(moderator, topic_id).options(joinedload(Topic.agenda)))


def _merged_topic(moderator: Person, topic_id: int) -> Select[Topic]:
    query = select(Topic).where(Topic.id == topic_id, Topic.merged_into_id.is_not(None))
    return query.where(moderated_by(moderator, Topic.agenda_id))


def opening_after_merge(reader: Person, topic_id: int) -> Select[Any]:
    """Select the post that opened a merged topic, in the topic where it is now, if the reader sees it."""
    opened = visible_posts(reader).join(Trace, Trace.post_id == Post.id)
    return opened.where(Trace.topic_id == topic_id, Trace.number == 1)


def places_after_move(topic_id: int, target_id: int) -> Select[Any]:
    """Select how far the readers of a topic have read its posts in the topic `target_id`, to which those were moved.

    The columns are topic id, member id and number, as those of `Place`.
    """
    moved = select(func.max(Post.number)).join(Trace, Trace.post_id == Post.id)
    moved = moved.where(Trace.topic_id == topic_id, Post.topic_id == target_id)
    last_read = moved.where(Trace.number <= Place.number).correlate(Place).scalar_subquery()
    places = select(literal(target_id), Place.member_id, last_read.label("number"))
    return places.where(Place.topic_id == topic_id, last_read.is_not(None))


def last_left_number(topic: Topic) -> int:
    """The highest number that a post had in a topic before it was moved to another; 0 without one."""
    left = select(func.max(Trace.number)).where(Trace.topic_id == topic.id)
    return db.session.scalar(left) or 0


def last_steps(post_ids: Iterable[int]) -> dict[int, int]:
    """The last `Trace.step` of each of these posts, by id; those that were never moved are left out."""
    counted = select(Trace.post_id, func.max(Trace.step)).where(Trace.post_id.in_(list(post_ids)))
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Trace.post_id))}
