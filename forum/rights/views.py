"""Pages of members' rights: a copy of one's data, leaving, coming back; and the same for administrators."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.archives import Files, zipped
from forum.clock import now
from forum.errors import Forbidden
from forum.members.actions import COOLING_OFF
from forum.members.forms import PressForm
from forum.members.models import Member
from forum.members.queries import account_of, administered_member, administrators_count
from forum.members.views import federation
from forum.ratelimits import by_person, limiter
from forum.rights import actions
from forum.rights.forms import WAY_NAMES, WAY_NOTES, LeaveForm
from forum.rights.models import Kind, Record
from forum.rights.queries import KINDS, LEFT_OUT, json_value, picture_files, records
from forum.savedfiles import in_contexts_of_their_own
from forum.web import has_proved, me, prove_first

bp = Blueprint("rights", __name__)
# Views that members with a closed account can still use; all others redirect to opening it again
EXEMPT_ENDPOINTS = {
    "rights.leave",
    "rights.stay",
    "rights.data",
    "accounts.prove",
    "factors.options",
    "accounts.sign_in",
    "accounts.sign_in_with_passkey",
    "accounts.second",
    "elsewhere.begin",
    "elsewhere.back",
    "accounts.sign_out",
    "front.contact",
    "front.privacy",
    "members.appearance",
    "static",
    "members.mark",  # the picture, on that page too
    "members.mark_icon",
    "upkeep.healthz",  # must not query the database for the member
    "upkeep.readyz",
}


@bp.before_app_request
def _lead_to_reopening() -> AnyResponse | None:
    """Redirect a member whose account is closed to the page that opens it again."""
    if request.endpoint in EXEMPT_ENDPOINTS or not me().is_leaving:
        return None
    if request.method == "POST":
        raise Forbidden(_("Your account is closed. Open it again first."))
    return web.see_other(url_for("rights.leave"))


# A copy of one's data


@bp.route("/settings/data", methods=["GET", "POST"])
@limiter.limit("10/hour", key_func=by_person, methods=["POST"])
def data() -> ResponseReturnValue:
    """Download all data about oneself, as a ZIP file that is created while it is sent."""
    member = account_of(me())
    if not has_proved():
        return prove_first()
    if request.method == "GET":
        return render_template("rights/data.html", member=member, kinds=KINDS, form=PressForm())
    actions.note_data_taken(member)
    return _download(member)


def _download(member: Member) -> Response:
    """The file as a stream; between two batches it holds no database connection."""
    made_at, forum = now(), federation().name
    parts = zipped(_files(member, {"forum": forum, "made_at": json_value(made_at)}))
    made = in_contexts_of_their_own(web.locale(), parts)
    answer = Response(made, mimetype="application/zip")
    name = f"{member.handle}-{made_at:%Y-%m-%d}.zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _files(member: Member, about: dict[str, Any]) -> Files:
    """Each kind with records as JSON and as pages, pictures and files; at the end the first page, which numbers all kinds."""
    numbers: dict[str, int] = {}
    for kind in KINDS:
        numbers[kind.name] = 0
        waiting = records(member, kind)
        if first := next(waiting, None):
            yield f"{kind.name}.json", _json(kind, chain([first], waiting), numbers)
            yield from _pages(member, kind)
    yield from picture_files(member)
    yield "about.json", [_json_bytes({**about, "kinds": _descriptions(numbers)})]
    yield "style.css", [Path(current_app.static_folder or "", "data.css").read_bytes()]
    words = {
        "kinds": KINDS,
        "numbers": numbers,
        "left_out": sorted({str(why) for why in LEFT_OUT.values()}),
    }
    yield "index.html", [_html("rights/all.html", member=member, about=about, **words)]


def _json(kind: Kind, batches: Iterable[list[Record]], numbers: dict[str, int]) -> Iterator[bytes]:
    """All records of a kind as one JSON list; counts them in `numbers`."""
    for batch in batches:
        before = b",\n" if numbers[kind.name] else b"[\n"
        yield before + b",\n".join(_json_bytes(record) for record in batch)
        numbers[kind.name] += len(batch)
    yield b"\n]\n"


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _pages(member: Member, kind: Kind) -> Files:
    """The records of a kind as HTML pages of some hundred records; at least one page."""
    waiting = records(member, kind)
    batch, following = next(waiting, []), next(waiting, None)
    for number in count(1):
        yield page_name(kind, number), [_page(kind, batch, number, following is not None)]
        if following is None:
            return
        batch, following = following, next(waiting, None)


def _page(kind: Kind, batch: list[Record], number: int, has_next: bool) -> bytes:
    before = page_name(kind, number - 1) if number > 1 else ""
    after = page_name(kind, number + 1) if has_next else ""
    words = {"kind": kind, "records": batch, "before": before, "after": after, "number": number}
    return _html("rights/some.html", **words)


def page_name(kind: Kind, number: int) -> str:
    """The name of the file with a page of a kind."""
    return f"{kind.name}.html" if number == 1 else f"{kind.name}-{number}.html"


def _html(template: str, **words: Any) -> bytes:
    # Not by render_template, because its context processors query the database for each of some hundred pages.
    return current_app.jinja_env.get_template(template).render(**words).encode()


def _descriptions(numbers: dict[str, int]) -> list[dict[str, Any]]:
    """What the files hold, for programs; a kind without records has no file."""
    return [
        {
            "file": f"{kind.name}.json" if numbers[kind.name] else None,
            "title": str(kind.title),
            "about": str(kind.about),
            "records": numbers[kind.name],
            "fields": {name: str(meaning) for name, meaning in kind.fields.items()},
        }
        for kind in KINDS
    ]


# Leaving


@bp.route("/settings/leave", methods=["GET", "POST"])
@limiter.limit("10/hour", key_func=by_person, methods=["POST"])
def leave() -> ResponseReturnValue:
    """Close one's account; when it is closed, say until when it can be opened again."""
    member = account_of(me())
    if member.is_leaving:
        return _closed_page(member)
    if not has_proved():
        return prove_first()
    form = LeaveForm()

    def page(status: int = 200) -> ResponseReturnValue:
        is_last = me().is_administrator and administrators_count() < 2
        return _leave_page(form, member, status, is_last=is_last)

    def deed() -> AnyResponse:
        actions.leave(me(), member.id, form.how.data)
        logout_user()
        session.clear()
        answer = web.see_other(url_for("rights.left"))
        answer.headers["Clear-Site-Data"] = '"storage"'
        return answer

    return webforms.process(form, page, deed)


