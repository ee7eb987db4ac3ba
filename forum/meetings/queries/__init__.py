"""Meetings and their attendances, for pages, actions and other rooms."""

from __future__ import annotations

from forum.meetings.queries._reach import get_meeting, visible_meetings
from forum.meetings.queries.attendances import (
    all_who_come,
    attendance_of,
    attendance_to_end,
    first_waiting,
    meetings_attended,
    meetings_of_member,
    members_attending,
    who_comes,
)
from forum.meetings.queries.changing import (
    COUNTED,
    counts_of,
    due_reminders,
    identical_meeting,
    is_uid_taken,
    lock_meeting,
    meetings_to_clear,
    meetings_to_end,
    meetings_to_index,
)
from forum.meetings.queries.hosting import (
    agenda_to_announce_on,
    is_topic_seen,
    meeting_to_edit,
    meeting_to_tell_of,
    topic_of,
)
from forum.meetings.queries.listing import (
    NextMeeting,
    coming_meetings,
    next_meetings,
    past_meetings,
    public_meetings,
)
from forum.meetings.queries.notices import still_to_tell
from forum.meetings.queries.versions import (
    appointment_fields,
    edits_of,
    known_fields,
    meeting_fields,
)

__all__ = [
    "COUNTED",
    "NextMeeting",
    "agenda_to_announce_on",
    "all_who_come",
    "appointment_fields",
    "attendance_of",
    "attendance_to_end",
    "coming_meetings",
    "counts_of",
    "due_reminders",
    "edits_of",
    "first_waiting",
    "get_meeting",
    "identical_meeting",
    "is_topic_seen",
    "is_uid_taken",
    "known_fields",
    "lock_meeting",
    "meeting_fields",
    "meeting_to_edit",
    "meeting_to_tell_of",
    "meetings_attended",
    "meetings_of_member",
    "meetings_to_clear",
    "meetings_to_end",
    "meetings_to_index",
    "members_attending",
    "next_meetings",
    "past_meetings",
    "public_meetings",
    "still_to_tell",
    "topic_of",
    "visible_meetings",
    "who_comes",
]
