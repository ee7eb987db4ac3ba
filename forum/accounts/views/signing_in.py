"""Signing in by password, passkey, second factor or provider, and signing out."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import (
    flash,
    get_flashed_messages,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response as AnyResponse

from forum import errorpages, web, webforms
from forum.accounts.forms import SignInForm
from forum.accounts.views._devices import count_refusal, rate_limit_key, welcome_device
from forum.accounts.views._sessions import begin_session, device
from forum.accounts.views._shared import bp, signed_in_already, was_refused
from forum.accounts.views.joining import show_waiting
from forum.appeals.queries import suspension_appeal_path
from forum.candidates.models import Candidate
from forum.candidates.queries import confirmed_candidate
from forum.errors import Conflict, Forbidden, Invalid
from forum.factors import actions as factor_actions
from forum.factors import views as factors
from forum.factors.forms import PasskeyForm, SecondForm
from forum.factors.queries import FOR_SECOND_FACTOR, factors_of
from forum.members import actions as members
from forum.members import queries
from forum.members.models import Credentials, Member
from forum.passwords import hash_password, is_outdated, verify_password
from forum.permissions import VISITOR
from forum.ratelimits import limiter
from forum.web import CONFLICT, me, my_token


def _sign_in_limit_key() -> str:
    """The rate limit's key for the account that a request wants to sign in to."""
    return rate_limit_key("account", request.form.get("email", ""))


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=_sign_in_limit_key, methods=["POST"], deduct_when=was_refused)
def sign_in() -> ResponseReturnValue:
    """Begin a session. The answers to a wrong password and to an unknown address are the same.

    While a text waits to be sent again, the person may already have signed in in another window.
    """
    if me().is_member and request.method == "GET":
        return web.see_other(web.safe_next())
    if errorpages.kept_action() and "elsewhere" in request.form:
        why = errorpages.signed_in_again() if me().is_member else _("You are not signed in yet.")
        return errorpages.resend_page(errorpages.kept_action(), why, 200)
    form = SignInForm(next=web.safe_next(""))
    return webforms.process(form, partial(sign_in_page, form), lambda: _sign_in(form))


def sign_in_page(form: SignInForm, status: int = 200) -> ResponseReturnValue:
    """The form for signing in or, while a text waits to be sent again, the page that also contains that text."""
    if errorpages.kept_action() and form.errors:
        why = next(error for errors in form.errors.values() for error in errors)
        answer = errorpages.resend_page(errorpages.kept_action(), why, status)
        # Also where the text is another member's: the attempt has to count (`was_refused`)
        answer.status_code = status
        return answer
    factors.browser_key()
    return render_template("accounts/sign_in.html", form=form), status


def _sign_in(form: SignInForm) -> ResponseReturnValue:
    password = form.password.data or ""
    member = queries.member_by_email(form.email.data or "")
    candidate = None if member else confirmed_candidate(form.email.data or "")
    known: Member | Candidate | None = member or candidate
    verified = member.credentials if member else None  # as they are now, because they may change
    is_right = verify_password(known.password_hash if known else None, password)
    if candidate and is_right:
        return show_waiting(candidate)
    if member is None or verified is None or not is_right:
        count_refusal(form.email.data or "")
        raise Invalid(_("The address or the password is not right."))
    try:
        answer = sign_in_or_ask_second(member, "password", verified)
    except Forbidden as error:  # suspended: told only to people who know the password
        return _suspended_answer(member, error)
    if is_outdated(verified.password_hash):
        members.rehash_password(member, verified, hash_password(password))
    return answer


def _suspended_answer(member: Member, error: Forbidden) -> AnyResponse:
    """Redirect a suspended member to the decision and its appeal; without a stored decision, say how long it lasts.

    A text that they wrote before the suspension and that waits to be sent is given back first.
    """
    address = suspension_appeal_path(member)
    if not address:
        raise Invalid(error.message) from error
    if not errorpages.kept_action():
        return web.see_other(address)
    way = _(
        "Copy your text from here. Without it, signing in leads to the decision and its appeal."
    )
    raise Invalid(f"{error.message} {way}") from error


def answer_suspended(member: Member, error: Forbidden) -> AnyResponse:
    """Redirect a suspended member who signs in in another way than here, like `_suspended_answer`.

    Raises the error, whose page says how long it lasts, without a stored decision, and for a text that it gives back.
    """
    address = "" if errorpages.kept_action() else suspension_appeal_path(member)
    if not address:
        raise error
    return web.see_other(address)


def sign_in_or_ask_second(member: Member, how: str, verified: Credentials) -> ResponseReturnValue:
    """Begin the session of a member who has shown a first factor, or ask for the second factor first.

    `verified` are the credentials against which the first one was checked. When they have changed since, the page for
    signing in says so.
    """
    try:
        if not member.factor_at:
            return _complete_sign_in(member, how, verified)
        key = factor_actions.begin_half_session(VISITOR, member, how, verified)
    except Conflict as error:
        return _sign_in_again(error.message)
    session[factors.HALF_SESSION_KEY] = key
    if errorpages.kept_action():  # the text is passed on from form to form
        return make_response(second_page(SecondForm(formdata=None)))
    return web.see_other(url_for("accounts.second", next=web.safe_next("") or None))


