"""Announcing, changing and cancelling meetings, and telling what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import NO_TEXT
from forum.meetings.actions._documents import entry_of
from forum.meetings.actions._places import day_before, move_up, schedule_reminders, tell_members
from forum.meetings.actions._texts import MeetingText, OutcomeText, check_meeting, check_outcome
from forum.meetings.models import Meeting
from forum.meetings.queries import (
    identical_meeting,
    is_uid_taken,
    known_fields,
    lock_meeting,
    meeting_fields,
    members_attending,
)
from forum.members.queries import city_if_there, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event_for_watchers,
    read_outdated,
)
from forum.notifications.models import AGENDA
from forum.permissions import Person, require
from forum.plaintext import slugify
from forum.search import actions as search
from forum.sentences import sentence

TIME_CHANGED = sentence("It is at another time now.")
PLACE_CHANGED = sentence("It is in another place now.")
LINK_CHANGED = sentence("The link by which you join has changed.")
CANCELLED = sentence("It is cancelled.")


@action
def announce_meeting(host: Person, agenda_id: int, text: MeetingText) -> Meeting:
    """Announce a meeting on an agenda, and notify its watchers. A form sent twice announces one meeting."""
    lock_writer(host)
    lock_to_write_on(host, agenda_id)
    agenda = agenda_by_id(host, agenda_id)
    require(host.can.announce_meeting(agenda))
    check_meeting(text, None)
    if known := identical_meeting(agenda.id, text.columns):
        return known
    meeting = _new_meeting(host, agenda, text)
    search.index(host, entry_of(meeting, text.text.plain), is_new=True)
    if agenda.opened_at:
        notice = NoticeText("meeting", meeting.told_at, meeting.title, language=meeting.language)
        note_event_for_watchers(host, notice, [(AGENDA, agenda.id)])
    return meeting


def _new_meeting(host: Person, agenda: Agenda, text: MeetingText) -> Meeting:
    meeting = Meeting(
        uid=text.uid if text.uid and not is_uid_taken(text.uid) else str(uuid4()),
        agenda=agenda,
        slug=slugify(text.title, "meeting"),
        created_at=now(),
        announced_by_id=host.id,
        updated_at=now(),
        **text.columns,
    )
    meeting.city = city_if_there(text.city_id)
    db.session.add(meeting)
    flush_unique()
    return meeting


@action
def edit_meeting(
    host: Person, meeting_id: int, text: MeetingText, *, seen: str | None = None
) -> Meeting:
    """Change a meeting, keep a version, and notify those who come of another time, place or link.

    `seen` is the `fingerprint` of its fields when the form was opened: raises `Conflict` when somebody has changed them
    since. Whoever waits moves up where there are more places now.
    """
    lock_writer(host)
    meeting = lock_meeting(host, meeting_id)
    require(host.can.change_meeting(meeting))
    check_meeting(text, meeting)
    before, known = meeting_fields(meeting), known_fields(meeting)
    was = {name: getattr(meeting, name) for name in text.columns}
    if was == text.columns:
        return meeting
    refuse_unseen(seen, known)
    for name, value in text.columns.items():
        setattr(meeting, name, value)
    meeting.slug, meeting.updated_at = slugify(text.title, "meeting"), now()
    meeting.city = city_if_there(text.city_id)
    db.session.flush()
    if meeting_fields(meeting) != before:
        keep_version(host, "meeting", meeting.id, before)
        meeting.sequence += 1
    search.index(host, entry_of(meeting, text.text.plain))
    _tell_changes(host, meeting, was)
    move_up(meeting)
    return meeting


def _tell_changes(host: Person, meeting: Meeting, was: Mapping[str, Any]) -> None:
    """Notify those who come of changes, and schedule their reminders again after a change of time."""

    def is_other(*names: str) -> bool:
        return any(was[name] != getattr(meeting, name) for name in names)

    said = [
        *([TIME_CHANGED] if is_other("starts_at", "ends_at") else []),
        *([PLACE_CHANGED] if is_other("place", "city_id", "is_online") else []),
        *([LINK_CHANGED] if was["join_link"] and is_other("join_link") else []),
    ]
    if is_other("starts_at"):
        read_outdated(host, "soon", [meeting.told_at], members_attending(meeting))
        schedule_reminders(meeting, day_before(meeting))
    if said:
        tell_members(host, meeting, said, members_attending(meeting))


@action
def cancel_meeting(host: Person, meeting_id: int, reason: str) -> Meeting:
    """Cancel a meeting, and notify those who come, with the reason. Its page stays and says that it is cancelled."""
    lock_writer(host)
    meeting = lock_meeting(host, meeting_id)
    require(host.can.change_meeting(meeting))
    if not reason.strip():
        raise Invalid(_("Say in a sentence why, for those who wanted to come."), "reason")
    keep_version(host, "meeting", meeting.id, meeting_fields(meeting))
    meeting.cancelled_at, meeting.cancelled_reason = now(), reason.strip()
    meeting.updated_at, meeting.sequence = now(), meeting.sequence + 1
    schedule_reminders(meeting, None)
    for kind in ("meeting", "soon"):
        hide_told(host, kind, meeting.told_at)
    tell_members(host, meeting, [CANCELLED], members_attending(meeting), reason.strip())
    return meeting


@action
def tell_outcome(
    host: Person, meeting_id: int, text: OutcomeText, *, seen: str | None = None
) -> Meeting:
    """Write the outcome of a meeting that is over, and keep a version of the former one; `seen` as in `edit_meeting`."""
    lock_writer(host)
    meeting = lock_meeting(host, meeting_id)
    require(host.can.tell_outcome(meeting))
    check_outcome(host, text, meeting)
    before, known = meeting_fields(meeting), known_fields(meeting)
    written = text.text if text.text.source.strip() else NO_TEXT
    meeting.outcome, meeting.outcome_html = written.source, written.html
    meeting.outcome_html_version = written.html_version
    meeting.recording, meeting.topic_id = text.recording, text.topic_id
    if meeting_fields(meeting) == before:
        return meeting
    refuse_unseen(seen, known)
    is_told = written.source or text.recording or text.topic_id
    meeting.outcome_at = (meeting.outcome_at or now()) if is_told else None
    meeting.updated_at = now()
    keep_version(host, "meeting", meeting.id, before)
    search.index(host, entry_of(meeting, text.about, written.plain))
    return meeting
