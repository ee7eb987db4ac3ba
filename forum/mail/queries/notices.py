"""What a letter says of a notice, as long as the member should still get it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.claims.models import queue_key
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import visible_topics
from forum.library.queries import unreadable_at
from forum.mail.queries.waiting import queue_content
from forum.meetings.models import Meeting
from forum.meetings.queries import attendance_of, still_to_tell
from forum.members.models import Member
from forum.moderation.models import Decision
from forum.moderation.queries import decision_by_id
from forum.notifications.models import (
    NOTICE_KINDS,
    QUEUE_KINDS,
    REMINDER,
    SEARCH_KINDS,
    Event,
    Notice,
)
from forum.notifications.queries import visible_notices
from forum.permissions import Person
from forum.searches.queries import Told, told_searches

MEETING_KINDS = ("meeting", "coming", "soon")  # of notices about meetings


class NoticeContent(NamedTuple):
    """A notice with the post and topic that it is about, each None when there is none."""

    notice: Notice
    post: Post | None
    topic: Topic | None


def notice_to_tell(member: Member, notice_id: int) -> NoticeContent | None:
    """A member's unread notice about something that the member can still read; else None."""
    query = visible_notices(member).where(Notice.id == notice_id, Notice.read_at.is_(None))
    notice = db.session.scalar(query.options(joinedload(Notice.actor)))
    if notice is None or not still_wanted(member, [notice]):
        return None
    if notice.topic_id is None or not NOTICE_KINDS[notice.kind].is_in_topic:
        return NoticeContent(notice, None, None)
    topic = topics_in_reach(member, [notice.topic_id]).get(notice.topic_id)
    post = db.session.get(Post, notice.post_id) if notice.post_id else None
    if topic is None or (post and post.is_gone):
        return None
    return NoticeContent(notice, post, topic)


def decision_told(notice: Notice) -> Decision | None:
    """The moderator's decision that a notice is about; None for none."""
    told = select(Event.decision_id).where(Event.id == notice.event_id)
    decision_id = db.session.scalar(told)
    return decision_by_id(decision_id) if decision_id else None


def is_of_own_decision(member: Person, decision: Decision | None) -> bool:
    """Whether a decision reverses one that the member made as a moderator."""
    first = decision_by_id(decision.undoes_id) if decision and decision.undoes_id else None
    return first is not None and first.moderator_id == member.id


def still_wanted(member: Member, notices: Sequence[Notice]) -> list[Notice]:
    """The notices that the member should still get, without reminders of things without a topic that are no longer readable."""
    reminders = {
        notice.address for notice in notices if notice.kind == REMINDER and notice.topic_id is None
    }
    gone = unreadable_at(member, reminders)
    meetings = meetings_told(member, notices)
    searches = told_searches(member, notices)

    def is_outdated(notice: Notice) -> bool:
        if notice.kind == REMINDER:
            return notice.address in gone
        if notice.kind in SEARCH_KINDS:
            return not _is_something_new(searches.get(notice.id))
        return notice.kind in MEETING_KINDS and (notice.kind, notice.address) not in meetings

    return [notice for notice in notices if not is_outdated(notice) and _is_wanted(member, notice)]


def _is_something_new(told: Told | None) -> bool:
    """Whether a notice's search still exists, and one of its new texts is still visible."""
    return told is not None and told.number > 0


def heading_for(member: Member, notice: Notice) -> str:
    """The heading of a notice, in the present language; for new texts of a search it counts those still visible."""
    told = told_searches(member, [notice]).get(notice.id)
    return told.heading if told else notice.heading


def meetings_told(member: Member, notices: Iterable[Notice]) -> dict[tuple[str, str], Meeting]:
    """The meetings of notices that the member should still get, by kind and path."""
    told = {(notice.kind, notice.address) for notice in notices if notice.kind in MEETING_KINDS}
    return still_to_tell(member, told) if told else {}


def meeting_told(member: Member, notice: Notice) -> tuple[Meeting, str] | None:
    """The meeting of a notice, and the link with which the member joins it, if there is one; None for none."""
    meeting = meetings_told(member, [notice]).get((notice.kind, notice.address))
    if meeting is None:
        return None
    may_join = member.can.join_meeting(meeting, attendance_of(member, meeting.id))
    is_for_who_comes = notice.kind != "meeting" and meeting.is_ahead
    return meeting, meeting.join_link if is_for_who_comes and may_join else ""


def _is_wanted(member: Member, notice: Notice) -> bool:
    """Whether the member should still get such a notice: suspended and leaving members only those about decisions.

    Notices of the queue only while the entry waits and the member may decide about it: they may host another agenda
    by now.
    """
    is_entry = notice.kind in QUEUE_KINDS and queue_key(notice.address) is not None
    if is_entry and queue_content(member, notice.address) is None:
        return False
    return member.left_at is None and (member.is_member or notice.kind == "decision")


def topics_in_reach(member: Member, topic_ids: Iterable[int]) -> dict[int, Topic]:
    """Those of these topics that the member can still read, by id, with their agendas."""
    found = visible_topics(member).where(Topic.id.in_(set(topic_ids)))
    whole = found.options(joinedload(Topic.agenda))
    return {topic.id: topic for topic in db.session.scalars(whole)}
