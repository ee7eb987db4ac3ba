"""What the worker does before a meeting, at its end, and long after."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import delete

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries import due_reminders, meetings_to_clear, meetings_to_end
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require
from forum.versions import EVERYTHING

NAMES_KEPT = timedelta(days=183)  # of who came, after the meeting is over
BATCH_SIZE = 200  # meetings that one transaction ends, or members whom it reminds
UNNAMING_BATCH_SIZE = 20  # meetings of which one transaction forgets who came


@action
def end_meetings(system: Person) -> int:
    """Mark up to `BATCH_SIZE` meetings that have ended as over; returns how many."""
    require(system.can.administer())
    touches()
    over = meetings_to_end(BATCH_SIZE)
    for meeting in over:
        meeting.over_at = now()
    if over:
        touches(EVERYTHING)
    return len(over)


@action
def remind_of_meetings(system: Person) -> int:
    """Remind up to `BATCH_SIZE` members of their meeting on the next day; returns how many attendances it handled.

    Due attendances are locked and marked in the transaction that writes the events: everybody is reminded once, however many
    workers run and whenever they are killed.
    """
    require(system.can.administer())
    touches()
    due = due_reminders(BATCH_SIZE)
    members: dict[Meeting, list[int]] = defaultdict(list)
    for attendance in due:
        attendance.remind_at = None
        meeting = attendance.meeting
        if meeting.is_ahead and meeting.starts_at > now() and meeting.agenda.opened_at:
            members[meeting].append(attendance.member_id)
    for meeting, member_ids in members.items():
        notice = NoticeText("soon", meeting.told_at, meeting.title, language=meeting.language)
        note_event(system, notice, member_ids, is_named=False)
    return len(due)


@action
def forget_names(system: Person) -> int:
    """Delete the attendances of some meetings that were over `NAMES_KEPT` ago; returns how many meetings. Counters stay."""
    require(system.can.administer())
    touches()
    old = meetings_to_clear(now() - NAMES_KEPT, UNNAMING_BATCH_SIZE)
    for meeting in old:
        meeting.waiting_count = 0
    known = Attendance.meeting_id.in_([meeting.id for meeting in old])
    db.session.execute(delete(Attendance).where(known))
    return len(old)
