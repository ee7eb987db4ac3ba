"""Adding pictures, seeing them, and deleting one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.errors import Invalid
from forum.illustrations import address_of, size_of
from forum.permissions import VISITOR
from forum.pictures import actions, queries
from forum.pictures.forms import PictureForm
from forum.ratelimits import by_person, changing, limiter
from forum.sentfiles import MEGABYTE
from forum.shrinking import shrink
from forum.web import me

bp = Blueprint("pictures", __name__)
SMALL_SUFFIX = "-small"
# If a browser opens a picture as a page, it can do nothing (ASVS 5.0, 3.2.1)
PICTURE_POLICY = "default-src 'none'; sandbox"
NOT_MODIFIED = 304


def picture_to_share(texts: Iterable[str]) -> dict[str, Any] | None:
    """The picture for links to a page on other sites (Open Graph), or None.

    It is the first in the HTML of some texts, if visitors see it, because other sites fetch it as visitors.
    """
    picture = queries.first_picture(VISITOR, texts)
    if picture is None:
        return None
    width, height = size_of(picture.name)
    address = web.absolute(address_of(picture.name))
    return {"url": address, "width": width, "height": height, "alt": picture.alt}


@bp.route("/pictures", methods=["GET", "POST"])
@limiter.limit("40 per hour", key_func=by_person, methods=["POST"])
def add_picture() -> ResponseReturnValue:
    """One's own pictures, and adding one. A picture that was added just now is named by `?added=<id>`."""
    form = PictureForm()
    page_of_mine = queries.my_pictures(me(), web.number("page"))

    def page(status: int = 200) -> ResponseReturnValue:
        added = (
            queries.my_picture(me(), web.number("added", 0)) if "added" in request.args else None
        )
        return render_template(
            "pictures/index.html",
            form=form,
            page=page_of_mine,
            added=added,
            alt=web.text("alt"),
            taken=queries.space_taken(me().id),
            most=_most(),
        ), status

    def deed() -> AnyResponse:
        if not _most():
            raise Invalid(_("This forum takes no pictures."), "picture")
        picture = actions.add_picture(me(), shrink(_sent()), _most())
        address = url_for("pictures.add_picture", added=picture.id, alt=form.alt.data or None)
        return web.done(_("Your picture is added."), address)

    return webforms.process(form, page, deed)


def _most() -> int:
    """How many bytes the pictures of one member may take."""
    return web.settings().pictures_mb * MEGABYTE


def _sent() -> bytes:
    sent = request.files.get("picture")
    data = sent.read() if isinstance(sent, FileStorage) else b""
    if not data:
        raise Invalid(_("Choose a picture."), "picture")
    return data


@bp.get("/pictures/<name>.webp")
def picture(name: str) -> ResponseReturnValue:
    """A picture, or its small version.

    Browsers ask each time whether they may still show it, so that a hidden picture disappears in all of them. The
    response to that is short.
    """
    found = queries.get_picture(me(), name.removesuffix(SMALL_SUFFIX))
    is_small = name.endswith(SMALL_SUFFIX)
    if request.if_none_match.contains(name):
        answer = Response(status=NOT_MODIFIED)
    else:
        answer = Response(queries.data_of(found, is_small=is_small), mimetype="image/webp")
    answer.set_etag(name)  # the bytes under a name never change
    answer.headers["Cache-Control"] = f"{'private' if me().is_member else 'public'}, no-cache"
    answer.headers["Content-Security-Policy"] = PICTURE_POLICY
    # Other sites may embed what everybody may see, for feed readers and API clients
    if not me().is_member:
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@bp.route("/pictures/<int:picture_id>/delete", methods=["GET", "POST"])
@changing
def delete_picture(picture_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then delete one's own picture."""
    mine = queries.my_picture(me(), picture_id)
    if request.method == "GET":
        shown_in = queries.texts_showing(me(), mine)
        return render_template("pictures/delete.html", picture=mine, shown_in=shown_in)
    actions.delete_picture(me(), picture_id)
    return web.done(_("Your picture is deleted."), url_for("pictures.add_picture"))
