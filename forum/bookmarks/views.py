"""The response to bookmarking; the views are in the rooms of the things, the page with the list is in `front`."""

from __future__ import annotations

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web
from forum.bookmarks import actions, queries
from forum.errors import Invalid
from forum.web import REFUSED, me


def set_bookmark(kind: str, thing_id: int, address: str) -> ResponseReturnValue:
    """Bookmark something, or remove the bookmark, and redirect to `address`, its page; a script gets the new state.

    The form field `on` says which (1 or 0); without it each press toggles. Views of rooms above call this after
    checking that the reader can see the thing.
    """
    is_on = _is_wanted(kind, thing_id)
    is_script = request.accept_mimetypes.best == "application/json"
    try:
        (actions.bookmark if is_on else actions.unbookmark)(me(), kind, thing_id)
    except Invalid as error:
        flash(error.message, "error")  # a script shows only that it was refused
        return ("", REFUSED) if is_script else web.see_other(_where_to(address))
    if is_script:
        return jsonify(on=is_on, count=0)  # nobody is told how many have bookmarked it
    kept = _("It is among your bookmarks now. Only you see that.")
    return web.done(
        kept if is_on else _("It is not among your bookmarks any longer."), _where_to(address)
    )


def _where_to(address: str) -> str:
    """The page that the form names, or else `address`; with the fragment of `address` if it is the same page."""
    page = web.safe_next(address)
    return address if address.partition("#")[0] == page else page


def _is_wanted(kind: str, thing_id: int) -> bool:
    """Whether something is to be bookmarked: as the form says, or else the opposite of the present state."""
    wanted = request.form.get("on")
    return wanted == "1" if wanted else queries.bookmark_of(me(), kind, thing_id) is None
