"""Adding pictures and files, seeing them, and deleting one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web, webforms
from forum.configuring import MAX_PICTURE_BODY
from forum.errors import Invalid
from forum.illustrations import (
    NAMED_IN_BYTES,
    address_of,
    illustrations_in,
    kind_of,
    names_in_html,
    size_of,
    without_removed,
)
from forum.permissions import VISITOR
from forum.pictures import actions, queries
from forum.pictures.forms import PictureForm
from forum.pictures.models import Picture
from forum.ratelimits import by_person, changing, limiter
from forum.responses import PICTURE_POLICY
from forum.savedfiles import in_contexts_of_their_own, saved_file
from forum.sentfiles import CONTENT_TYPES, SentFile, examine, may_be_file
from forum.shrinking import ACCEPTED, PICTURE, Shrunk, shrink
from forum.versions import PICTURES
from forum.web import me

bp = Blueprint("pictures", __name__)
SMALL_SUFFIX = "-small"
PARTIAL, NOT_MODIFIED, OUT_OF_RANGE = 206, 304, 416


def picture_to_share(texts: Iterable[str]) -> dict[str, Any] | None:
    """The picture for links to a page on other sites (Open Graph), or None.

    It is the first in the HTML of some texts, if visitors see it, because other sites fetch it as visitors.
    """
    shown = illustrations_in(texts)
    picture = queries.first_picture(VISITOR, shown, _removed({picture.name for picture in shown}))
    if picture is None:
        return None
    width, height = size_of(picture.name)
    address = web.absolute(address_of(picture.name))
    return {"url": address, "width": width, "height": height, "alt": picture.alt}


def with_removals(texts: Sequence[str]) -> Sequence[str]:
    """HTML for this response, in which deleted pictures and files are words that say so.

    The HTML that is stored with a text still shows them and links to them, because any text may do that, and they may
    be loaded again.
    """
    names = [name for text in texts for name in names_in_html(text)]
    if not names:
        return texts
    web.depends_also_on(PICTURES)
    removed = _removed(names)
    if not removed:
        return texts
    home, language = web.settings().url, locales.tag(web.locale())
    return [without_removed(text, home, removed, language) for text in texts]


def _removed(names: Iterable[str]) -> set[str]:
    """Those of some names that no picture or file has; each is looked up once in a request."""
    known: dict[str, bool] = g.setdefault("removed_pictures", {})
    asked = dict.fromkeys(names)
    if unknown := [name for name in asked if name not in known]:
        removed = queries.removed_pictures(unknown)
        known.update({name: name in removed for name in unknown})
    return {name for name in asked if known[name]}


@bp.after_app_request
def _say_what_is_removed(response: Response) -> Response:
    """Say on each page which of the pictures and files in its texts are deleted: this place has them all."""
    if response.mimetype != "text/html" or response.is_streamed:
        return response
    # First in what is sent, since most pages show no picture: as text it would be a copy of the page
    if NAMED_IN_BYTES.search(response.get_data()):
        page = response.get_data(as_text=True)
        (told,) = with_removals([page])
        if told is not page:
            response.set_data(told)
    return response


@bp.route("/pictures", methods=["GET", "POST"])
@limiter.limit("40 per hour", key_func=by_person, methods=["POST"])
def add_picture() -> ResponseReturnValue:
    """The member's own pictures and files, and the form to add one. `?added=<id>` names the one just added."""
    form = PictureForm()
    if not web.settings().most_of_file:
        form.picture.label.text = _("Picture")
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
            most=web.settings().most_of_pictures,
            accepted=ACCEPTED,
        ), status

    def deed() -> AnyResponse:
        most = web.settings().most_of_pictures
        if not most:
            raise Invalid(_("This forum takes no pictures."), PICTURE)
        made = actions.add_picture(me(), _sent(), most)
        address = url_for("pictures.add_picture", added=made.id, alt=form.alt.data or None)
        return web.done(
            _("Your file is added.") if made.is_file else _("Your picture is added."), address
        )

    return webforms.process(form, page, deed)


