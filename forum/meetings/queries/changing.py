"""Rows that actions and the worker change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries._reach import get_meeting, visible_meetings, with_place
from forum.permissions import Person

_ROWS = select(func.count(Attendance.id)).where(Attendance.meeting_id == Meeting.id)
_HAS_NAMES = select(Attendance.id).where(Attendance.meeting_id == Meeting.id).correlate(Meeting)
# The counters of a meeting, and how to count them. They stay when the attendances are deleted
COUNTED: dict[Any, Any] = {
    Meeting.coming_count: case(
        (and_(Meeting.over_at.is_not(None), ~_HAS_NAMES.exists()), Meeting.coming_count),
        else_=_ROWS.where(Attendance.waiting_at.is_(None)).correlate(Meeting).scalar_subquery(),
    ),
    Meeting.waiting_count: _ROWS.where(Attendance.waiting_at.is_not(None))
    .correlate(Meeting)
    .scalar_subquery(),
}


def lock_meeting(doer: Person, meeting_id: int) -> Meeting:
    """The meeting with this id, its agenda and its city, locked; raises `NotFound`.

    Each action that changes attendances locks the meeting first, so that places are given one after the other.
    """
    lock = visible_meetings(doer).where(Meeting.id == meeting_id).with_only_columns(Meeting.id)
    or_not_found(db.session.scalar(lock.with_for_update(of=Meeting)))
    return get_meeting(doer, meeting_id)


def identical_meeting(agenda_id: int, fields: Mapping[str, Any]) -> Meeting | None:
    """A meeting of an agenda with the same fields that is not cancelled, to recognise forms sent twice; or None."""
    found = with_place(select(Meeting).filter_by(agenda_id=agenda_id, cancelled_at=None, **fields))
    return db.session.scalars(found.limit(1)).first()


def is_uid_taken(uid: str) -> bool:
    """Whether a meeting has this `uid` already."""
    return bool(db.session.scalar(select(select(Meeting.id).where(Meeting.uid == uid).exists())))


def meetings_to_index(meeting_ids: Collection[int]) -> Sequence[Meeting]:
    """Meetings with their cities, locked."""
    query = select(Meeting).where(Meeting.id.in_(meeting_ids)).order_by(Meeting.id)
    query = query.options(joinedload(Meeting.city))
    return db.session.scalars(query.with_for_update(of=Meeting)).all()


def counts_of(meeting: Meeting) -> tuple[int, int]:
    """How many members come to a meeting, and how many wait for a place."""
    counts = (select(counter).where(Meeting.id == meeting.id) for counter in COUNTED.values())
    coming, waiting = (db.session.scalar(count) or 0 for count in counts)
    return coming, waiting


def meetings_to_end(limit: int) -> Sequence[Meeting]:
    """Up to `limit` meetings that have ended and are not marked as over, locked; rows locked by others are skipped."""
    due = select(Meeting).where(Meeting.over_at.is_(None), Meeting.ends_at <= now())
    first = due.order_by(Meeting.ends_at).limit(limit)
    return db.session.scalars(first.with_for_update(skip_locked=True)).all()


def meetings_to_clear(before: datetime, limit: int) -> Sequence[Meeting]:
    """Up to `limit` meetings over before a moment that still have attendances, locked; rows locked by others are skipped."""
    old = select(Meeting).where(Meeting.over_at < before, _HAS_NAMES.exists())
    first = old.order_by(Meeting.id).limit(limit)
    return db.session.scalars(first.with_for_update(of=Meeting, skip_locked=True)).all()


def due_reminders(limit: int) -> Sequence[Attendance]:
    """Up to `limit` attendances with a due reminder, with their meetings, locked; rows locked by others are skipped."""
    due = select(Attendance).where(Attendance.remind_at <= now())
    first = due.order_by(Attendance.remind_at, Attendance.id).limit(limit)
    rows = db.session.scalars(first.with_for_update(skip_locked=True)).all()
    with_meeting = select(Attendance).where(
        Attendance.id.in_([attendance.id for attendance in rows])
    )
    whole = with_meeting.options(joinedload(Attendance.meeting).joinedload(Meeting.agenda))
    return db.session.scalars(whole.order_by(Attendance.id)).all()
