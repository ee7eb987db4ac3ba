"""Saying that one comes to a meeting, or does not."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.meetings import actions, queries
from forum.meetings.forms import ComeForm
from forum.meetings.models import UNSAID, WAYS, Attendance
from forum.meetings.views._shared import bp
from forum.meetings.views.showing import meeting_page
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.post("/meetings/<int:meeting_id>/come")
@changing
def come(meeting_id: int) -> ResponseReturnValue:
    """Register for a meeting, change the way of attending, or wait for a place."""
    found, form = queries.get_meeting(me(), meeting_id), ComeForm()

    def page(status: int = 200, _meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return meeting_page(found, form, queries.attendance_of(me(), found.id), status)

    def deed() -> ResponseReturnValue:
        way = form.way.data if form.way.data in WAYS else UNSAID
        said = actions.come(me(), found.id, way, seen=form.seen.data)
        return web.done(_said_of(said), found.address)

    def latest() -> ComeForm:
        return ComeForm.of(queries.get_meeting(me(), meeting_id), None, formdata=None)

    return webforms.process(form, page, deed, latest=latest)


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
