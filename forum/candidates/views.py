"""Pages on which moderators decide who may join."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.candidates import actions, queries
from forum.candidates.forms import AnswerForm
from forum.claims.queries import claims_of_others
from forum.errors import Conflict
from forum.invitations.queries import entrance
from forum.moderation.views import show_claims_on
from forum.plaintext import tidy
from forum.web import CONFLICT, me

bp = Blueprint("candidates", __name__)


@bp.get("/moderation/joining")
def index() -> ResponseReturnValue:
    """The list of waiting candidates."""
    return _list_page()


def _list_page(status: int = 200, late: str = "", typed: str = "") -> ResponseReturnValue:
    page = queries.waiting(me(), web.number("page"))
    context = {"page": page, "late": late, "typed": typed.strip()}
    web.note_look("requests to join")
    return render_template("candidates/index.html", **context), status


@bp.route("/moderation/joining/<int:candidate_id>/approve", methods=["GET", "POST"])
def approve(candidate_id: int) -> ResponseReturnValue:
    """Let somebody join."""

    def deed(form: AnswerForm) -> AnyResponse:
        member = actions.approve(me(), candidate_id, form.words, form.holder_ids)
        return web.done(
            _("%(name)s is a member now, and is told by e-mail.", name=member.name),
            url_for("candidates.index"),
        )

    return _decide("approve", candidate_id, deed)


@bp.route("/moderation/joining/<int:candidate_id>/refuse", methods=["GET", "POST"])
def refuse(candidate_id: int) -> ResponseReturnValue:
    """Refuse somebody, with a reason."""

    def deed(form: AnswerForm) -> AnyResponse:
        actions.refuse(me(), candidate_id, form.words, form.holder_ids)
        return web.done(
            _("The request is refused, and the person is told why by e-mail."),
            url_for("candidates.index"),
        )

    return _decide("refuse", candidate_id, deed)


def _decide(
    deed: str, candidate_id: int, do: Callable[[AnswerForm], AnyResponse]
) -> ResponseReturnValue:
    """The form of a decision, or the decision; a moderator who comes too late is told, and gets back what was typed."""
    try:
        return _decision(deed, candidate_id, do)
    except Conflict as error:
        return _list_page(CONFLICT, error.message, tidy(request.form.get("reason", "")))


def _decision(
    deed: str, candidate_id: int, do: Callable[[AnswerForm], AnyResponse]
) -> ResponseReturnValue:
    """The form of a decision, or the decision; if another moderator has claimed the candidate meanwhile, the form again."""
    form, chosen, key = AnswerForm(), entrance(), ("candidate", candidate_id)
    form.offer(chosen.refusals if deed == "refuse" else chosen.welcomes)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        asked = queries.request_to_decide(me(), candidate_id)
        web.note_look(f"request {candidate_id} to join")
        return render_template(
            "candidates/decide.html",
            deed=deed,
            request_=asked,
            form=form,
            late=late,
            claims=show_claims_on(form, [key], late),
        ), status

    try:
        return webforms.process(form, page, lambda: do(form))
    except Conflict as error:
        if not claims_of_others(me(), [key]):
            raise
        return page(CONFLICT, error.message)
