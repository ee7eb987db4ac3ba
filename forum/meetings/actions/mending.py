"""What other rooms let meetings follow: members who leave, new HTML, search, wrong counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import update

from forum.db import db, store_html
from forum.deeds import action
from forum.markup import PlainTexts, Written
from forum.meetings.actions._documents import entry_of
from forum.meetings.actions._places import end_attendance
from forum.meetings.models import Meeting
from forum.meetings.queries import counts_of, lock_meeting, meetings_of_member, meetings_to_index
from forum.permissions import Person, require
from forum.search import actions as search


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the attendances of a member who has left, so that others move up; meetings that they announced stay."""
    require(system.can.administer())
    own = update(Meeting).where(Meeting.announced_by_id == member_id)
    db.session.execute(own.values(announced_by_id=None))
    for meeting_id in meetings_of_member(member_id):
        end_attendance(lock_meeting(system, meeting_id), member_id)


@action
def rerender_meetings(_doer: Person, texts: Mapping[int, Written]) -> int:
    """Store newly rendered HTML of meetings that still have the same source; returns for how many."""
    columns = (Meeting.source, Meeting.html, Meeting.html_version)
    return store_html(*columns, texts)


@action
def rerender_outcomes(_doer: Person, texts: Mapping[int, Written]) -> int:
    """Store newly rendered HTML of outcomes that still have the same source; returns for how many."""
    columns = (Meeting.outcome, Meeting.outcome_html, Meeting.outcome_html_version)
    return store_html(*columns, texts)


@action
def reindex_meetings(system: Person, meeting_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of meetings; `texts` are plain texts by source."""
    require(system.can.administer())
    search.reindex(
        system,
        {
            ("meeting", meeting.id): (
                entry_of(meeting, texts[meeting.source], texts[meeting.outcome]),
                None,
            )
            for meeting in meetings_to_index(meeting_ids)
        },
    )


@action
def mend_counts(system: Person, meeting_ids: Sequence[int]) -> None:
    """Set the counters of meetings to what their attendances say."""
    require(system.can.administer())
    for meeting_id in meeting_ids:
        meeting = lock_meeting(system, meeting_id)
        meeting.coming_count, meeting.waiting_count = counts_of(meeting)