def _sent() -> Shrunk | SentFile:
    """The upload, ready to be stored. Raises `Invalid` if it is neither a picture nor a file of an accepted kind."""
    sent, most = request.files.get(PICTURE), web.settings().most_of_file
    if not isinstance(sent, FileStorage) or not sent.stream.read(1):
        raise Invalid(_("Choose a picture or a file.") if most else _("Choose a picture."), PICTURE)
    if most and may_be_file(sent.stream, sent.filename or ""):
        return examine(sent.stream, sent.filename or "", most)
    sent.stream.seek(0)
    data = sent.stream.read(MAX_PICTURE_BODY + 1)
    if len(data) > MAX_PICTURE_BODY:
        raise Invalid(_("A picture may have 12 MB at most."), PICTURE)
    return shrink(data)


@bp.get("/pictures/<name>.webp")
def picture(name: str) -> ResponseReturnValue:
    """A picture, or its small version.

    Browsers ask each time whether they may still show it, so that a hidden picture disappears in all of them. The
    response to that is short.
    """
    found = queries.get_picture(me(), name.removesuffix(SMALL_SUFFIX))
    is_small = name.endswith(SMALL_SUFFIX)
    if request.if_none_match.contains_weak(name):
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


@bp.get("/files/<name>")
def file(name: str) -> ResponseReturnValue:
    """A file, or a range of it, as an attachment.

    Browsers revalidate it each time, as pictures. It is read in portions, and slow readers hold no database
    connection.
    """
    found = queries.get_file(me(), name)
    if request.if_none_match.contains_weak(name):
        answer = Response(status=NOT_MODIFIED)
    elif (part := _part_wanted(found)) is None:
        answer = Response(status=OUT_OF_RANGE, headers={"Content-Range": f"bytes */{found.size}"})
    else:
        answer = _part(found, *part)
    answer.set_etag(name)  # the bytes under a name never change
    answer.headers["Cache-Control"] = f"{'private' if me().is_member else 'public'}, no-cache"
    answer.headers["Content-Security-Policy"] = PICTURE_POLICY
    answer.accept_ranges = "bytes"
    return answer


def _part_wanted(found: Picture) -> tuple[int, int] | None:
    """Start and stop of the requested range; of the whole file unless there is a single range; None if it is outside.

    The whole file is sent, too, if the range is of another file, or of one that a proxy has changed (`If-Range`).
    """
    wanted, tag = request.range, f'"{found.name}"'
    is_same = request.headers.get("If-Range", tag) == tag
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or not is_same:
        return 0, found.size
    start, stop = wanted.ranges[0]
    if stop is None and start < -found.size:  # of the last bytes, more than there are
        return 0, found.size
    return wanted.range_for_length(found.size)


def _part(found: Picture, start: int, stop: int) -> Response:
    """The bytes of a file between two offsets."""
    parts = queries.portions_of(found.id, start, stop)
    made = in_contexts_of_their_own(web.locale(), parts)
    answer = saved_file(found.title or found.name, CONTENT_TYPES[kind_of(found.name)], made)
    answer.content_length = stop - start
    if stop - start < found.size:
        answer.status_code = PARTIAL
        answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    return answer


@bp.route("/pictures/<int:picture_id>/delete", methods=["GET", "POST"])
@changing
def delete_picture(picture_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then delete one's own picture or file."""
    mine = queries.my_picture(me(), picture_id)
    if request.method == "GET":
        shown_in = queries.texts_showing(me(), mine)
        return render_template("pictures/delete.html", picture=mine, shown_in=shown_in)
    gone = actions.delete_picture(me(), picture_id)
    said = _("Your file is deleted.") if gone.is_file else _("Your picture is deleted.")
    return web.done(said, url_for("pictures.add_picture"))
