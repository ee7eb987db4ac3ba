"""The pictures that members show of themselves: one that was sent in a form, and their addresses."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _

from forum import web
from forum.errors import Invalid
from forum.members import queries
from forum.members.actions import PORTRAIT_SIZE
from forum.members.views._shared import bp, bytes_of
from forum.responses import KEPT_BY_BROWSERS, PICTURE_POLICY
from forum.shrinking import PICTURE, Shrunk, shrink
from forum.web import me

NOT_MODIFIED = 304


def sent_portrait() -> Shrunk | None:
    """The picture that was sent with a profile, as it is stored; None if there is none. Raises `Invalid` for what is no picture."""
    sent = request.files.get(PICTURE)
    if not sent or not sent.filename:
        return None
    if not web.settings().most_of_pictures:
        raise Invalid(_("This forum takes no pictures."), PICTURE)
    return shrink(bytes_of(sent), PORTRAIT_SIZE, is_square=True)


@bp.get("/portraits/<name>.webp")
def portrait(name: str) -> Response:
    """A member's picture, for those who see the profile; its name changes with its bytes.

    A browser keeps it: the pages that show it say whether it is still to be seen. Nothing between the forum and the
    browser does, and nobody keeps one that is hidden.
    """
    found = queries.get_portrait(me(), name)
    if request.if_none_match.contains_weak(name):
        answer = Response(status=NOT_MODIFIED)
    else:
        answer = Response(found.data, mimetype="image/webp")
    answer.set_etag(name)
    answer.headers["Content-Security-Policy"] = PICTURE_POLICY
    answer.headers["Cache-Control"] = KEPT_BY_BROWSERS if found.is_public else "private, no-store"
    if not me().is_member:  # for API clients and previews, as other pictures
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
