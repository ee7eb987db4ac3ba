"""Announcing and changing meetings, attending them, and what the worker does at certain times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _
from sqlalchemy import delete, update

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import now
from forum.db import db, flush_unique, store_html
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import NO_TEXT, PlainTexts, Written
from forum.meetings.models import UNSAID, WAYS, Attendance, Meeting
from forum.meetings.queries import (
    attendance_to_end,
    counts_of,
    due_reminders,
    first_waiting,
    identical_meeting,
    is_topic_seen,
    is_uid_taken,
    known_fields,
    lock_meeting,
    meeting_fields,
    meetings_of_member,
    meetings_to_clear,
    meetings_to_end,
    meetings_to_index,
    members_attending,
)
from forum.members.queries import city_if_there, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    note_event_for_watchers,
    read_outdated,
)
from forum.notifications.models import AGENDA
from forum.notifications.queries import time_zones, zone_called
from forum.permissions import AUDIENCES, PUBLIC, SYSTEM, Person, require
from forum.plaintext import slugify
from forum.search import actions as search
from forum.sentences import Sentence, sentence
from forum.versions import EVERYTHING, MEETINGS

MAX_DURATION = timedelta(days=31)  # between the beginning and the end
MAX_ADVANCE = timedelta(days=3 * 366)  # from now to the beginning
MAX_SEATS = 10_000
REMINDED_BEFORE = timedelta(days=1)
NAMES_KEPT = timedelta(days=183)  # of who came, after the meeting is over
BATCH_SIZE = 200  # meetings that one transaction ends, or members whom it reminds
UNNAMING_BATCH_SIZE = 20  # meetings of which one transaction forgets who came
TIME_CHANGED = sentence("It is at another time now.")
PLACE_CHANGED = sentence("It is in another place now.")
LINK_CHANGED = sentence("The link by which you join has changed.")
CANCELLED = sentence("It is cancelled.")
HAS_PLACE = sentence("A place is free, and it is yours.")
ADDRESS_SCHEMES = ("https://", "http://")


@dataclass(frozen=True)
class MeetingText:
    """What a host writes about a meeting. It renders its Markdown when it is created, so create it before an action.

    `uid` is for one that another forum has named already; a new name is made where it is empty or taken.
    """

    title: str
    text: Written
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str = ""
    city_id: int | None = None
    is_online: bool = False
    join_link: str = ""
    seats: int | None = None
    audience: str = PUBLIC
    uid: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The values for the columns of a meeting."""
        names = [
            "title",
            "starts_at",
            "ends_at",
            "time_zone",
            "place",
            "city_id",
            "is_online",
            "join_link",
            "seats",
            "audience",
        ]
        text = self.text
        written = {"source": text.source, "html": text.html, "html_version": text.html_version}
        own = {name: getattr(self, name) for name in names}
        return own | written | {"language": text.language}


@dataclass(frozen=True)
class OutcomeText:
    """The outcome of a meeting: a text, the address of a recording, and the topic in which the discussion goes on.

    `about` is the plain text of what the meeting is about, which search knows as well; create it before an action.
    """

    text: Written = NO_TEXT
    recording: str = ""
    topic_id: int | None = None
    about: str = ""


# Hosts


@action
def announce_meeting(host: Person, agenda_id: int, text: MeetingText) -> Meeting:
    """Announce a meeting on an agenda, and notify its watchers. A form sent twice announces one meeting."""
    lock_writer(host)
    lock_to_write_on(host, agenda_id)
    agenda = agenda_by_id(host, agenda_id)
    require(host.can.announce_meeting(agenda))
    _check(text, None)
    if known := identical_meeting(agenda.id, text.columns):
        return known
    meeting = _new_meeting(host, agenda, text)
    search.index(host, _entry(meeting, text.text.plain), is_new=True)
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
    _check(text, meeting)
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
    search.index(host, _entry(meeting, text.text.plain))
    _tell_changes(host, meeting, was)
    _move_up(meeting)
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
        _remind_at(meeting, _day_before(meeting))
    if said:
        _tell(host, meeting, said, members_attending(meeting))


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
    _remind_at(meeting, None)
    for kind in ("meeting", "soon"):
        hide_told(host, kind, meeting.told_at)
    _tell(host, meeting, [CANCELLED], members_attending(meeting), reason.strip())
    return meeting


