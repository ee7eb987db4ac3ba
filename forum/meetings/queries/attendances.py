"""Who comes to a meeting."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.meetings.models import Attendance, Meeting
from forum.members.models import Member
from forum.pages import rows_after
from forum.permissions import Person, require
from forum.reach import may_sign_in

MAX_SHOWN = 200  # members on the page of a meeting
ROWS_AT_ONCE = 500  # attendances that are read together for the table


def attendance_of(member: Person, meeting_id: int) -> Attendance | None:
    """The attendance of a member at a meeting; None if there is none, and for visitors."""
    if not member.is_member:
        return None
    mine = Attendance.meeting_id == meeting_id, Attendance.member_id == member.id
    return db.session.scalar(select(Attendance).where(*mine))


def meetings_attended(member: Person, meeting_ids: Collection[int]) -> set[int]:
    """The meetings among these to which a member comes or waits to come."""
    return {*waiting_since(member, meeting_ids)}


def waiting_since(member: Person, meeting_ids: Collection[int]) -> dict[int, datetime | None]:
    """By id of the meetings that a member attends, since when the member waits; None if the member has a place."""
    if not member.is_member or not meeting_ids:
        return {}
    mine = Attendance.member_id == member.id, Attendance.meeting_id.in_(meeting_ids)
    found = select(Attendance.meeting_id, Attendance.waiting_at).where(*mine)
    return {row.meeting_id: row.waiting_at for row in db.session.execute(found)}


def who_comes(reader: Person, meeting: Meeting) -> Sequence[Attendance]:
    """The members who come to a meeting, in the order of registration, at most `MAX_SHOWN`.

    Hidden profiles are left out, and visitors see nobody.
    """
    if not reader.can.see_who_comes():
        return []
    is_shown = Member.hidden_at.is_(None), Member.left_at.is_(None)
    comes = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_(None)
    found = select(Attendance).join(Attendance.member).where(*comes, *is_shown)
    people = joinedload(Attendance.member)
    whole = found.options(people.joinedload(Member.city), people.joinedload(Member.organisation))
    return db.session.scalars(whole.order_by(Attendance.id).limit(MAX_SHOWN)).all()


def all_who_come(host: Person, meeting: Meeting) -> Iterator[Sequence[Attendance]]:
    """All attendances of a meeting, in portions, for moderators of its agenda; hidden profiles are left out."""
    require(host.can.moderate(meeting.agenda_id))
    is_shown = Member.hidden_at.is_(None), Member.left_at.is_(None)
    found = select(Attendance).join(Attendance.member)
    people = joinedload(Attendance.member)
    found = found.where(Attendance.meeting_id == meeting.id, *is_shown).options(
        people.joinedload(Member.city), people.joinedload(Member.organisation)
    )
    last: Attendance | None = None
    while batch := rows_after(found, (Attendance.id,), (last.id,) if last else None, ROWS_AT_ONCE):
        yield batch
        last = batch[-1]


def first_waiting(meeting: Meeting) -> Attendance | None:
    """The attendance that gets a free place: the first on the waiting list whose member may attend now."""
    waits = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_not(None)
    can_come = may_sign_in(Member, now()), Member.leaving_at.is_(None)
    found = select(Attendance).join(Attendance.member).where(*waits, *can_come)
    return db.session.scalar(found.order_by(Attendance.waiting_at, Attendance.id).limit(1))


def members_attending(meeting: Meeting) -> list[int]:
    """The ids of the members who come to a meeting, and of those who wait for a place."""
    found = select(Attendance.member_id).where(Attendance.meeting_id == meeting.id)
    return list(db.session.scalars(found.order_by(Attendance.id)))


def meetings_of_member(member_id: int) -> list[int]:
    """The ids of the meetings to which a member comes or waits to come, in order."""
    found = select(Attendance.meeting_id).where(Attendance.member_id == member_id)
    return sorted(db.session.scalars(found))


def attendance_to_end(meeting_id: int, member_id: int | None) -> Attendance | None:
    """The attendance of a member at a locked meeting; None if there is none."""
    mine = Attendance.meeting_id == meeting_id, Attendance.member_id == member_id
    return db.session.scalar(select(Attendance).where(*mine))
