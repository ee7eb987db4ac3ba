"""Reading a member's inbox, and the events that wait for the worker."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import joinedload

from forum.db import db, now
from forum.members.models import Member
from forum.notifications.models import Event, Notice
from forum.pages import Page, page_of
from forum.permissions import Person

PAGE = 30
TRIES = 8
WAITING = (
    "reply",
    "quote",
    "decision",
    "returned",
    "queue",
)  # kinds that ask the member for something


def visible_notices(reader: Person) -> Select[Notice]:
    """The reader's own notices, without those about what is hidden, or from a member whose profile is."""
    return _visible(reader.id)


def _visible(member_id: Any) -> Select[Notice]:
    from_hidden = Notice.actor.has(Member.hidden_at.is_not(None))
    return select(Notice).where(
        Notice.member_id == member_id, Notice.hidden_at.is_(None), ~from_hidden
    )


def notices_of(reader: Person, number: int = 1) -> Page[Notice]:
    """One page of the reader's inbox, newest first, with the people who caused them."""
    query = visible_notices(reader).options(joinedload(Notice.actor))
    return page_of(query.order_by(Notice.id.desc()), number, PAGE)


def unread_count(reader: Person) -> int:
    """How many notices the reader has not read, counted up to 100."""
    return db.session.scalar(_unread_count(), {"member_id": reader.id}) or 0


@cache
def _unread_count() -> Select[Any]:
    unread = _visible(bindparam("member_id")).where(Notice.read_at.is_(None))
    some = unread.with_only_columns(Notice.id).limit(100).subquery()
    return select(func.count()).select_from(some)


def has_unread_about(reader: Person, topic_id: int) -> bool:
    """Whether the reader has a notice about a topic that is not read yet."""
    whose = {"member_id": reader.id, "topic_id": topic_id}
    return bool(db.session.scalar(_is_unread_about(), whose))


@cache
def _is_unread_about() -> Select[Any]:
    unread = _visible(bindparam("member_id")).where(Notice.read_at.is_(None))
    about = unread.where(Notice.topic_id == bindparam("topic_id"))
    return select(about.with_only_columns(Notice.id).exists())


def get_notice(reader: Person, notice_id: int) -> Notice | None:
    """One of the reader's own notices."""
    return db.session.scalar(visible_notices(reader).where(Notice.id == notice_id))


def due_events(limit: int) -> Sequence[Event]:
    """The events whose notices are still to be made, oldest first; other workers' are passed over."""
    query = select(Event).where(
        Event.done_at.is_(None),
        Event.hidden_at.is_(None),
        Event.due_at <= now(),
        Event.attempts < TRIES,
    )
    return db.session.scalars(
        query.order_by(Event.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
