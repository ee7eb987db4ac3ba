"""Coming to a meeting, and staying away."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.agendas.queries import lock_to_write_on
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.meetings.actions._places import count_attendance, day_before, end_attendance, move_up
from forum.meetings.models import UNSAID, WAYS, Attendance
from forum.meetings.queries import appointment_fields, attendance_to_end, lock_meeting
from forum.members.queries import lock_writer
from forum.permissions import Person, require
from forum.versions import MEETINGS


@action
def come(
    member: Person, meeting_id: int, way: str = UNSAID, *, seen: str | None = None
) -> Attendance:
    """Register for a meeting, or change the way of attending. If all places are taken, the member is put on the waiting list.

    `seen` is the fingerprint of when and where it was on the page (`appointment_fields`): `Conflict` when that is
    otherwise since, because only those who come are told.
    """
    touches(MEETINGS)
    lock_writer(member)
    meeting = lock_meeting(member, meeting_id)
    lock_to_write_on(member, meeting.agenda_id)
    require(member.can.come(meeting))
    changed = _("It is at another time or place now. Look at it again.")
    refuse_unseen(seen, appointment_fields(meeting), changed)
    if meeting.has_both_ways and way not in WAYS:
        raise Invalid(_("Choose whether you come to the place or join online."), "way")
    way = way if meeting.has_both_ways else UNSAID
    move_up(meeting)  # a member who waits and was passed over for a while has priority
    if known := attendance_to_end(meeting.id, member.id):
        known.way = way
        return known
    waits = meeting.is_full
    attendance = Attendance(
        meeting_id=meeting.id,
        member_id=member.id,
        way=way,
        said_at=now(),
        waiting_at=now() if waits else None,
        remind_at=None if waits else day_before(meeting),
    )
    db.session.add(attendance)
    count_attendance(meeting, attendance, 1)
    db.session.flush()
    return attendance


@action
def stay_away(member: Person, meeting_id: int) -> None:
    """Cancel one's registration; the first member on the waiting list gets the place."""
    touches(MEETINGS)
    lock_writer(member)
    meeting = lock_meeting(member, meeting_id)
    require(member.can.come(meeting))
    end_attendance(meeting, member.id)
