"""The views of a member's notices; the page of the inbox is in the room `front`."""

from __future__ import annotations

from datetime import tzinfo

from flask import Blueprint, has_request_context, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forum import web
from forum.notifications import actions
from forum.notifications.models import MUTED, TOLD, WAITING, WATCHING
from forum.notifications.queries import zone_of
from forum.web import me

UNMUTED = "unmuted"  # what a form says to stop muting

bp = Blueprint("notifications", __name__)


def zone_of_reader() -> tzinfo | None:
    """The time zone for sentences on this page; None for visitors, and outside of requests."""
    return zone_of(me().id) if has_request_context() and me().is_member else None


@bp.post("/notices/<int:notice_id>/read")
def read(notice_id: int) -> Response:
    """Mark one notice read and redirect to what it is about."""
    return web.see_other(actions.read(me(), notice_id).address)


@bp.post("/notices/read-all")
def read_all() -> Response:
    """Mark every notice read, or those of one part of the inbox."""
    part = request.form.get("part", "")
    moment = actions.read_all(me(), part)
    # A second press finds nothing to mark, and what the first has marked can still be undone
    back = url_for("notifications.unread_all")
    fields = {"part": part, "all_read_at": moment.isoformat()} if moment else {}
    undo = web.Undo(back, fields) if fields else None
    messages = {
        WAITING: _("All notices that waited for you are marked as read."),
        TOLD: _("All notices for your information are marked as read."),
    }
    message = messages.get(part) or _("All notices are marked as read.")
    return web.done(message, url_for("front.inbox"), undo)


@bp.post("/notices/unread-all")
def unread_all() -> Response:
    """Take back that all notices were marked as read: those that were unread are unread again."""
    moment = web.sent_moment("all_read_at")
    is_undone = actions.unread_all(me(), moment, request.form.get("part", ""))
    message = _("The notices are as they were before.")
    return web.done(message if is_undone else web.nothing_undone(), url_for("front.inbox"))


def set_level(subject: str, subject_id: int, address: str) -> Response:
    """Watch, mute or unmute a subject as the form field `level` says (neither when it is empty), and redirect to `address`.

    Views of rooms above call this after checking that the reader can see the subject.
    """
    level = request.form.get("level", "")
    if level == UNMUTED:
        return unmute(subject, subject_id, web.safe_next(address))
    if level:
        actions.watch(me(), subject, subject_id, level)
    else:
        actions.unwatch(me(), subject, subject_id)
    messages = {
        WATCHING: _("You watch this now. Notices tell you what is new."),
        MUTED: _("You have muted this. Only what is said to you by name is told."),
    }
    return web.done(
        messages.get(level) or _("You neither watch nor mute this any longer."),
        web.safe_next(address),
    )


def unmute(subject: str, subject_id: int, address: str, undo: web.Undo | None = None) -> Response:
    """Stop muting a subject, and say whether one watches it again."""
    is_watched = actions.unmute(me(), subject, subject_id)
    again = _("It is no longer muted. You watch it again, as before.")
    message = again if is_watched else _("You neither watch nor mute this any longer.")
    return web.done(message, address, undo)
