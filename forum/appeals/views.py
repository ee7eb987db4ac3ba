"""The views of appeals: appealing, signed in or by a sealed address, and answering."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.appeals import actions, queries
from forum.appeals.forms import OUTCOME_NAMES, AnswerForm, AppealForm
from forum.appeals.models import REVERSED
from forum.claims.queries import claims_of_others
from forum.errors import Conflict, Forbidden, NotFound
from forum.moderation.forms import REASON_NAMES
from forum.moderation.models import Decision, Deed
from forum.moderation.queries import present_end
from forum.moderation.views import show_claims_on
from forum.permissions import Person
from forum.ratelimits import by_person, limiter
from forum.verdicts import SIGN_IN
from forum.web import CONFLICT, me

bp = Blueprint("appeals", __name__)


@bp.app_template_global()
def appeals_about(decision: Decision) -> queries.AppealInfo:
    """What the page of a decision tells its reader about appealing."""
    return queries.appeal_info(me(), decision)


@bp.route("/moderation/decisions/<int:decision_id>/appeal", methods=["GET", "POST"])
@limiter.limit("10 per hour", key_func=by_person, methods=["POST"])
def appeal(decision_id: int) -> ResponseReturnValue:
    """Appeal against a decision, or read the answer to one's appeal."""
    if not me().is_member:
        raise Forbidden(str(SIGN_IN.why_not))
    here = url_for("appeals.appeal", decision_id=decision_id)
    return _appeal_page(me(), decision_id, here)


@bp.route("/appeal/<int:decision_id>/<int:member_id>/<seal>", methods=["GET", "POST"])
@limiter.limit("10 per hour", methods=["POST"])
def sealed(decision_id: int, member_id: int, seal: str) -> ResponseReturnValue:
    """Appeal without signing in, for suspended members: the seal in the address proves who it is."""
    if not queries.is_sealed(decision_id, member_id, seal):
        raise NotFound()
    here = queries.sealed_address(decision_id, member_id)
    answer = make_response(_appeal_page(queries.account_by_id(member_id), decision_id, here))
    answer.headers["Cache-Control"] = "no-store"  # the address is as good as a password
    return answer


def _appeal_page(person: Person, decision_id: int, here: str) -> ResponseReturnValue:
    decision = queries.decision_to_appeal(person, decision_id)
    form = AppealForm()

    def page(status: int = 200) -> ResponseReturnValue:
        info = queries.appeal_info(person, decision)
        return render_template(
            "appeals/appeal.html",
            decision=decision,
            until=present_end(decision),
            info=info,
            form=form,
            is_author=decision.author_id == person.id,
            is_suspended=person.is_suspended,
            nobody=not queries.other_decider_ids(decision, person.id),
        ), status

    def deed() -> AnyResponse:
        actions.appeal(person, decision_id, form.text.data or "")
        return web.done(_("Your appeal is with the moderators. You will be told."), here)

    return webforms.process(form, page, deed)


@bp.get("/moderation/appeals")
def index() -> ResponseReturnValue:
    """The open and the answered appeals."""
    context = {"waiting": queries.waiting_appeals(me()), "decided": queries.decided_appeals(me())}
    return render_template("appeals/index.html", outcomes=OUTCOME_NAMES, **context)


@bp.route("/moderation/appeals/<int:appeal_id>", methods=["GET", "POST"])
def decide_appeal(appeal_id: int) -> ResponseReturnValue:
    """One appeal with its file, and the form to answer it."""
    if request.method == "POST":
        queries.require_answerable(me(), appeal_id)
    found = queries.get_appeal(me(), appeal_id)
    form, key = AnswerForm(), ("appeal", appeal_id)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        file = queries.appeal_file(me(), found)
        web.note_look(f"appeal {appeal_id}, with its reports")
        form.offer(is_reversible=file.is_reversible)
        return render_template(
            "appeals/decide.html",
            file=file,
            form=form,
            outcomes=OUTCOME_NAMES,
            late=late,
            claims=show_claims_on(form, [key], late),
            reasons=REASON_NAMES,
        ), status

    def deed() -> AnyResponse:
        outcome, answer = form.outcome.data, form.answer.data or ""
        decided = actions.decide_appeal(me(), appeal_id, outcome, answer, form.holder_ids)
        address = url_for("appeals.index")
        if decided.outcome == REVERSED and decided.decision.deed == Deed.KEEP:
            kind, item_id = decided.decision.kind, decided.decision.item_id
            address = url_for("queue.entry", thing=kind, item_id=item_id)
        return web.done(_("Your answer is sent."), address)

    try:
        return webforms.process(form, page, deed)
    except Conflict as error:
        if not claims_of_others(me(), [key]):
            raise
        return page(CONFLICT, error.message)
