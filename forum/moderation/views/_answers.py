"""The blueprint, and how its views respond: the page of a deed, a deed by a button, ready texts, the offer to undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from flask import Blueprint, flash, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.claims.models import Claim, EntryKey
from forum.claims.queries import claims_of_others
from forum.clock import now
from forum.errors import Conflict
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import (
    ClaimAwareForm,
    DecisionAwareForm,
    MoveForm,
    OptionalReasonForm,
    ReasonForm,
    RequiredReasonForm,
    SendBackForm,
    StatementForm,
)
from forum.moderation.models import Decision, Deed
from forum.moderation.queries import ReportFacts, RestrictionFacts, Thing
from forum.permissions import Person
from forum.rules.queries import OfferedText, in_force, ready_text, ready_texts
from forum.verdicts import DONE_ALREADY, YES, Verdict
from forum.web import CONFLICT, me

bp = Blueprint("moderation", __name__)

# In the browser's session: the page to which a moderator was redirected after deciding ("" until it is opened), and
# when.
LANDING = "landed"


def deed_page(
    word: str,
    thing: Thing,
    form: StatementForm | RequiredReasonForm | MoveForm | OptionalReasonForm,
    deed: Callable[[Person, Reasons], Decision],
) -> ResponseReturnValue:
    """The page that asks for the reasons of a deed, and once they are given, the deed itself.

    `word` names the deed in the template. `deed` gets the moderator and the reasons, and runs the action.
    """
    ready: Sequence[OfferedText] = ()
    if isinstance(form, StatementForm | RequiredReasonForm):
        rules = in_force()
        if isinstance(form, StatementForm):
            form.offer_rules(rules, needs_ground=queries.needs_ground(thing, word))
            offer_orders(form)
        ready = ready_texts(me(), [word], rules)
        fill_from_ready_text(form)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        if isinstance(form, DecisionAwareForm) and (request.method == "GET" or late):
            form.seen.data = str(queries.latest_decision_id(thing.kind, thing.item_id))
        if isinstance(form, SendBackForm) and (request.method == "GET" or late):
            form.read.data = thing.fingerprint
        is_of_member = thing.kind == "member"
        entry = queries.review_context(me(), "member", thing.item_id) if is_of_member else None
        return render_template(
            "moderation/deed.html",
            word=word,
            thing=thing,
            entry=entry,
            # Who was too slow gets back what was typed
            may=DONE_ALREADY[word]
            if queries.is_done_already(word, thing) and request.method == "GET"
            else _right_to(word, thing),
            facts=_facts(word, thing),
            going_on=queries.going_on(me(), thing.row) if word == Deed.ARCHIVE else None,
            form=form,
            ready=ready,
            late=late,
            claims=show_claims(form, [thing], late),
        ), status

    def done(moderator: Person) -> str:
        return web.safe_next(deed(moderator, form.reasons).address)

    return answer_here(form, [thing], page, done)


def _facts(word: str, thing: Thing) -> ReportFacts | RestrictionFacts | None:
    """What is to be weighed before a member is warned or restricted: what became of their reports, or decisions about them."""
    if word in queries.MISUSE_DEEDS:
        return queries.report_facts(me(), thing.item_id)
    if word in (Deed.WARN, Deed.SILENCE, Deed.SUSPEND):
        return queries.restriction_facts(me(), thing.item_id)
    return None


def _right_to(word: str, thing: Thing) -> Verdict:
    """Whether the reader may hide or remove a thing, or another moderator has to; of other deeds the actions tell."""
    is_withheld = word in queries.WITHHOLDING_DEEDS
    return queries.right_to_withhold(me(), thing, word) if is_withheld else YES


def withhold_page(thing: Thing, word: str) -> ResponseReturnValue:
    """The page that hides or removes a thing (`word`), with a statement of reasons."""
    form = StatementForm()

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.decide(moderator, thing.kind, thing.item_id, word, why, seen=form.seen_id)

    return deed_page(word, thing, form, deed)


def answer_here(
    form: ClaimAwareForm,
    things: Sequence[Thing],
    page: Callable[..., ResponseReturnValue],
    deed: Callable[[Person], str],
    *,
    is_first_step: bool = False,
) -> ResponseReturnValue:
    """Show the page of a deed, or run it (it gets the moderator) and redirect to the address that it returns.

    A first step only shows the page again. `page` takes a status and a message for a moderator who comes too late;
    then it is shown with everything typed.
    """

    def done() -> AnyResponse:
        address = actions.decide_here(me(), keys_of(things), form.holder_ids, deed)
        return redirect_after_decision(address)

    try:
        return webforms.process(form, page, done, is_first_step=is_first_step or is_preparing())
    except Conflict as error:
        return page(CONFLICT, error.message)


def decide_by_button(
    word: str,
    thing: Thing,
    deed: Callable[[Person], Decision],
    answer: Callable[[Decision], AnyResponse] | None = None,
    form: ClaimAwareForm | None = None,
) -> ResponseReturnValue:
    """Run the deed of a button (`word` is its label); when another moderator has claimed the thing, ask for confirmation first.

    When another moderator was faster, the page says so and links back to the thing. `answer` makes the response, by
    default `redirect_to_decided`; `form` carries what else the deed needs to know of the page with the button.
    """
    form = form or ClaimAwareForm()
    try:
        decision = actions.decide_here(me(), keys_of([thing]), form.holder_ids, deed)
    except Conflict as error:
        claims = show_claims(form, [thing], error.message)
        context = {"word": word, "thing": thing, "form": form, "claims": claims}
        return render_template("moderation/press.html", **context, late=error.message), CONFLICT
    return (answer or redirect_to_decided)(decision)


def restore_by_button(thing: Thing) -> ResponseReturnValue:
    """Restore a thing by a button."""

    def restore(moderator: Person) -> Decision:
        return actions.decide(moderator, thing.kind, thing.item_id, Deed.RESTORE)

    return decide_by_button(_("Show again"), thing, restore)


def keys_of(things: Sequence[Thing]) -> list[EntryKey]:
    """The keys by which things are claimed."""
    return [(thing.kind, thing.item_id) for thing in things]


def show_claims(form: ClaimAwareForm, things: Sequence[Thing], late: str) -> Sequence[Claim]:
    """The claims of other moderators on things, for a page that shows them; the form carries that it did."""
    return show_claims_on(form, keys_of(things), late)


def show_claims_on(form: ClaimAwareForm, keys: Collection[EntryKey], late: str) -> Sequence[Claim]:
    """The claims of other moderators on entries of any kind, for a page that shows them; the form carries that it did."""
    claims = claims_of_others(me(), keys)
    if request.method == "GET" or late:
        form.holder.data = ",".join(str(claim.member_id) for claim in claims)
    return claims


def redirect_to_decided(decision: Decision) -> AnyResponse:
    """Redirect to the thing of a decision, or where the form says."""
    return redirect_after_decision(web.safe_next(decision.address))


def redirect_after_decision(address: str) -> AnyResponse:
    """Redirect to an address with a message, and offer to undo the decision there."""
    flash(_("Done, and written down in the moderation log."), "message")
    offer_undo()
    return web.see_other(address)


def offer_undo() -> None:
    """Let the next page that is opened offer to undo the decision."""
    session[LANDING] = ["", now().timestamp()]


def offer_no_undo() -> None:
    """Offer no decision to be undone once one was: the latest that is left is about something else."""
    session.pop(LANDING, None)


@bp.app_template_global()
def undoable_decision() -> Decision | None:
    """The reader's latest decision while it can be undone, on the page to which it redirected; else None."""
    address, decided_at = session.get(LANDING, (None, 0.0))
    if address is None or decided_at < (now() - queries.UNDO_PERIOD).timestamp():
        return None
    if not address and request.method == "GET":
        session[LANDING] = [request.path, decided_at]
    is_here = address in ("", request.path) and request.blueprint != "queue"
    return queries.decision_to_offer(me()) if is_here else None


def fill_from_ready_text(form: ReasonForm) -> None:
    """Fill a form with the ready text whose button was pressed: one that decides at once, or one that lets it be edited."""
    if number := _pressed_text_number("ready") or _pressed_text_number("reword"):
        form.fill(ready_text(me(), number))
    form.is_reworded = bool(_pressed_text_number("reword"))


def offer_orders(form: StatementForm) -> None:
    """Offer the orders of authorities to a moderator who has asked for them."""
    is_asked = _asks_for_orders() or "order" in request.form
    form.offer_orders(queries.orders_to_follow(me(), is_asked=is_asked), is_asked=is_asked)


def _asks_for_orders() -> bool:
    return "ordered" in request.form


def is_preparing() -> bool:
    """Whether a button was pressed that only prepares the form: it lets the words of a ready text be edited, or offers the orders."""
    return bool(_pressed_text_number("reword")) or _asks_for_orders()


def _pressed_text_number(button: str) -> int:
    """The number of the ready text that a button names; 0 for none."""
    return web.whole_number(request.form.get(button, "")) or 0
