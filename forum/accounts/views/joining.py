"""Joining: the form, the letter that confirms the address, and waiting for the moderators."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from flask import make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import tokens, web, webforms
from forum.accounts import actions
from forum.accounts.forms import ConfirmForm, JoinForm, join_form, opening_stamp
from forum.accounts.models import Token
from forum.accounts.queries import JOIN
from forum.accounts.views._devices import remember_device
from forum.accounts.views._sessions import begin_session
from forum.accounts.views._shared import (
    GONE,
    SENT_KEY,
    answer_with_secret,
    bp,
    check_new_password,
    letter_sent,
    link_expired_page,
    signed_in_already,
    usable_token_or_none,
)
from forum.candidates.actions import JoinDetails
from forum.candidates.models import Candidate
from forum.candidates.queries import candidate_by_id, way_to_join
from forum.clock import now
from forum.errors import Invalid, NotFound
from forum.invitations.models import Entrance, Invitation
from forum.invitations.queries import entrance, invitation_by_code
from forum.members import queries
from forum.members.forms import PressForm
from forum.members.models import Member
from forum.members.views import choose_city, federation, offer_organisations
from forum.passwords import hash_password, verify_password
from forum.permissions import VISITOR
from forum.ratelimits import limiter
from forum.terms.queries import in_force
from forum.web import FORBIDDEN, me

# Keys of the browser's session
WAITING_KEY = "waits"  # the candidate who waits for moderators: [id, hash of the browser's key]
PROVIDER_ACCOUNT_KEY = "elsewhere"  # what a provider has said about the person in this browser
JOINING_KEY = "joining"  # of the form filled in here: the browser's key, and where to go next
PROVIDER_ACCOUNT_LIFETIME = timedelta(hours=1)


@bp.route("/join", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def join() -> ResponseReturnValue:
    """Ask for an account. A letter goes to the address; the page does not reveal whether it has an account already."""
    if me().is_member:
        return signed_in_already() if request.method == "POST" else web.see_other(web.safe_next())
    if request.method == "GET" and _is_waiting_here():
        return web.see_other(url_for("accounts.waiting"))
    chosen = entrance()
    if chosen.mode == "invitation":
        status = 200 if request.method == "GET" else FORBIDDEN
        return render_template("accounts/by_invitation.html", typed=_typed()), status
    return _answer_joining(chosen)


@bp.route("/join/invited/<code>", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def join_invited(code: str) -> ResponseReturnValue:
    """Ask for an account by an invitation's link. Opening the page does not use the invitation."""
    if me().is_member:
        said = _("You are a member already, so the invitation stays unused.")
        return web.done(said, web.safe_next())
    try:
        return _answer_joining(entrance(), invitation_by_code(code))
    except NotFound:
        return _without_invitation(entrance())


def _without_invitation(chosen: Entrance) -> ResponseReturnValue:
    """The invitation is over: what was typed meanwhile can be sent without it, where that is possible, and else be copied."""
    if request.method == "GET" or chosen.mode == "invitation":
        return render_template("accounts/uninvited.html", typed=_typed()), GONE
    form = _join_form(chosen, None)

    def page(_status: int) -> ResponseReturnValue:
        return _join_page(form, GONE, chosen=chosen, is_over=True)

    checks = [_say_that_it_is_over, _check_new_password, choose_city]
    return webforms.process(form, page, lambda: page(GONE), checks=checks)


def _say_that_it_is_over(_form: JoinForm) -> None:
    raise Invalid(_("This invitation is over. You can join without one: send this form."))


def _typed() -> list[tuple[str, str]]:
    """The label and text of each field of a form that was sent where nobody can join any more."""
    if request.method == "GET":
        return []
    form = _join_form(entrance(), None)
    # The answers, too, which this form does not ask for by now
    answers = sorted(key for key in request.form if key.startswith("answer_"))
    names = ("name", "position", "city", "email")
    typed = [(str(form[name].label.text), str(form[name].data or "")) for name in names]
    typed += [(_("Your answer"), request.form[key]) for key in answers]
    return [(label, text) for label, text in typed if text.strip()]