@action
def tell_outcome(
    host: Person, meeting_id: int, text: OutcomeText, *, seen: str | None = None
) -> Meeting:
    """Write the outcome of a meeting that is over, and keep a version of the former one; `seen` as in `edit_meeting`."""
    lock_writer(host)
    meeting = lock_meeting(host, meeting_id)
    require(host.can.tell_outcome(meeting))
    _check_outcome(host, text, meeting)
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
    search.index(host, _entry(meeting, text.about, written.plain))
    return meeting


def _entry(meeting: Meeting, about: str, outcome: str = "") -> search.Entry:
    """The search entry of a meeting: its title, what it is about, where it is and what came of it; never the link to join."""
    city = meeting.city.name if meeting.city else ""
    return search.Entry(
        kind="meeting",
        item_id=meeting.id,
        address=meeting.told_at,
        title=meeting.title,
        body="\n".join(filter(None, [about, meeting.place, outcome])),
        written_at=meeting.created_at,
        byline=city,
        agenda_id=meeting.agenda_id,
        language=meeting.language,
        audience=meeting.audience,
    )


# Members


@action
def come(member: Person, meeting_id: int, way: str = UNSAID) -> Attendance:
    """Register for a meeting, or change the way of attending. If all places are taken, the member is put on the waiting list."""
    touches(MEETINGS)
    lock_writer(member)
    meeting = lock_meeting(member, meeting_id)
    require(member.can.come(meeting))
    if meeting.has_both_ways and way not in WAYS:
        raise Invalid(_("Choose whether you come to the place or join online."), "way")
    way = way if meeting.has_both_ways else UNSAID
    _move_up(meeting)  # a member who waits and was passed over for a while has priority
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
        remind_at=None if waits else _day_before(meeting),
    )
    db.session.add(attendance)
    _count(meeting, attendance, 1)
    db.session.flush()
    return attendance


@action
def stay_away(member: Person, meeting_id: int) -> None:
    """Cancel one's registration; the first member on the waiting list gets the place."""
    touches(MEETINGS)
    lock_writer(member)
    meeting = lock_meeting(member, meeting_id)
    require(member.can.come(meeting))
    _end(meeting, member.id)


def _end(meeting: Meeting, member_id: int) -> None:
    if known := attendance_to_end(meeting.id, member_id):
        _count(meeting, known, -1)
        db.session.delete(known)
        db.session.flush()
    _move_up(meeting)


def _count(meeting: Meeting, attendance: Attendance, by: int) -> None:
    if attendance.waiting_at:
        meeting.waiting_count += by
    else:
        meeting.coming_count += by


def _move_up(meeting: Meeting) -> None:
    """Give free places to members on the waiting list, in order, if the meeting has not begun, and notify them."""
    moved = []
    while meeting.is_ahead and meeting.starts_at > now() and not meeting.is_full:
        waiting = first_waiting(meeting) if meeting.waiting_count else None
        if waiting is None:
            break
        _count(meeting, waiting, -1)
        waiting.waiting_at, waiting.remind_at = None, _day_before(meeting)
        _count(meeting, waiting, 1)
        db.session.flush()
        moved.append(waiting.member_id)
    if moved:
        _tell(SYSTEM, meeting, [HAS_PLACE], moved)  # also to a host on the waiting list


def _tell(
    doer: Person, meeting: Meeting, said: list[Sentence], members: Collection[int], text: str = ""
) -> None:
    notice = NoticeText(
        "coming", meeting.told_at, meeting.title, text, before=said, language=meeting.language
    )
    note_event(doer, notice, members, is_named=False)


def _day_before(meeting: Meeting) -> datetime | None:
    """The time of the reminder; None if the meeting begins within a day."""
    moment = meeting.starts_at - REMINDED_BEFORE
    return moment if moment > now() else None


def _remind_at(meeting: Meeting, moment: datetime | None) -> None:
    comes = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_(None)
    db.session.execute(update(Attendance).where(*comes).values(remind_at=moment))


# The worker


@action
def end_meetings(system: Person, limit: int = BATCH_SIZE) -> int:
    """Mark up to `limit` meetings that have ended as over; returns how many."""
    require(system.can.administer())
    touches()
    over = meetings_to_end(limit)
    for meeting in over:
        meeting.over_at = now()
    if over:
        touches(EVERYTHING)
    return len(over)


