"""The places of a meeting: who has one, who gets the next free one, and when they are reminded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import update

from forum.clock import now
from forum.db import db
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries import attendance_to_end, first_waiting
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import SYSTEM, Person
from forum.sentences import Sentence, sentence

REMINDED_BEFORE = timedelta(days=1)
HAS_PLACE = sentence("A place is free, and it is yours.")


def end_attendance(meeting: Meeting, member_id: int) -> None:
    if known := attendance_to_end(meeting.id, member_id):
        count_attendance(meeting, known, -1)
        db.session.delete(known)
        db.session.flush()
    move_up(meeting)


def count_attendance(meeting: Meeting, attendance: Attendance, by: int) -> None:
    if attendance.waiting_at:
        meeting.waiting_count += by
    else:
        meeting.coming_count += by


def move_up(meeting: Meeting) -> None:
    """Give free places to members on the waiting list, in order, if the meeting has not begun, and notify them."""
    moved = []
    while meeting.is_ahead and meeting.starts_at > now() and not meeting.is_full:
        waiting = first_waiting(meeting) if meeting.waiting_count else None
        if waiting is None:
            break
        count_attendance(meeting, waiting, -1)
        waiting.waiting_at, waiting.remind_at = None, day_before(meeting)
        count_attendance(meeting, waiting, 1)
        db.session.flush()
        moved.append(waiting.member_id)
    if moved:
        tell_members(SYSTEM, meeting, [HAS_PLACE], moved)  # also to a host on the waiting list


def tell_members(
    doer: Person, meeting: Meeting, said: list[Sentence], members: Collection[int], text: str = ""
) -> None:
    notice = NoticeText(
        "coming", meeting.told_at, meeting.title, text, before=said, language=meeting.language
    )
    note_event(doer, notice, members, is_named=False)


def day_before(meeting: Meeting) -> datetime | None:
    """The time of the reminder; None if the meeting begins within a day."""
    moment = meeting.starts_at - REMINDED_BEFORE
    return moment if moment > now() else None


def schedule_reminders(meeting: Meeting, moment: datetime | None) -> None:
    comes = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_(None)
    db.session.execute(update(Attendance).where(*comes).values(remind_at=moment))
