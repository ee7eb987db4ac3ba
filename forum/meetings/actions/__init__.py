"""Announcing and changing meetings, attending them, and what the worker does at certain times."""

from __future__ import annotations

from forum.meetings.actions._texts import MAX_ADVANCE, MeetingText, OutcomeText
from forum.meetings.actions.announcing import (
    announce_meeting,
    cancel_meeting,
    edit_meeting,
    tell_outcome,
)
from forum.meetings.actions.coming import come, stay_away
from forum.meetings.actions.ending import NAMES_KEPT, end_meetings, forget_names, remind_of_meetings
from forum.meetings.actions.mending import (
    forget_member,
    mend_counts,
    reindex_meetings,
    rerender_meetings,
    rerender_outcomes,
)

__all__ = [
    "MAX_ADVANCE",
    "NAMES_KEPT",
    "MeetingText",
    "OutcomeText",
    "announce_meeting",
    "cancel_meeting",
    "come",
    "edit_meeting",
    "end_meetings",
    "forget_member",
    "forget_names",
    "mend_counts",
    "reindex_meetings",
    "remind_of_meetings",
    "rerender_meetings",
    "rerender_outcomes",
    "stay_away",
    "tell_outcome",
]
