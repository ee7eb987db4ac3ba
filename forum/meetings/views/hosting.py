"""What hosts do: announcing, changing and cancelling a meeting, telling its outcome, and who comes."""

from __future__ import annotations

from functools import partial
from itertools import chain
from urllib.parse import quote

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.history.models import Version
from forum.history.views import fill_from_version
from forum.meetings import actions, queries
from forum.meetings.forms import WAY_NAMES, MeetingForm, OutcomeForm, ReasonForm
from forum.meetings.models import Attendance, Meeting
from forum.meetings.views._shared import bp
from forum.members.queries import languages
from forum.members.views import choose_city
from forum.notifications.models import NoticeSettings
from forum.notifications.queries import settings_of
from forum.ratelimits import changing
from forum.sheets import delimiter_in, long_sheet
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


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
    table = long_sheet(name, chain([[names]], lines), end)
    web.note_look(f"who comes to meeting {found.id}")
    return table


def _line_of(attendance: Attendance) -> list[object]:
    member, way = attendance.member, WAY_NAMES.get(attendance.way, "")
    organisation = member.organisation.name if member.organisation else ""
    moments = [
        f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (attendance.said_at, attendance.waiting_at)
    ]
    city = member.city.name if member.city else ""
    profile = web.absolute(quote(f"/members/{member.handle}"))
    return [member.name, member.position, organisation, city, way, *moments, profile]
