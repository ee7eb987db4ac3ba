"""People: what is shown beside a name, suggestions for a mention, and ignoring others."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, jsonify, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.members import actions, queries
from forum.members.models import Member, Organisation
from forum.members.views._shared import bp
from forum.ratelimits import changing
from forum.web import me


@bp.app_template_global()
def place_of(
    member: Member, organisation: Organisation | None = None, always: bool = False
) -> Iterable[str]:
    """What a person does and where: position, organisation and city, if known.

    For a hidden profile without the position, a text by its owner, unless it is for moderators (`always`).
    """
    city, position = member.city, member.position if member.has_page or always else ""
    said = (position, organisation.name if organisation else "", city.name if city else "")
    return dict.fromkeys(word for word in said if word)


@bp.get("/members/suggest")
def suggest() -> Response:
    """Members whose name or handle starts with `q`; for the script beside a composer."""
    found = queries.members_to_suggest(me(), web.text("q", 60))
    named = [
        {"handle": member.handle, "name": member.name, "place": _place(member)} for member in found
    ]
    return make_response(jsonify(named))


def _place(member: Member) -> str:
    return member.city.name if member.city else member.position


@bp.post("/members/<handle>/ignore")
@changing
def ignore(handle: str) -> AnyResponse:
    """Ignore a member."""
    other = queries.get_member(me(), handle)
    actions.ignore(_my_account(), other.id)
    return web.done(
        _("You ignore %(name)s from now on. Only you know.", name=other.name),
        url_for("members.ignored"),
    )


@bp.post("/members/<handle>/end-ignoring")
@changing
def end_ignoring(handle: str) -> AnyResponse:
    """Stop ignoring a member."""
    member = _my_account()
    other = queries.ignored_member(member, handle)
    actions.end_ignoring(member, other.id)
    return web.done(
        _("You no longer ignore %(name)s.", name=other.name), url_for("members.ignored")
    )


@bp.get("/settings/ignored")
def ignored() -> ResponseReturnValue:
    """The members whom one ignores."""
    return render_template("members/ignored.html", rows=queries.ignored_by(_my_account()))


def _my_account() -> Member:
    """The account of the person. Raises `Forbidden` for visitors."""
    return queries.my_profile(me())