@action
def remind_of_meetings(system: Person, limit: int = BATCH_SIZE) -> int:
    """Remind up to `limit` members of their meeting on the next day; returns how many attendances it handled.

    Due attendances are locked and marked in the transaction that writes the events: everybody is reminded once, however many
    workers run and whenever they are killed.
    """
    require(system.can.administer())
    touches()
    due = due_reminders(limit)
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
def forget_names(system: Person, limit: int = UNNAMING_BATCH_SIZE) -> int:
    """Delete the attendances of up to `limit` meetings that were over `NAMES_KEPT` ago; returns how many. Counters stay."""
    require(system.can.administer())
    touches()
    old = meetings_to_clear(now() - NAMES_KEPT, limit)
    for meeting in old:
        meeting.waiting_count = 0
    known = Attendance.meeting_id.in_([meeting.id for meeting in old])
    db.session.execute(delete(Attendance).where(known))
    return len(old)


# Other rooms


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the attendances of a member who has left, so that others move up; meetings that they announced stay."""
    require(system.can.administer())
    own = update(Meeting).where(Meeting.announced_by_id == member_id)
    db.session.execute(own.values(announced_by_id=None))
    for meeting_id in meetings_of_member(member_id):
        _end(lock_meeting(system, meeting_id), member_id)


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
                _entry(meeting, texts[meeting.source], texts[meeting.outcome]),
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


# Checks of typed values. Each raises `Invalid` with a sentence for the field of this name in the form.


def _check(text: MeetingText, meeting: Meeting | None) -> None:
    if not text.title.strip():
        raise Invalid(_("Give the meeting a title."), "title")
    if not text.text.source.strip():
        raise Invalid(_("Say what it is about."), "source")
    _check_times(text, meeting)
    if not (text.place or text.city_id or text.is_online):
        raise Invalid(_("Say where it is: a place, a city, or online."), "place")
    if text.city_id and city_if_there(text.city_id) is None:
        raise Invalid(
            _(
                "No city of this name is known. Try another spelling. For a place of fewer than 15,000 people, name the nearest city."
            ),
            "city",
        )
    _check_address(text.join_link, "join_link")
    if text.join_link and not text.is_online:
        raise Invalid(
            _("There is a link to join, so say that people can join online."), "is_online"
        )
    if text.seats is not None and text.seats not in range(1, MAX_SEATS + 1):
        raise Invalid(_("Enter a number from 1 to %(most)s.", most=MAX_SEATS), "seats")
    if text.audience not in AUDIENCES:
        raise Invalid(_("Choose who can read it."), "audience")


def _check_times(text: MeetingText, meeting: Meeting | None) -> None:
    if text.time_zone not in time_zones():
        raise Invalid(_("Choose a time zone from the list."), "time_zone")
    if text.ends_at <= text.starts_at:
        zone = zone_called(text.time_zone)
        days = [moment.astimezone(zone).date() for moment in (text.starts_at, text.ends_at)]
        field = "ends_time" if days[0] == days[1] else "ends_on"
        raise Invalid(_("It ends before it begins. Choose a later end."), field)
    if text.ends_at - text.starts_at > MAX_DURATION:
        raise Invalid(_("It takes longer than a month. Announce its parts."), "ends_on")
    if meeting and meeting.starts_at == text.starts_at:
        if meeting.ends_at != text.ends_at and text.ends_at <= now():
            raise Invalid(_("This is over. Choose a time that is still to come."), "ends_time")
        return
    if text.starts_at <= now():
        raise Invalid(_("This is over. Choose a time that is still to come."), "starts_on")
    if text.starts_at > now() + MAX_ADVANCE:
        raise Invalid(_("This is more than three years away. Is the year right?"), "starts_on")


def _check_outcome(host: Person, text: OutcomeText, meeting: Meeting) -> None:
    _check_address(text.recording, "recording")
    is_other = text.topic_id != meeting.topic_id
    if is_other and text.topic_id is not None and not is_topic_seen(host, text.topic_id):
        raise Invalid(_("You see no topic of this number or address."), "topic")


def _check_address(address: str, field: str) -> None:
    if address and not address.startswith(ADDRESS_SCHEMES):
        raise Invalid(_("Enter a whole address, such as https://example.org."), field)
