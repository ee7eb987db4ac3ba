"""Meetings for their hosts, and the topics in which they go on."""

from __future__ import annotations

from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.dialogue.models import Topic
from forum.dialogue.queries import visible_topics
from forum.meetings.models import Meeting
from forum.meetings.queries._reach import get_meeting
from forum.permissions import Person, require


def topic_of(reader: Person, meeting: Meeting) -> Topic | None:
    """The topic in which a meeting goes on, if there is one and the reader sees it."""
    if meeting.topic_id is None:
        return None
    return db.session.scalars(visible_topics(reader).where(Topic.id == meeting.topic_id)).first()


def is_topic_seen(reader: Person, topic_id: int) -> bool:
    """Whether the reader sees a topic with this id."""
    found = visible_topics(reader).where(Topic.id == topic_id)
    return bool(db.session.scalar(select(found.exists())))


def agenda_to_announce_on(host: Person, slug: str) -> Agenda:
    """An agenda with its hosts, if the member may announce meetings on it; raises `Forbidden` or `NotFound`."""
    agenda = get_agenda(host, slug)
    require(host.can.announce_meeting(agenda))
    return agenda


def meeting_to_edit(host: Person, meeting_id: int) -> Meeting:
    """One meeting, if the member may change or cancel it; raises `Forbidden` or `NotFound`."""
    meeting = get_meeting(host, meeting_id)
    require(host.can.change_meeting(meeting))
    return meeting


def meeting_to_tell_of(host: Person, meeting_id: int) -> Meeting:
    """One meeting, if the member may write its outcome; raises `Forbidden` or `NotFound`."""
    meeting = get_meeting(host, meeting_id)
    require(host.can.tell_outcome(meeting))
    return meeting