def _answer_joining(chosen: Entrance, invitation: Invitation | None = None) -> ResponseReturnValue:
    form = _join_form(chosen, invitation)
    page = partial(_join_page, form, chosen=chosen, invitation=invitation)
    checks = [_check_new_password, choose_city]
    return webforms.process(form, page, lambda: _join(form, invitation), checks=checks)


def _join_form(chosen: Entrance, invitation: Invitation | None) -> JoinForm:
    proved = provider_account()
    known = {name: proved.get(name, "") for name in ("name", "email")}
    # Only who decides about requests reads the answers
    is_asked = chosen.is_for_moderators(is_invited=invitation is not None)
    questions = chosen.questions if is_asked else ()
    account = proved.get("label") or proved.get("subject", "")
    asking = join_form(questions, account, web.settings().minimum_age)
    known |= {"next": web.safe_next(""), "opened": opening_stamp()}
    form = asking(data=known | {"language": _language_of_browser()})
    form.offer_terms(in_force(), request.method == "GET")
    offer_organisations(form)
    if invitation and invitation.organisation:
        organisation = invitation.organisation
        form.organisation.choices = [(organisation.id, organisation.name)]
    return form


def _language_of_browser() -> str:
    """The language that the browser prefers among those offered: a first guess at the one in which the person writes."""
    return request.accept_languages.best_match(["en", *queries.language_names()], "en")


def _join_page(
    form: JoinForm,
    status: int = 200,
    *,
    chosen: Entrance,
    invitation: Invitation | None = None,
    is_over: bool = False,
) -> ResponseReturnValue:
    context: dict[str, Any] = {"invitation": invitation, "mode": chosen.mode}
    context |= {"proved": provider_account(), "is_over": is_over}
    has_mail = bool(web.settings().smtp_url)
    return render_template("accounts/join.html", form=form, has_mail=has_mail, **context), status


def join_form_again() -> tuple[JoinForm, Callable[[Any, int], ResponseReturnValue]]:
    """The form and the renderer of its page after too many attempts, with the invitation if it can still be used."""
    invitation, chosen = None, entrance()
    with suppress(NotFound):
        invitation = invitation_by_code((request.view_args or {}).get("code", ""))
    page = partial(_join_page, chosen=chosen, invitation=invitation)
    return _join_form(chosen, invitation), page


def _check_new_password(form: JoinForm) -> None:
    if _identity(form) and not form.password.data:
        return
    own = (federation().name, form.name.data or "", form.email.data or "")
    check_new_password(form.password.data or "", own, "password")


def provider_account() -> dict[str, Any]:
    """What a provider has recently said about the person in this browser; an empty dictionary for members and without it."""
    proved: dict[str, Any] = session.get(PROVIDER_ACCOUNT_KEY) or {}
    is_new = proved.get("at", 0) > now().timestamp() - PROVIDER_ACCOUNT_LIFETIME.total_seconds()
    return proved if is_new else {}


def _join(form: JoinForm, invitation: Invitation | None) -> AnyResponse:
    password = form.password.data or ""
    joining = form.text(hash_password(password) if password else "", web.locale())
    key = secrets.token_urlsafe(16)
    details = JoinDetails(form.answers, invitation, _identity(form), form.agreed)
    session[JOINING_KEY] = {"key": key, "next": web.safe_next("")}
    if _has_proved_address(form):
        return _joined(actions.join_proved(VISITOR, joining, key, details), "elsewhere")
    asked = actions.ask_to_join(VISITOR, joining, key, details)
    return letter_sent(
        queries.normalised_email(joining.email), asked if _shows_letter_links() else None
    )


def _identity(form: JoinForm) -> dict[str, str]:
    """The provider account to link when somebody joins: if its address is that of the form, or they ticked it; else empty.

    The person who signed in at the provider may have left the browser to somebody else, who now fills in the form.
    """
    if not form.links and not _has_proved_address(form):
        return {}
    proved = provider_account()
    return {name: proved[name] for name in ("issuer", "subject", "label")} if proved else {}


def _has_proved_address(form: JoinForm) -> bool:
    """Whether the provider has verified the e-mail address that the form holds."""
    proved = provider_account()
    email = queries.normalised_email(form.email.data or "")
    return bool(proved.get("is_verified")) and email == queries.normalised_email(proved["email"])


