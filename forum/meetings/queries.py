"""Meetings and their attendances, for pages, actions and other rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.db import db, execute_core
from forum.dialogue.models import Topic
from forum.dialogue.queries import visible_topics
from forum.errors import or_not_found
from forum.history.queries import Edit, edits_between, versions_of
from forum.meetings.models import Attendance, Meeting
from forum.members.models import City, Member
from forum.notifications.queries import zone_called
from forum.pages import Page, page_of, rows_after
from forum.permissions import VISITOR, Person, require
from forum.reach import is_on_open_agenda, may_sign_in, opened_to, read_by, reads
from forum.versions import cached

MEETINGS_PER_PAGE = 20
MAX_SHOWN = 200  # members on the page of a meeting
ROWS_AT_ONCE = 500  # attendances that are read together for the table
MAX_IN_CALENDAR = 300  # meetings in a calendar file
NEXT_OF_AGENDA, MAX_NEXT = 10, 500  # meetings that a process caches for short lists
COMING_FIRST = (Meeting.starts_at, Meeting.id)
LATEST_FIRST = (Meeting.starts_at.desc(), Meeting.id.desc())
_ROWS = select(func.count(Attendance.id)).where(Attendance.meeting_id == Meeting.id)
_HAS_NAMES = select(Attendance.id).where(Attendance.meeting_id == Meeting.id).correlate(Meeting)
# The counters of a meeting, and how to count them. They stay when the attendances are deleted
COUNTED: dict[Any, Any] = {
    Meeting.coming_count: case(
        (and_(Meeting.over_at.is_not(None), ~_HAS_NAMES.exists()), Meeting.coming_count),
        else_=_ROWS.where(Attendance.waiting_at.is_(None)).correlate(Meeting).scalar_subquery(),
    ),
    Meeting.waiting_count: _ROWS.where(Attendance.waiting_at.is_not(None))
    .correlate(Meeting)
    .scalar_subquery(),
}
# The columns for a meeting in a short list, in order
NEXT_COLUMNS = (
    Meeting.id,
    Meeting.slug,
    Meeting.title,
    Meeting.language,
    Meeting.agenda_id,
    Meeting.audience,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.time_zone,
    Meeting.is_online,
    Meeting.place,
)


class NextMeeting(NamedTuple):
    """A meeting in the short list of the next ones."""

    id: int
    slug: str
    title: str
    language: str
    agenda_id: int
    audience: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    is_online: bool
    place: str
    city: str | None
    is_open: bool

    @property
    def address(self) -> str:
        """The path of its page."""
        return f"/meetings/{self.id}-{self.slug}"


# Reading


def visible_meetings(reader: Person) -> Select[Any]:
    """The meetings that a reader may see: on visible agendas, with an audience that includes the reader."""
    return select(Meeting).where(
        read_by(reader, Meeting.audience), opened_to(reader, Meeting.agenda_id)
    )


def coming_meetings(reader: Person, agenda_id: int | None, number: int) -> Page[Meeting]:
    """One page of the meetings that are not over, the next one first; of one agenda or of all."""
    found = _with_place(_of_agenda(visible_meetings(reader), agenda_id))
    ahead = found.where(Meeting.over_at.is_(None)).order_by(*COMING_FIRST)
    return page_of(ahead, number, MEETINGS_PER_PAGE)


def past_meetings(reader: Person, agenda_id: int | None, number: int) -> Page[Meeting]:
    """One page of the meetings that are over, the latest first; of one agenda or of all."""
    found = _with_place(_of_agenda(visible_meetings(reader), agenda_id))
    over = found.where(Meeting.over_at.is_not(None)).order_by(*LATEST_FIRST)
    return page_of(over, number, MEETINGS_PER_PAGE)


def public_meetings(agenda_id: int | None = None) -> Sequence[Meeting]:
    """The public meetings, for calendar programs, at most `MAX_IN_CALENDAR`.

    Those that come, the next one first, and then those that are over, the latest first: where there are too many, what a
    calendar needs most is there.
    """
    found = _with_place(_of_agenda(visible_meetings(VISITOR), agenda_id))
    ahead = found.where(Meeting.over_at.is_(None)).order_by(*COMING_FIRST)
    over = found.where(Meeting.over_at.is_not(None)).order_by(*LATEST_FIRST)
    coming = db.session.scalars(ahead.limit(MAX_IN_CALENDAR)).all()
    left = MAX_IN_CALENDAR - len(coming)
    return [*coming, *(db.session.scalars(over.limit(left)) if left else [])]


def _of_agenda(found: Select[Any], agenda_id: int | None) -> Select[Any]:
    return found if agenda_id is None else found.where(Meeting.agenda_id == agenda_id)


def _with_place(found: Select[Any]) -> Select[Any]:
    return found.options(joinedload(Meeting.agenda), joinedload(Meeting.city))


def next_meetings(reader: Person, limit: int, agenda_id: int | None = None) -> list[NextMeeting]:
    """The next meetings that a reader sees, of one agenda or of all, without cancelled ones.

    A process caches the first ones of each agenda, so that the home page and those of agendas need no query.
    """
    seen = (
        meeting
        for meeting in cached("next meetings", _read_next)
        if reads(reader, meeting.audience)
        and agenda_id in (None, meeting.agenda_id)
        and (meeting.is_open or reader.can.moderate(meeting.agenda_id))
    )
    return [meeting for meeting, _number in zip(seen, range(limit), strict=False)]


def _read_next() -> Sequence[NextMeeting]:
    place = func.row_number().over(partition_by=Meeting.agenda_id, order_by=COMING_FIRST)
    ahead = Meeting.over_at.is_(None), Meeting.cancelled_at.is_(None)
    first = select(Meeting.id, place.label("place")).where(*ahead).subquery()
    columns = (*NEXT_COLUMNS, City.name, is_on_open_agenda(Meeting.agenda_id))
    found = select(*columns).join(first, first.c.id == Meeting.id).outerjoin(Meeting.city)
    found = found.where(first.c.place <= NEXT_OF_AGENDA).order_by(*COMING_FIRST).limit(MAX_NEXT)
    return [NextMeeting(*row) for row in execute_core(found)]


def get_meeting(reader: Person, meeting_id: int) -> Meeting:
    """One meeting with its agenda and city; raises `NotFound`."""
    found = _with_place(visible_meetings(reader).where(Meeting.id == meeting_id))
    meeting: Meeting = or_not_found(db.session.scalars(found).first())
    return meeting


def meetings_at(reader: Person, addresses: Iterable[str]) -> dict[str, Meeting]:
    """The meetings that the reader sees, by the path in notices."""
    numbers = {address.removeprefix("/meetings/") for address in addresses}
    ids = [int(number) for number in numbers if number.isdecimal()]
    if not ids:
        return {}
    found = _with_place(visible_meetings(reader).where(Meeting.id.in_(ids)))
    return {meeting.told_at: meeting for meeting in db.session.scalars(found)}


def still_to_tell(
    member: Person, told: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Meeting]:
    """The notices about meetings (kind and path) that a member still has to get, each with its meeting.

    Not of what the member does not see; that there is a meeting, or that it is the next day, only while that is so; and what
    has changed only while the member comes or waits.
    """
    seen = meetings_at(member, {address for _kind, address in told})
    attended = _waiting_since(member, [meeting.id for meeting in seen.values()])
    return {
        (kind, address): seen[address]
        for kind, address in told
        if address in seen and _is_so(kind, seen[address], attended)
    }


def _is_so(kind: str, meeting: Meeting, attended: Mapping[int, datetime | None]) -> bool:
    if kind == "meeting":
        return meeting.is_ahead
    if meeting.id not in attended:
        return False
    is_soon = meeting.is_ahead and meeting.starts_at > now() and attended[meeting.id] is None
    return kind != "soon" or is_soon


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


# Who comes


def attendance_of(member: Person, meeting_id: int) -> Attendance | None:
    """The attendance of a member at a meeting; None if there is none, and for visitors."""
    if not member.is_member:
        return None
    mine = Attendance.meeting_id == meeting_id, Attendance.member_id == member.id
    return db.session.scalar(select(Attendance).where(*mine))


def meetings_attended(member: Person, meeting_ids: Collection[int]) -> set[int]:
    """The meetings among these to which a member comes or waits to come."""
    return {*_waiting_since(member, meeting_ids)}


def _waiting_since(member: Person, meeting_ids: Collection[int]) -> dict[int, datetime | None]:
    """By id of the meetings that a member attends, since when the member waits; None if the member has a place."""
    if not member.is_member or not meeting_ids:
        return {}
    mine = Attendance.member_id == member.id, Attendance.meeting_id.in_(meeting_ids)
    found = select(Attendance.meeting_id, Attendance.waiting_at).where(*mine)
    return {row.meeting_id: row.waiting_at for row in db.session.execute(found)}


def who_comes(reader: Person, meeting: Meeting) -> Sequence[Attendance]:
    """The members who come to a meeting, in the order of registration, at most `MAX_SHOWN`.

    Hidden profiles are left out, and visitors see nobody.
    """
    if not reader.can.see_who_comes():
        return []
    is_shown = Member.hidden_at.is_(None), Member.left_at.is_(None)
    comes = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_(None)
    found = select(Attendance).join(Attendance.member).where(*comes, *is_shown)
    people = joinedload(Attendance.member)
    whole = found.options(people.joinedload(Member.city), people.joinedload(Member.organisation))
    return db.session.scalars(whole.order_by(Attendance.id).limit(MAX_SHOWN)).all()


def all_who_come(host: Person, meeting: Meeting) -> Iterator[Sequence[Attendance]]:
    """All attendances of a meeting, in portions, for moderators of its agenda; hidden profiles are left out."""
    require(host.can.moderate(meeting.agenda_id))
    is_shown = Member.hidden_at.is_(None), Member.left_at.is_(None)
    found = select(Attendance).join(Attendance.member)
    people = joinedload(Attendance.member)
    found = found.where(Attendance.meeting_id == meeting.id, *is_shown).options(
        people.joinedload(Member.city), people.joinedload(Member.organisation)
    )
    last: Attendance | None = None
    while batch := rows_after(found, (Attendance.id,), (last.id,) if last else None, ROWS_AT_ONCE):
        yield batch
        last = batch[-1]


# Earlier versions


def meeting_fields(meeting: Meeting) -> dict[str, Any]:
    """The fields of a meeting that its history stores and compares. The link to join is kept in no version."""
    zone = zone_called(meeting.time_zone)
    return {
        "title": meeting.title,
        "source": meeting.source,
        "language": meeting.language,
        "starts_at": f"{meeting.starts_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "ends_at": f"{meeting.ends_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "time_zone": meeting.time_zone,
        "place": meeting.place,
        "city": meeting.city.name if meeting.city else "",
        "is_online": "yes" if meeting.is_online else "no",
        "seats": str(meeting.seats or ""),
        "audience": meeting.audience,
        "outcome": meeting.outcome,
        "recording": meeting.recording,
        "topic": str(meeting.topic_id or ""),
        "cancelled_reason": meeting.cancelled_reason,
    }


def known_fields(meeting: Meeting) -> dict[str, Any]:
    """All fields that count for whether a meeting has changed since a form was opened."""
    return meeting_fields(meeting) | {"join_link": meeting.join_link}


def edits_of(host: Person, meeting: Meeting) -> list[Edit]:
    """The edits of a meeting, newest first, for moderators of its agenda."""
    require(host.can.moderate(meeting.agenda_id))
    return edits_between(versions_of("meeting", meeting.id), {meeting.id: meeting_fields(meeting)})


# For actions


def lock_meeting(doer: Person, meeting_id: int) -> Meeting:
    """The meeting with this id, its agenda and its city, locked; raises `NotFound`.

    Each action that changes attendances locks the meeting first, so that places are given one after the other.
    """
    lock = visible_meetings(doer).where(Meeting.id == meeting_id).with_only_columns(Meeting.id)
    or_not_found(db.session.scalar(lock.with_for_update(of=Meeting)))
    return get_meeting(doer, meeting_id)


def identical_meeting(agenda_id: int, fields: Mapping[str, Any]) -> Meeting | None:
    """A meeting of an agenda with the same fields that is not cancelled, to recognise forms sent twice; or None."""
    found = _with_place(select(Meeting).filter_by(agenda_id=agenda_id, cancelled_at=None, **fields))
    return db.session.scalars(found.limit(1)).first()


def is_uid_taken(uid: str) -> bool:
    """Whether a meeting has this `uid` already."""
    return bool(db.session.scalar(select(select(Meeting.id).where(Meeting.uid == uid).exists())))


def first_waiting(meeting: Meeting) -> Attendance | None:
    """The attendance that gets a free place: the first on the waiting list whose member may attend now."""
    waits = Attendance.meeting_id == meeting.id, Attendance.waiting_at.is_not(None)
    can_come = may_sign_in(Member, now()), Member.leaving_at.is_(None)
    found = select(Attendance).join(Attendance.member).where(*waits, *can_come)
    return db.session.scalar(found.order_by(Attendance.waiting_at, Attendance.id).limit(1))


def members_attending(meeting: Meeting, *, also_waiting: bool = True) -> list[int]:
    """The ids of the members who come to a meeting, and of those who wait for a place."""
    found = select(Attendance.member_id).where(Attendance.meeting_id == meeting.id)
    if not also_waiting:
        found = found.where(Attendance.waiting_at.is_(None))
    return list(db.session.scalars(found.order_by(Attendance.id)))


def meetings_to_index(meeting_ids: Collection[int]) -> Sequence[Meeting]:
    """Meetings with their cities, locked."""
    query = select(Meeting).where(Meeting.id.in_(meeting_ids)).order_by(Meeting.id)
    query = query.options(joinedload(Meeting.city))
    return db.session.scalars(query.with_for_update(of=Meeting)).all()


def counts_of(meeting: Meeting) -> tuple[int, int]:
    """How many members come to a meeting, and how many wait for a place."""
    counts = (select(counter).where(Meeting.id == meeting.id) for counter in COUNTED.values())
    coming, waiting = (db.session.scalar(count) or 0 for count in counts)
    return coming, waiting


def meetings_to_end(limit: int) -> Sequence[Meeting]:
    """Up to `limit` meetings that have ended and are not marked as over, locked; rows locked by others are skipped."""
    due = select(Meeting).where(Meeting.over_at.is_(None), Meeting.ends_at <= now())
    first = due.order_by(Meeting.ends_at).limit(limit)
    return db.session.scalars(first.with_for_update(skip_locked=True)).all()


def meetings_to_clear(before: datetime, limit: int) -> Sequence[Meeting]:
    """Up to `limit` meetings over before a moment that still have attendances, locked; rows locked by others are skipped."""
    old = select(Meeting).where(Meeting.over_at < before, _HAS_NAMES.exists())
    first = old.order_by(Meeting.id).limit(limit)
    return db.session.scalars(first.with_for_update(of=Meeting, skip_locked=True)).all()


def due_reminders(limit: int) -> Sequence[Attendance]:
    """Up to `limit` attendances with a due reminder, with their meetings, locked; rows locked by others are skipped."""
    due = select(Attendance).where(Attendance.remind_at <= now())
    first = due.order_by(Attendance.remind_at, Attendance.id).limit(limit)
    rows = db.session.scalars(first.with_for_update(skip_locked=True)).all()
    with_meeting = select(Attendance).where(
        Attendance.id.in_([attendance.id for attendance in rows])
    )
    whole = with_meeting.options(joinedload(Attendance.meeting).joinedload(Meeting.agenda))
    return db.session.scalars(whole.order_by(Attendance.id)).all()


def meetings_of_member(member_id: int) -> list[int]:
    """The ids of the meetings to which a member comes or waits to come, in order."""
    found = select(Attendance.meeting_id).where(Attendance.member_id == member_id)
    return sorted(db.session.scalars(found))


def attendance_to_end(meeting_id: int, member_id: int | None) -> Attendance | None:
    """The attendance of a member at a locked meeting; None if there is none."""
    mine = Attendance.meeting_id == meeting_id, Attendance.member_id == member_id
    return db.session.scalar(select(Attendance).where(*mine))