def _closed_page(member: Member) -> ResponseReturnValue:
    context = {"member": member, "form": PressForm(), "ways": WAY_NAMES}
    return render_template("rights/closed.html", **context)


def _leave_page(
    form: LeaveForm, member: Member, status: int, *, is_last: bool
) -> ResponseReturnValue:
    return render_template(
        "rights/leave.html",
        form=form,
        member=member,
        notes=WAY_NOTES,
        days=COOLING_OFF.days,
        until=now() + COOLING_OFF,
        is_mine=member.id == me().id,
        is_last=is_last,
    ), status


@bp.get("/left")
def left() -> ResponseReturnValue:
    """Say that the account is closed, to whoever has just closed it."""
    return render_template("rights/left.html", days=COOLING_OFF.days)


@bp.post("/settings/leave/stay")
def stay() -> AnyResponse:
    """Open one's account again."""
    actions.stay(me(), account_of(me()).id)
    return web.done(_("Welcome back. Your account is open again."), url_for("front.home"))


# The same for administrators, on behalf of members who ask by letter


@bp.route("/administration/members/<handle>/leave", methods=["GET", "POST"])
def leave_for(handle: str) -> ResponseReturnValue:
    """Close the account of a member who has asked for it. One's own is closed where everybody closes theirs."""
    member = administered_member(me(), handle)
    if member.id == me().id:
        return web.see_other(url_for("rights.leave"))
    form = LeaveForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return _leave_page(form, member, status, is_last=False)

    def deed() -> AnyResponse:
        actions.leave(me(), member.id, form.how.data)
        return web.done(
            _("The account of %(name)s is closed.", name=member.name),
            url_for("members.administration", q=member.name),
        )

    return webforms.process(form, page, deed)


@bp.post("/administration/members/<handle>/stay")
def stay_for(handle: str) -> AnyResponse:
    """Open the closed account of a member again."""
    member = administered_member(me(), handle)
    actions.stay(me(), member.id)
    return web.done(
        _("The account of %(name)s is open again.", name=member.name),
        url_for("members.administration", q=member.name),
    )
