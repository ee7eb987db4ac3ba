"""Meetings: lists and pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from forum import web
from forum.agendas.queries import all_agendas, curated_agendas, get_agenda
from forum.clock import span_in_words
from forum.history.views import edit_to_read
from forum.meetings import queries
from forum.meetings.forms import ComeForm, words_for_columns
from forum.meetings.models import Meeting
from forum.meetings.queries import NextMeeting
from forum.meetings.views._shared import bp
from forum.notifications.queries import zone_called
from forum.permissions import PUBLIC
from forum.versions import MEETINGS, topic_scope
from forum.web import me

SIDE_MEETINGS = 3  # in the short lists of other pages


@bp.get("/meetings")
def index() -> ResponseReturnValue:
    """The coming meetings, the next one first; on another tab past ones. Of one agenda or of all."""
    web.depends_on(MEETINGS)
    slug = web.text("agenda")
    agenda = get_agenda(me(), slug) if slug else None
    is_past = web.choice("show", ("past",)) == "past"
    curated = [own for own in curated_agendas(me()) if agenda in (None, own)]
    listed = queries.past_meetings if is_past else queries.coming_meetings
    page = listed(me(), agenda.id if agenda else None, web.number("page"))
    return render_template(
        "meetings/index.html",
        page=page,
        is_past=is_past,
        only=agenda,
        known=all_agendas(me()),
        curated=curated,
        mine=queries.meetings_attended(me(), [meeting.id for meeting in page.items]),
        canonical=web.canonical(page.number),
    )


@bp.get("/meetings/<int:meeting_id>")
@bp.get("/meetings/<int:meeting_id>-<slug>")
def meeting(meeting_id: int, slug: str = "") -> ResponseReturnValue:
    """One meeting: time and place, text, participants, outcome."""
    found = queries.get_meeting(me(), meeting_id)
    if found.slug != slug:
        return web.moved_until_undone(found.address)
    web.depends_on(MEETINGS, *([topic_scope(found.topic_id)] if found.topic_id else []))
    mine = queries.attendance_of(me(), found.id)
    form = ComeForm.of(found, mine) if me().is_member else None
    return meeting_page(found, form, mine)[0]


def meeting_page(
    found: Meeting, form: ComeForm | None, mine: Any, status: int = 200
) -> tuple[str, int]:
    """The page of a meeting, with the form for those who come."""
    return render_template(
        "meetings/meeting.html",
        meeting=found,
        mine=mine,
        form=form,
        people=queries.who_comes(me(), found),
        topic=queries.topic_of(me(), found),
        data=_structured_data(found) if found.audience == PUBLIC else None,
        canonical=web.canonical(),
        **words_for_columns(),
    ), status


def _structured_data(found: Meeting) -> dict[str, Any]:
    """The structured data (schema.org/Event) of a public meeting, without the link to join."""
    state = "EventCancelled" if found.cancelled_at else "EventScheduled"
    mode = "Mixed" if found.has_both_ways else "Online" if found.is_online else "Offline"
    places: list[dict[str, Any]] = []
    if found.is_in_room:
        name = ", ".join(filter(None, [found.place, found.city.name if found.city else ""]))
        places.append({"@type": "Place", "name": name, "address": name})
    if found.is_online:
        here = web.absolute(quote(found.address))
        places.append({"@type": "VirtualLocation", "url": here})
    zone = zone_called(found.time_zone)
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": found.title,
        "startDate": found.starts_at.astimezone(zone).isoformat(),
        "endDate": found.ends_at.astimezone(zone).isoformat(),
        "eventStatus": f"https://schema.org/{state}",
        "eventAttendanceMode": f"https://schema.org/{mode}EventAttendanceMode",
        "location": places if len(places) > 1 else places[0],
        "inLanguage": found.language,
        "url": web.absolute(quote(found.address)),
    }


@bp.get("/meetings/<int:meeting_id>/history")
def meeting_history(meeting_id: int) -> ResponseReturnValue:
    """The earlier versions of a meeting, for moderators of its agenda."""
    found = queries.get_meeting(me(), meeting_id)
    edits = queries.edits_of(me(), found)
    return render_template(
        "meetings/history.html",
        meeting=found,
        edits=edits,
        chosen=edit_to_read(edits),
        **words_for_columns(),
    )


@bp.app_template_global()
def meetings_next(agenda_id: int | None = None) -> list[NextMeeting]:
    """For the home page and those of agendas: the next meetings that the reader sees, of all agendas or of one."""
    return queries.next_meetings(me(), SIDE_MEETINGS, agenda_id)


@bp.app_template_global()
def meeting_time(found: Meeting | NextMeeting) -> Markup:
    """The time of a meeting in its own time zone, with its name, in a `<time>` element that scripts leave unchanged."""
    zone = zone_called(found.time_zone)
    day, _space, hours = span_in_words(found.starts_at, found.ends_at, zone).rpartition(" ")
    begins, name = found.starts_at.astimezone(zone), found.time_zone.replace("_", " ")
    return Markup(
        '<time class="long" datetime="{}">{} <span class="whole">{}</span> <span class="meta whole">({})</span></time>'
    ).format(begins.isoformat(timespec="minutes"), day, hours, name)