def _complete_sign_in(member: Member, how: str, verified: Credentials) -> AnyResponse:
    """Begin the session and redirect: with a kept text, or to a second factor that has to be set up, or to the page before.

    Raises `Conflict` when the credentials are no longer those that were verified.
    """
    begin_session(member, how, verified)
    welcome_device(member, how, device())
    if errorpages.kept_action():
        return errorpages.resend_page(errorpages.kept_action(), errorpages.signed_in_again(), 200)
    if me().is_held:
        return web.see_other(url_for("factors.index"))
    return web.see_other(web.safe_next())


@bp.post("/sign-in/passkey")
@limiter.limit("10/minute")
def sign_in_with_passkey() -> ResponseReturnValue:
    """Begin a session with a passkey alone: the device has verified its user."""
    form = PasskeyForm(next=web.safe_next(""))

    def deed() -> Any:
        try:
            owner = factors.owner_of_passkey(form.credential.data or "")
        except Forbidden as error:
            raise Invalid(error.message) from error
        try:
            return _complete_sign_in(owner, "passkey", owner.credentials)
        except Conflict as error:
            raise Invalid(error.message) from error
        except Forbidden as error:  # suspended: told only to people who have the passkey
            return _suspended_answer(owner, error)

    def page(status: int) -> ResponseReturnValue:
        other = SignInForm(next=web.safe_next(""))
        other.form_errors = [error for errors in form.errors.values() for error in errors]
        return sign_in_page(other, status)

    return webforms.process(form, page, deed)


def _second_factor_limit_key() -> str:
    """The rate limit's key for the account whose second factor the request is trying."""
    try:
        email = factors.current_half_session().member.email
    except Conflict:
        return "second:nobody"
    return rate_limit_key("second", email)


@bp.route("/sign-in/second", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit(
    "10/hour", key_func=_second_factor_limit_key, methods=["POST"], deduct_when=was_refused
)
def second() -> ResponseReturnValue:
    """Ask for the second factor after the first, and begin a session only then."""
    if me().is_member and factors.HALF_SESSION_KEY not in session and request.method == "GET":
        return web.see_other(web.safe_next())
    try:
        half = factors.current_half_session()
    except Conflict as error:
        # Signed in meanwhile, in another window of this browser
        is_in = me().is_member and not errorpages.kept_action()
        return signed_in_already() if is_in else _sign_in_again(error.message)
    if not half.member.factor_at:  # taken off in another window
        return _sign_in_again(_("Your account has no second factor any more. Sign in again."))
    verified = half.member.credentials
    form = SecondForm(next=web.safe_next(""))

    def deed() -> Any:
        by = factors.verify_factor(
            half.member,
            FOR_SECOND_FACTOR,
            form.code.data or "",
            form.credential.data,
            half_key=session[factors.HALF_SESSION_KEY],
        )
        # For example that the password was changed
        messages = get_flashed_messages(with_categories=True)
        try:
            answer = _complete_sign_in(half.member, f"{half.how}, {by}", verified)
        except Forbidden as error:
            return answer_suspended(half.member, error)
        for category, message in cast(list[tuple[str, str]], messages):
            flash(message, category)
        return answer

    is_asking = "ask" in request.form
    try:
        return webforms.process(form, partial(second_page, form), deed, is_first_step=is_asking)
    except Conflict as error:
        return _sign_in_again(error.message)


def _sign_in_again(why: str) -> ResponseReturnValue:
    """The first factor was shown too long ago, or never: ask for it again, and keep a text that waits."""
    if request.method == "GET":
        return web.see_other(url_for("accounts.sign_in", next=web.safe_next("") or None))
    if errorpages.kept_action():
        return errorpages.resend_page(errorpages.kept_action(), why, CONFLICT)
    form = SignInForm(next=web.safe_next(""))
    form.form_errors = [why]
    return sign_in_page(form, CONFLICT)


def second_page(form: SecondForm, status: int = 200) -> ResponseReturnValue:
    """The form for the second factor."""
    has = factors_of(factors.current_half_session().member)
    by = request.form.get("ask") or request.form.get("by", "")
    return render_template(
        "accounts/second.html", form=form, has=has, by=by, along=_fields_to_resend()
    ), status


def _fields_to_resend() -> list[tuple[str, str]]:
    """The fields of a text that is passed on from form to form until it can be sent, as (name, value)."""
    if not errorpages.kept_action():
        return []
    kept = [(errorpages.KEPT_PREFIX + name, value) for name, value in errorpages.kept_fields()]
    return [("kept_action", errorpages.kept_action()), *kept]


def sign_in_from_provider(member: Member, target: str) -> AnyResponse:
    """Begin the session of a member whom the provider has authenticated, or ask for the second factor first.

    `target` is the address to redirect to. Raises `Forbidden` for a suspended member, and `Conflict` when credentials
    have changed meanwhile.
    """
    verified = member.credentials
    if member.factor_at:
        session[factors.HALF_SESSION_KEY] = factor_actions.begin_half_session(
            VISITOR, member, "elsewhere", verified
        )
        return web.see_other(url_for("accounts.second", next=target or None))
    begin_session(member, "elsewhere", verified)
    welcome_device(member, "elsewhere", device())
    return web.see_other(url_for("factors.index") if me().is_held else target or "/")


@bp.route("/sign-out", methods=["GET", "POST"])
def sign_out() -> ResponseReturnValue:
    """End this session. Afterwards, and for visitors, the page says that nobody is signed in in this browser."""
    if request.method == "GET":
        return render_template("accounts/sign_out.html")
    if isinstance(person := me(), Member):
        members.sign_out(person, my_token())
    logout_user()
    session.clear()
    answer = web.see_other(url_for("accounts.sign_out"))
    # Delete the drafts in the browser's storage, because other people may use the same browser
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer
