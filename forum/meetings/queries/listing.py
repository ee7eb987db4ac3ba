"""Lists of meetings, for pages and for calendar programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from forum.db import db, execute_core
from forum.meetings.models import Meeting
from forum.meetings.queries._reach import visible_meetings, with_place
from forum.members.models import City
from forum.pages import Page, page_of
from forum.permissions import VISITOR, Person
from forum.reach import is_on_open_agenda, reads
from forum.versions import cached

MEETINGS_PER_PAGE = 20
MAX_IN_CALENDAR = 300  # meetings in a calendar file
# Meetings that a process caches for short lists: of each agenda and audience, and in all
NEXT_OF_AGENDA, MAX_NEXT = 10, 500
COMING_FIRST = (Meeting.starts_at, Meeting.id)
LATEST_FIRST = (Meeting.starts_at.desc(), Meeting.id.desc())
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


def coming_meetings(reader: Person, agenda_id: int | None, number: int) -> Page[Meeting]:
    """One page of the meetings that are not over, the next one first; of one agenda or of all."""
    found = with_place(_of_agenda(visible_meetings(reader), agenda_id))
    ahead = found.where(Meeting.over_at.is_(None)).order_by(*COMING_FIRST)
    return page_of(ahead, number, MEETINGS_PER_PAGE)


def past_meetings(reader: Person, agenda_id: int | None, number: int) -> Page[Meeting]:
    """One page of the meetings that are over, the latest first; of one agenda or of all."""
    found = with_place(_of_agenda(visible_meetings(reader), agenda_id))
    over = found.where(Meeting.over_at.is_not(None)).order_by(*LATEST_FIRST)
    return page_of(over, number, MEETINGS_PER_PAGE)


def public_meetings(agenda_id: int | None = None) -> Sequence[Meeting]:
    """The public meetings, for calendar programs, at most `MAX_IN_CALENDAR`.

    Those that come, the next one first, and then those that are over, the latest first: where there are too many, what a
    calendar needs most is there.
    """
    found = with_place(_of_agenda(visible_meetings(VISITOR), agenda_id))
    ahead = found.where(Meeting.over_at.is_(None)).order_by(*COMING_FIRST)
    over = found.where(Meeting.over_at.is_not(None)).order_by(*LATEST_FIRST)
    coming = db.session.scalars(ahead.limit(MAX_IN_CALENDAR)).all()
    left = MAX_IN_CALENDAR - len(coming)
    return [*coming, *(db.session.scalars(over.limit(left)) if left else [])]


def _of_agenda(found: Select[Any], agenda_id: int | None) -> Select[Any]:
    return found if agenda_id is None else found.where(Meeting.agenda_id == agenda_id)


def next_meetings(reader: Person, limit: int, agenda_id: int | None = None) -> list[NextMeeting]:
    """The next meetings that a reader sees, of one agenda or of all, without cancelled ones.

    A process caches the first ones of each agenda and audience, so that the home page and those of agendas need no query.
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
    # Visitors would find none where the first are all for members
    lists = (Meeting.agenda_id, Meeting.audience)
    place = func.row_number().over(partition_by=lists, order_by=COMING_FIRST)
    ahead = Meeting.over_at.is_(None), Meeting.cancelled_at.is_(None)
    first = select(Meeting.id, place.label("place")).where(*ahead).subquery()
    columns = (*NEXT_COLUMNS, City.name, is_on_open_agenda(Meeting.agenda_id))
    found = select(*columns).join(first, first.c.id == Meeting.id).outerjoin(Meeting.city)
    found = found.where(first.c.place <= NEXT_OF_AGENDA).order_by(*COMING_FIRST).limit(MAX_NEXT)
    return [NextMeeting(*row) for row in execute_core(found)]