def _shows_letter_links() -> bool:
    """Whether the page shows the link of the letter itself: in a demo, which sends no mail."""
    return federation().is_demo and not web.settings().smtp_url


@bp.get("/join/sent")
def sent() -> ResponseReturnValue:
    """Say that a letter is on its way, and what to do when it does not arrive."""
    context = session.get(SENT_KEY)
    if not context:
        return web.see_other(url_for("accounts.sign_in"))
    page = make_response(
        render_template("accounts/sent.html", **context, has_mail=bool(web.settings().smtp_url))
    )
    page.headers["Cache-Control"] = "private, no-store"
    return page


@bp.route("/join/confirm/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_joining(secret: str) -> ResponseReturnValue:
    """Join by pressing a button in the browser that filled in the form, or in another browser with the password chosen there.

    So nobody can make an account with somebody else's address and a password of their own.
    """
    token = usable_token_or_none(JOIN, secret)
    if token is None or token.candidate is None:
        return link_expired_page(JOIN)
    is_here = _is_browser_of(token)
    form: Any = PressForm() if is_here else ConfirmForm()

    def page(status: int = 200) -> ResponseReturnValue:
        has_password = bool(token.candidate and token.candidate.password_hash)
        context = {"form": form, "candidate": token.candidate, "has_password": has_password}
        context["again"] = _where_to_begin_again(token.candidate)
        return render_template("accounts/confirm.html", **context, is_here=is_here), status

    def deed() -> Any:
        if not is_here:
            _check_candidate_password(token, form.password.data or "")
        return _joined(actions.confirm_joining(VISITOR, secret), "letter")

    return answer_with_secret(JOIN, form, page, deed)


def _where_to_begin_again(candidate: Candidate | None) -> str:
    """The address of the form that a candidate has filled in."""
    way = way_to_join(candidate) if candidate else {}
    if salt := way.get("salt"):
        return url_for("accounts.join_invited", code=tokens.secret(way["purpose"], salt))
    return url_for("accounts.join")


def _is_browser_of(token: Token) -> bool:
    """Whether this browser filled in the form of the token's candidate."""
    key = str(session.get(JOINING_KEY, {}).get("key", ""))
    return bool(token.candidate and tokens.kept_hash(key) == token.candidate.browser_hash)


def _check_candidate_password(token: Token, password: str) -> None:
    candidate = token.candidate
    if candidate is None or not verify_password(candidate.password_hash, password):
        raise Invalid(_("This is not the password that was chosen."), "password")


def _joined(member: Member | Candidate, how: str) -> AnyResponse:
    """Sign in a new member, who has proved by the method `how` (as in `Session.how`) that the address is theirs.

    A candidate is redirected to the page that says that moderators are to decide.
    """
    if isinstance(member, Candidate):
        return show_waiting(member)
    target = session.get(JOINING_KEY, {}).get("next") or "/"
    begin_session(member, how, member.credentials)
    remember_device(member.email)
    return web.done(_("Welcome, %(name)s. You can write now.", name=member.name), target)


def show_waiting(candidate: Candidate) -> AnyResponse:
    """Redirect to the page that says that the candidate is waiting; the caller has verified who uses this browser."""
    session.pop(PROVIDER_ACCOUNT_KEY, None)
    session[WAITING_KEY] = [candidate.id, candidate.browser_hash]
    return web.see_other(url_for("accounts.waiting"))


def _is_waiting_here() -> bool:
    """Whether somebody has asked to join in this browser and moderators are to decide."""
    candidate = _candidate_here()
    return candidate is not None and candidate.waits


def _candidate_here() -> Candidate | None:
    """The candidate who asked to join in this browser.

    The hash is compared because, after a backup was restored, somebody else may have the same id.
    """
    kept: list[Any] = session.get(WAITING_KEY) or [0, ""]
    candidate = candidate_by_id(kept[0])
    return candidate if candidate and candidate.browser_hash == kept[1] else None


@bp.get("/join/waiting")
def waiting() -> ResponseReturnValue:
    """Tell a candidate that moderators are to decide, since when, or what they decided."""
    if not session.get(WAITING_KEY):
        return web.see_other(url_for("accounts.join"))
    page = make_response(render_template("accounts/waiting.html", candidate=_candidate_here()))
    page.headers["Cache-Control"] = "private, no-store"
    return page
