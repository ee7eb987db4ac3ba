"""A member's inbox, how much of it is unread, and notices about one thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import joinedload

from forum.db import db, execute_core
from forum.members.models import Session
from forum.notifications.models import ACTIONABLE_KINDS, NOTICE_KINDS, TOLD, WAITING, Event, Notice
from forum.notifications.queries._shared import NEWEST_FIRST, seen_by, visible_notices
from forum.pages import MAX_COUNTED, Page, clamp, count_of, pages_for
from forum.permissions import Person, require

NOTICES_PER_PAGE = 30
MAX_JOINED = (
    2_000  # the newest notices, of which some share a line; older ones have lines of their own
)


class Inbox(NamedTuple):
    """One page of an inbox: the notices that ask for something (`waiting`), and the others (`told`)."""

    page: Page[Notice]
    waiting: Sequence[Notice]
    told: Sequence[Notice]


def inbox(
    reader: Person,
    number: int = 1,
    to_advise_on: Select[Any] | None = None,
    *,
    is_unread: bool = False,
    is_joined: bool = False,
) -> Inbox:
    """One page of the reader's inbox, or with `is_unread` of its unread notices.

    Notices that ask for something come first, each part newest first. They wait until they are read; requests for
    advice, read or not, as long as their question is among `to_advise_on`, a select of topic ids. With `is_joined` only
    the newest of those that share a line (`entries`), so that a busy topic does not fill pages with one line each.
    """
    require(reader.can.see_notices())
    seen = _seen(reader, is_unread=is_unread)
    if is_joined:
        seen = seen.where(Notice.id.not_in(_repeated(_latest(seen))))
    is_waiting = and_(Notice.read_at.is_(None), Notice.kind.in_(ACTIONABLE_KINDS))
    if to_advise_on is not None:
        is_open = and_(Notice.topic_id.is_not(None), Notice.topic_id.in_(to_advise_on))
        is_waiting = or_(is_waiting, and_(Notice.kind == "advice", is_open))
    waiting, told = seen.where(is_waiting), seen.where(~is_waiting)
    first, total = count_of(waiting), count_of(seen)
    pages = pages_for(total, NOTICES_PER_PAGE)
    number = clamp(number, pages)
    start = (number - 1) * NOTICES_PER_PAGE
    above = _newest(waiting, start, NOTICES_PER_PAGE) if start < first else []
    below = _newest(told, max(0, start - first), NOTICES_PER_PAGE - len(above))
    return Inbox(Page([*above, *below], number, pages, total), above, below)


def _seen(reader: Person, *, is_unread: bool) -> Select[Notice]:
    seen = visible_notices(reader)
    return seen.where(Notice.read_at.is_(None)) if is_unread else seen


def _latest(seen: Select[Notice]) -> Subquery:
    """The newest `MAX_JOINED` notices, each with the number of its topic if others may share its line."""
    joined = [kind for kind, facts in NOTICE_KINDS.items() if facts.is_joined]
    topic_id = case((Notice.kind.in_(joined), Notice.topic_id)).label("topic_id")
    is_unread = Notice.read_at.is_(None).label("is_unread")
    columns = Notice.id, Notice.kind, topic_id, is_unread, Notice.actor_id, Notice.created_at
    newest = seen.with_only_columns(*columns).order_by(*NEWEST_FIRST)
    return newest.limit(MAX_JOINED).subquery()


def _repeated(latest: Subquery) -> Select[Any]:
    """The ids of notices on whose line a newer one stands."""
    row = latest.c
    place = func.row_number().over(
        partition_by=(row.topic_id, row.kind, row.is_unread),
        order_by=(row.created_at.desc(), row.id.desc()),
    )
    placed = select(row.id, place.label("place")).where(row.topic_id.is_not(None)).subquery()
    return select(placed.c.id).where(placed.c.place > 1)


def _newest(query: Select[Notice], start: int, limit: int) -> Sequence[Notice]:
    newest = query.order_by(*NEWEST_FIRST).offset(start).limit(limit)
    return db.session.scalars(newest.options(joinedload(Notice.actor))).all() if limit else []


class Entry(NamedTuple):
    """A line of an inbox: a notice, or several notices about new posts in one topic.

    `notice` is the newest of them and `first` the oldest; `number` is how many posts they are about, and `others` how
    many people besides the actor of the newest.
    """

    notice: Notice
    first: Notice
    number: int
    others: int


def entries(
    reader: Person, notices: Sequence[Notice], *, is_unread: bool = False
) -> Sequence[Entry]:
    """One entry for each notice, each with those that share its line: about replies in one topic, or other posts in it.

    Read and unread ones are separate. `notices` are the newest of each line of an inbox, or with `is_unread` of its
    unread notices.
    """
    topics = {notice.topic_id for notice in notices if NOTICE_KINDS[notice.kind].is_joined}
    lines = _lines(_latest(_seen(reader, is_unread=is_unread)), topics - {None})
    return [
        line._replace(notice=notice)
        if (line := lines.get((notice.kind, notice.topic_id, notice.read_at is None)))
        and notice.id >= line.first.id
        else Entry(notice, notice, 1, notice.others)
        for notice in notices
    ]


def _lines(latest: Subquery, topic_ids: Collection[int | None]) -> dict[Any, Entry]:
    """The lines about several posts in these topics, by kind, topic and whether they are unread; with the oldest notice."""
    if not topic_ids:
        return {}
    row = latest.c
    which = (row.kind, row.topic_id, row.is_unread)
    number, people = func.count(), func.count(row.actor_id.distinct())
    counted = select(*which, number, people, func.min(row.id)).where(row.topic_id.in_(topic_ids))
    rows = db.session.execute(counted.group_by(*which).having(number > 1)).all()
    oldest = select(Notice).where(Notice.id.in_([row[5] for row in rows]))
    first = {notice.id: notice for notice in db.session.scalars(oldest)} if rows else {}
    return {
        (kind, topic_id, bool(is_unread)): Entry(first[oldest], first[oldest], number, people - 1)
        for kind, topic_id, is_unread, number, people, oldest in rows
    }


def unread_count(reader: Person) -> int:
    """The number of the reader's unread notices, counted up to `MAX_COUNTED`.

    Those of the moderation queue are not included, because its entries have a counter of their own in the masthead.
    """
    return execute_core(_unread_count(), {"member_id": reader.id}).scalar() or 0


def unread_by_part(reader: Person) -> dict[str, int]:
    """The numbers of unread notices in each part of the inbox, those of the moderation queue as well."""
    is_waiting = Notice.kind.in_(ACTIONABLE_KINDS)
    seen = seen_by(reader.id, is_curator=reader.is_curator)
    counts = (
        _capped_count(seen.where(is_in_part)).scalar_subquery()
        for is_in_part in (is_waiting, ~is_waiting)
    )
    return dict(zip((WAITING, TOLD), db.session.execute(select(*counts)).one(), strict=True))


@cache
def _unread_count() -> Select[Any]:
    return _capped_count(seen_by(bindparam("member_id"), is_curator=False))


@cache
def unread_beside_session() -> ColumnElement[int]:
    """`unread_count` as an SQL expression in a query for a session, for its member."""
    theirs = seen_by(Session.member_id, is_curator=False).correlate(Session)
    return _capped_count(theirs).scalar_subquery()


def _capped_count(seen: Select[Notice]) -> Select[Any]:
    unread = seen.where(Notice.read_at.is_(None))
    some = unread.with_only_columns(Notice.id).limit(MAX_COUNTED).subquery()
    return select(func.count()).select_from(some)


def is_unread_about(member_id: Any, topic_id: Any) -> ColumnElement[bool]:
    """SQL condition: the member has an unread notice about the topic."""
    unread = seen_by(member_id).where(Notice.read_at.is_(None), Notice.topic_id == topic_id)
    return unread.with_only_columns(Notice.id).exists()


def lock_notice(reader: Person, notice_id: int) -> Notice | None:
    """One of the reader's own notices, locked for update; None when there is none with this id."""
    which = visible_notices(reader).where(Notice.id == notice_id)
    return db.session.scalar(which.with_for_update(of=Notice))


def all_read_since(reader: Person, since: datetime, which: ColumnElement[bool]) -> datetime | None:
    """When the reader has last marked notices that meet a condition as read together; None if that was before `since`."""
    # That it was read since is implied, and finds the few rows by an index
    recent = (Notice.read_at >= since, Notice.all_read_at >= since)
    mine = (Notice.member_id == reader.id, *recent, which)
    return db.session.scalar(select(func.max(Notice.all_read_at)).where(*mine))


def is_about_mark(post_id: int, marker_id: int) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: the event tells of the mark that the member gave the post."""
    return Event.kind == "mark", Event.post_id == post_id, Event.actor_id == marker_id


def lock_mark_events(post_id: int, marker_id: int) -> None:
    """Lock the events about a mark; this waits for a worker that is making notices of them."""
    events = select(Event.id).where(*is_about_mark(post_id, marker_id)).order_by(Event.id)
    db.session.execute(events.with_for_update())


def mark_texts(post_id: int, marker_id: int) -> Select[Any]:
    """A select of the notes that events of a member's mark have quoted, however often it was given."""
    return select(Event.text).where(*is_about_mark(post_id, marker_id), Event.text != "")
