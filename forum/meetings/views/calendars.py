"""Meetings for calendar programs."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response
from flask_babel import gettext as _

from forum import web
from forum.agendas.queries import get_agenda
from forum.calendars import CONTENT_TYPE, CalendarEvent, calendar
from forum.meetings import queries
from forum.meetings.models import Meeting
from forum.meetings.views._shared import bp
from forum.members.views import federation
from forum.plaintext import prose
from forum.savedfiles import saved_file
from forum.web import me

MAX_TEXT = 600  # characters of the text in a calendar


@bp.get("/meetings/<int:meeting_id>.ics")
def meeting_calendar(meeting_id: int) -> Response:
    """One meeting as a calendar file."""
    web.depends_on()
    found = queries.get_meeting(me(), meeting_id)
    content = calendar(found.title, [_event(found)])
    return saved_file(f"meeting-{found.id}.ics", CONTENT_TYPE, content)


@bp.get("/meetings.ics")
def meetings_calendar() -> Response:
    """The public meetings as a calendar to subscribe to."""
    return _subscribed(federation().name, None)


@bp.get("/agendas/<slug>/meetings.ics")
def agenda_calendar(slug: str) -> Response:
    """The public meetings of an agenda as a calendar to subscribe to."""
    agenda = get_agenda(me(), slug)
    return _subscribed(f"{agenda.title} – {federation().name}", agenda.id)


def _subscribed(name: str, agenda_id: int | None) -> Response:
    web.depends_on()
    events = map(_event, queries.public_meetings(agenda_id))
    return Response(calendar(name, events, is_subscribed=True), content_type=CONTENT_TYPE)


def _event(found: Meeting) -> CalendarEvent:
    """A meeting as a calendar event, without the link to join."""
    address = web.absolute(quote(found.address))
    told = [prose(found.source, MAX_TEXT), address]
    if found.cancelled_at:
        told = [f"{_('This meeting is cancelled.')} {found.cancelled_reason}", *told]
    places = [found.place, found.city.name if found.city else ""]
    places += [_("online")] if found.is_online else []
    return CalendarEvent(
        uid=found.uid,
        sequence=found.sequence,
        title=found.title,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        changed_at=found.updated_at,
        created_at=found.created_at,
        address=address,
        text="\n\n".join(told),
        place=", ".join(filter(None, places)),
        is_cancelled=found.cancelled_at is not None,
    )
