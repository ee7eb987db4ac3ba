"""The forum's mark: an administrator gives it one of its own, and everybody sees it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.configuring import MARK_PATH
from forum.errors import Invalid, NotFound
from forum.members import actions, queries
from forum.members.actions import MAX_MARK
from forum.members.forms import MarkForm
from forum.members.views._shared import bp, bytes_of, federation
from forum.ratelimits import by_person, changing, limiter
from forum.responses import IMMUTABLE, PICTURE_POLICY
from forum.shrinking import ACCEPTED, PICTURE, Shrunk, icon_of, shrink
from forum.versions import FEDERATION
from forum.web import me

NOT_MODIFIED = 304
# Pixels of the icon for an iPhone's home screen, and of the mark in it, with the room around it that the usual one has
ICON_SIDE, ICON_WITHIN = 180, 128
_icons: dict[str, bytes] = {}  # of the present mark alone, by its name


@bp.route(MARK_PATH, methods=["GET", "POST"])
@limiter.limit("40 per hour", key_func=by_person, methods=["POST"])
def use_mark() -> ResponseReturnValue:
    """Show the forum's mark as it looks, and replace it by a picture."""
    queries.federation_to_describe(me())
    form = MarkForm()

    def page(status: int = 200) -> ResponseReturnValue:
        shown = {"form": form, "accepted": ACCEPTED, "before": queries.mark_versions(me())}
        return render_template("members/mark.html", **shown), status

    def deed() -> ResponseReturnValue:
        actions.use_mark(me(), _sent())
        return _done(_("Saved. Every page shows it from now on."))

    return webforms.process(form, page, deed)


def _sent() -> Shrunk:
    """The picture that was sent, as it is stored. Raises `Invalid` if there is none, or it is too large."""
    sent = request.files.get(PICTURE)
    data = bytes_of(sent) if sent else b""
    if not data:
        raise Invalid(_("Choose a picture."), PICTURE)
    return shrink(data, MAX_MARK)


@bp.post(f"{MARK_PATH}/usual")
@changing
def use_usual_mark() -> AnyResponse:
    """Go back to the usual mark."""
    actions.use_usual_mark(me())
    return _done(_("Every page shows the usual mark again."))


def _done(said: str) -> AnyResponse:
    return web.done(said, url_for("members.use_mark"))


@bp.get("/mark/<name>.webp")
def mark(name: str) -> Response:
    """The forum's own mark, for everybody; its name changes with its bytes, and another name is not found."""
    return _picture(name, queries.mark_data, "image/webp")


@bp.get("/mark/<name>.png")
def mark_icon(name: str) -> Response:
    """The forum's own mark for the home screen of an iPhone, which takes no WebP and lays what is transparent on black."""
    return _picture(name, _icon, "image/png")


def _icon(name: str) -> bytes:
    """The icon of the mark of that name, made once by each process."""
    if name not in _icons:
        made = icon_of(queries.mark_data(name), ICON_SIDE, ICON_WITHIN, web.THEME_COLORS["light"])
        if made is None:
            raise NotFound()
        _icons.clear()
        _icons[name] = made
    return _icons[name]


def _picture(name: str, data_of: Callable[[str], bytes], kind: str) -> Response:
    web.depends_on(FEDERATION)
    if name != federation().mark:
        raise NotFound()
    if request.if_none_match.contains_weak(name):
        answer = Response(status=NOT_MODIFIED)
    else:
        answer = Response(data_of(name), mimetype=kind)
    answer.set_etag(name)
    answer.headers["Cache-Control"] = IMMUTABLE
    answer.headers["Content-Security-Policy"] = PICTURE_POLICY
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # for feed readers and previews
    return answer
