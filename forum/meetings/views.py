"""Views of meetings: lists, one meeting, announcing and changing it, coming to it, what came of it."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas, curated_agendas, get_agenda
from forum.calendars import CONTENT_TYPE, CalendarEvent, calendar
from forum.clock import span_in_words
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.meetings import actions, queries
from forum.meetings.forms import (
    WAY_NAMES,
    ComeForm,
    MeetingForm,
    OutcomeForm,
    ReasonForm,
    words_for_columns,
)
from forum.meetings.models import UNSAID, WAYS, Attendance, Meeting
from forum.meetings.queries import NextMeeting
from forum.members.queries import languages
from forum.members.views import choose_city, federation
from forum.notifications.models import NoticeSettings
from forum.notifications.queries import settings_of, zone_called
from forum.permissions import PUBLIC
from forum.plaintext import prose
from forum.ratelimits import changing
from forum.savedfiles import saved_file
from forum.sheets import delimiter_in, long_sheet
from forum.versions import MEETINGS, topic_scope
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview

bp = Blueprint("meetings", __name__)
SIDE_MEETINGS = 3  # in the short lists of other pages
MAX_TEXT = 600  # characters of the text in a calendar


# Reading


@bp.get("/meetings")
def index() -> ResponseReturnValue:
    """The coming meetings, the next one first; on another tab past ones. Of one agenda or of all."""
    web.depends_on(MEETINGS)
    slug = web.text("agenda")
    agenda = get_agenda(me(), slug) if slug else None
    is_past = web.choice("show", ("past",)) == "past"
    curated = [known for known in curated_agendas(me()) if agenda in (None, known)]
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
    form = ComeForm(way=mine.way if mine else "") if me().is_member else None
    return _meeting_page(found, form, mine)[0]


def _meeting_page(
    found: Meeting, form: ComeForm | None, mine: Any, status: int = 200
) -> tuple[str, int]:
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
        '<time class="long" datetime="{}">{} <span class="whole">{}</span> <span class="meta">({})</span></time>'
    ).format(begins.isoformat(timespec="minutes"), day, hours, name)


# Hosts


@bp.route("/agendas/<slug>/meetings/new", methods=["GET", "POST"])
@changing_with_preview
def announce_meeting(slug: str) -> ResponseReturnValue:
    """Announce a meeting on an agenda."""
    agenda = queries.agenda_to_announce_on(me(), slug)
    known: NoticeSettings = settings_of(me().id)
    return _write_meeting(MeetingForm(language=agenda.language, time_zone=known.time_zone), agenda)


@bp.route("/meetings/<int:meeting_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_meeting(meeting_id: int) -> ResponseReturnValue:
    """Change a meeting; the former version is kept, and those who come are notified of another time or place."""
    found = queries.meeting_to_edit(me(), meeting_id)
    form = MeetingForm.of(found)
    if version := fill_from_version(form, "meeting", found.id):
        form.begin_with(version.fields)
    return _write_meeting(form, found.agenda, found, version)


def _write_meeting(
    form: MeetingForm,
    agenda: Agenda,
    found: Meeting | None = None,
    version: Version | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "meetings/write.html",
            form=form,
            agenda=agenda,
            meeting=found,
            preview=webforms.preview(form.source, has_pictures=False),
            meanwhile=meanwhile,
            version=version,
        ), status

    def deed() -> ResponseReturnValue:
        if found is None:
            made = actions.announce_meeting(me(), agenda.id, form.text)
            said = _("The meeting is announced.")
        else:
            made = actions.edit_meeting(me(), found.id, form.text, seen=form.seen.data)
            said = _("Your changes are saved.")
        return web.done(said, made.address)

    latest = partial(_latest_meeting, found.id) if found else None
    return webforms.process(form, page, deed, checks=[choose_city], latest=latest)


def _latest_meeting(meeting_id: int) -> MeetingForm:
    form = MeetingForm.of(queries.meeting_to_edit(me(), meeting_id), formdata=None)
    form.language.choices = languages()
    return form


@bp.route("/meetings/<int:meeting_id>/cancel", methods=["GET", "POST"])
@changing
def cancel_meeting(meeting_id: int) -> ResponseReturnValue:
    """Ask for the reason, and then cancel a meeting; those who come are notified."""
    found, form = queries.meeting_to_edit(me(), meeting_id), ReasonForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("meetings/cancel.html", meeting=found, form=form), status

    def deed() -> ResponseReturnValue:
        actions.cancel_meeting(me(), found.id, form.reason.data or "")
        return web.done(_("The meeting is cancelled."), found.address)

    return webforms.process(form, page, deed)


@bp.route("/meetings/<int:meeting_id>/outcome", methods=["GET", "POST"])
@changing_with_preview
def tell_outcome(meeting_id: int) -> ResponseReturnValue:
    """Write the outcome of a meeting that is over."""
    found = queries.meeting_to_tell_of(me(), meeting_id)
    form = OutcomeForm.of(found)
    if version := fill_from_version(form, "meeting", found.id):
        form.begin_with(version.fields)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "meetings/outcome.html",
            form=form,
            meeting=found,
            preview=webforms.preview(form.source, has_pictures=False),
            meanwhile=meanwhile,
            version=version,
        ), status

    def deed() -> ResponseReturnValue:
        text = form.told(found)
        told = actions.tell_outcome(me(), found.id, text, seen=form.seen.data)
        return web.done(_("What came of it is on the page now."), f"{told.address}#outcome")

    latest = partial(_latest_outcome, found.id)
    return webforms.process(form, page, deed, latest=latest)


def _latest_outcome(meeting_id: int) -> OutcomeForm:
    return OutcomeForm.of(queries.meeting_to_tell_of(me(), meeting_id), formdata=None)


@bp.get("/meetings/<int:meeting_id>/people.csv")
def who_comes(meeting_id: int) -> Response:
    """Who comes and who waits, as a table for moderators of the agenda, without e-mail addresses."""
    found = queries.get_meeting(me(), meeting_id)
    portions = queries.all_who_come(me(), found)
    names: list[object] = [
        _("Name"),
        _("Position"),
        _("Organisation"),
        _("City"),
        _("How they come"),
        _("Said on (UTC)"),
        _("Waiting since (UTC)"),
        _("Profile"),
    ]
    lines = (map(_line_of, batch) for batch in portions)
    name, end = f"meeting-{found.id}", delimiter_in(web.locale())
    return long_sheet(name, chain([[names]], lines), end)


def _line_of(attendance: Attendance) -> list[object]:
    member, way = attendance.member, WAY_NAMES.get(attendance.way, "")
    organisation = member.organisation.name if member.organisation else ""
    moments = [
        f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (attendance.said_at, attendance.waiting_at)
    ]
    city = member.city.name if member.city else ""
    profile = web.absolute(quote(f"/members/{member.handle}"))
    return [member.name, member.position, organisation, city, way, *moments, profile]


# Members


@bp.post("/meetings/<int:meeting_id>/come")
@changing
def come(meeting_id: int) -> ResponseReturnValue:
    """Register for a meeting, change the way of attending, or wait for a place."""
    found, form = queries.get_meeting(me(), meeting_id), ComeForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return _meeting_page(found, form, queries.attendance_of(me(), found.id), status)

    def deed() -> ResponseReturnValue:
        way = form.way.data if form.way.data in WAYS else UNSAID
        said = actions.come(me(), found.id, way)
        return web.done(_said_of(said), found.address)

    return webforms.process(form, page, deed)


def _said_of(attendance: Attendance) -> str:
    if attendance.waiting_at:
        return _("All places are taken. You wait for one, and are told when it is yours.")
    if attendance.remind_at:
        return _("You are coming. We will remind you the day before.")
    return _("You are coming.")


@bp.post("/meetings/<int:meeting_id>/stay-away")
@changing
def stay_away(meeting_id: int) -> ResponseReturnValue:
    """Cancel one's registration, or leave the waiting list."""
    found = queries.get_meeting(me(), meeting_id)
    actions.stay_away(me(), found.id)
    return web.done(_("You are not coming."), found.address)


# Calendar programs


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
