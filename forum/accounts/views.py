"""The doors of accounts: joining, signing in and out, letters that prove an address, what one signs in with."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    after_this_request,
    flash,
    g,
    get_flashed_messages,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from forum import errorpages, markup, tokens, web, webforms
from forum.accounts import actions
from forum.accounts.forms import (
    ConfirmForm,
    EmailForm,
    JoinForm,
    NewPasswordForm,
    PasswordForm,
    PressForm,
    SignInForm,
    join_form,
    stamp,
)
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, JOIN, RESET, SIGN_IN, UNDO, spendable
from forum.appeals.queries import appeal_of_suspended
from forum.candidates.actions import Coming
from forum.candidates.models import Candidate
from forum.candidates.queries import candidate_by_id, confirmed_candidate
from forum.db import now, without_waiting
from forum.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from forum.factors import actions as factor_actions
from forum.factors import views as factors
from forum.factors.forms import PasskeyForm, ProofForm, SecondForm
from forum.factors.queries import PROVE, SECOND, factors_of
from forum.identities.queries import identities_of
from forum.invitations.models import Entrance, Invitation
from forum.invitations.queries import entrance, invitation_by_code
from forum.members import actions as members
from forum.members import queries
from forum.members.actions import Joining, Profile
from forum.members.forms import ProfileForm, check_password
from forum.members.models import Member
from forum.members.views import choose_city, federation, offer_organisations
from forum.notifications.queries import unread_beside_session
from forum.passwords import hash_password, is_outdated, verify_password
from forum.permissions import VISITOR
from forum.ratelimits import limiter
from forum.terms.queries import in_force
from forum.web import REFUSED, TOO_MANY, Answer, SessionUser, has_proved, me, my_token, prove_first

bp = Blueprint("accounts", __name__)
FORBIDDEN, OVER, GONE = 403, 409, 410
SEEN_EVERY = timedelta(hours=1)
DEVICE = "device"  # the cookie of a browser in which somebody has signed in
WAITING = "waits"  # who in this browser waits for moderators
ELSEWHERE = "elsewhere"  # what a provider has said of whoever uses this browser
PROVED_ELSEWHERE = timedelta(hours=1)
JOINING = "joining"  # what a browser keeps that has filled in the form for joining
A_YEAR = 365 * 24 * 3600
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


# Who asks


def load_user(token: str) -> SessionUser | None:
    """Who is signed in with a token, for Flask-Login; notes at most once an hour that the session is in use."""
    found = queries.session_by_token(token, unread_beside_session())
    if found and found.seen_at < now() - SEEN_EVERY:
        with suppress(Busy), without_waiting():  # reading goes on; the next request notes it
            members.note_seen(found.member, found.id)
    if found is None:
        return None
    return SessionUser(found.member, token, found.id, found.proved_at, found.how, found.extra)


# Joining


@bp.route("/join", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def join() -> Answer:
    """Ask for an account. A letter goes to the address; the page tells nobody whether it has an account already."""
    if me().is_member:
        return web.see_other(web.safe_next())
    if request.method == "GET" and _waits_here():
        return web.see_other(url_for("accounts.waiting"))
    chosen = entrance()
    if chosen.mode == "invitation":
        status = 200 if request.method == "GET" else FORBIDDEN
        return render_template("accounts/by_invitation.html"), status
    return _join_door(chosen)


@bp.route("/join/invited/<code>", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def join_invited(code: str) -> Answer:
    """Ask for an account by the link of an invitation. Opening the page uses nothing up."""
    if me().is_member:
        return web.see_other(web.safe_next())
    try:
        return _join_door(entrance(), invitation_by_code(code))
    except NotFound:
        return render_template("accounts/uninvited.html"), GONE


def _join_door(chosen: Entrance, invitation: Invitation | None = None) -> Answer:
    form = _join_form(chosen, invitation)
    page = partial(_join_page, form, chosen=chosen, invitation=invitation)
    checks = [_password_is_new, choose_city]
    return webforms.process(form, page, lambda: _join(form, invitation), checks=checks)


def _join_form(chosen: Entrance, invitation: Invitation | None = None) -> JoinForm:
    proved = proved_elsewhere()
    known = {name: proved.get(name, "") for name in ("name", "email")}
    asking = join_form(chosen.questions, proved.get("label") or proved.get("subject", ""))
    form = asking(data=known | {"next": web.safe_next(""), "opened": stamp()})
    form.offer_terms(in_force(), request.method == "GET")
    offer_organisations(form)
    if invitation and invitation.organisation:
        one = invitation.organisation
        form.organisation.choices = [(one.id, one.name)]
    return form


def _join_page(
    form: JoinForm, status: int = 200, *, chosen: Entrance, invitation: Invitation | None = None
) -> Answer:
    words = {"invitation": invitation, "mode": chosen.mode, "proved": proved_elsewhere()}
    return render_template("accounts/join.html", form=form, **words), status


def _join_again() -> tuple[JoinForm, Callable[[Any, int], Answer]]:
    """The form again after too many attempts, that of the invitation if it can be used."""
    invitation, chosen = None, entrance()
    with suppress(NotFound):
        invitation = invitation_by_code((request.view_args or {}).get("code", ""))
    page = partial(_join_page, chosen=chosen, invitation=invitation)
    return _join_form(chosen, invitation), page


def proved_elsewhere() -> dict[str, Any]:
    """What a provider has said of late of whoever uses this browser, and is no member; else nothing."""
    proved: dict[str, Any] = session.get(ELSEWHERE) or {}
    is_new = proved.get("at", 0) > now().timestamp() - PROVED_ELSEWHERE.total_seconds()
    return proved if is_new else {}


def _join(form: JoinForm, invitation: Invitation | None) -> AnyResponse:
    password = form.password.data or ""
    joining = Joining(
        name=form.name.data or "",
        email=form.email.data or "",
        password_hash=hash_password(password) if password else "",
        position=form.position.data or "",
        organisation_id=form.organisation.data,
        city_id=form.city_id.data,
        language=form.language.data,
        languages=form.languages,
    )
    key = secrets.token_urlsafe(16)
    coming = Coming(form.answers, invitation, _identity(form), form.agreed)
    session[JOINING] = {"key": key, "next": web.safe_next("")}
    if _has_proved_address(form):
        return _joined(actions.join_proved(VISITOR, joining, key, coming))
    asked = actions.ask_to_join(VISITOR, joining, key, coming)
    return _sent(queries.normalised_email(joining.email), asked if _shows_letters() else None)


def _identity(form: JoinForm) -> dict[str, str]:
    """The account of elsewhere with which somebody joins: that of the address itself, or the one they tick.

    Whoever signed in there with this browser may have gone away since, and somebody else fills in the form.
    """
    if not form.links and not _has_proved_address(form):
        return {}
    proved = proved_elsewhere()
    return {name: proved[name] for name in ("issuer", "subject", "label")} if proved else {}


def _has_proved_address(form: JoinForm) -> bool:
    """Whether a provider has said that the address in a form is that of whoever uses this browser."""
    proved = proved_elsewhere()
    email = queries.normalised_email(form.email.data or "")
    return bool(proved.get("is_verified")) and email == queries.normalised_email(proved["email"])


def _shows_letters() -> bool:
    """Whether the page shows the letter to the person that it was written for: in a demo that sends none."""
    return federation().is_demo and not web.settings().smtp_url


def _sent(email: str, asked: actions.Asked | None = None) -> AnyResponse:
    """The page after a letter was asked for: the same whoever the address belongs to."""
    words: dict[str, Any] = {"email": email, "letter": "", "again": request.path}
    if asked:
        words["letter"] = f"{asked.path}/{tokens.secret(asked.purpose, asked.salt)}"
    session["sent"] = words
    return web.see_other(url_for("accounts.sent"))


@bp.get("/join/sent")
def sent() -> Answer:
    """Say that a letter is on its way, and what to do when it does not come."""
    words = session.get("sent")
    if not words:
        return web.see_other(url_for("accounts.sign_in"))
    page = make_response(
        render_template("accounts/sent.html", **words, has_mail=bool(web.settings().smtp_url))
    )
    page.headers["Cache-Control"] = "private, no-store"
    return page


@bp.route("/join/confirm/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_joining(secret: str) -> Answer:
    """Join by a press, in the browser that filled in the form; elsewhere with the password that was chosen there.

    So nobody makes an account with somebody else's address and a password of their own.
    """
    token = _token_or_none(JOIN, secret)
    if token is None or token.candidate is None:
        return _over()
    is_here = _is_browser_of(token)
    form: Any = PressForm() if is_here else ConfirmForm()

    def page(status: int = 200) -> Answer:
        has_password = bool(token.candidate and token.candidate.password_hash)
        words = {"form": form, "candidate": token.candidate, "has_password": has_password}
        return render_template("accounts/confirm.html", **words, is_here=is_here), status

    def deed() -> Any:
        if not is_here:
            _check_candidate(token, form.password.data or "")
        return _joined(actions.confirm_joining(VISITOR, secret))

    return _spending(form, page, deed)


def _is_browser_of(token: Token) -> bool:
    key = str(session.get(JOINING, {}).get("key", ""))
    return bool(token.candidate and tokens.kept_hash(key) == token.candidate.browser_hash)


def _check_candidate(token: Token, password: str) -> None:
    candidate = token.candidate
    if candidate is None or not verify_password(candidate.password_hash, password):
        raise Invalid(_("This is not the password that was chosen."), "password")


def _joined(member: Member | Candidate) -> AnyResponse:
    if isinstance(member, Candidate):
        return show_waiting(member)
    target = session.get(JOINING, {}).get("next") or "/"
    _begin_session(member, "letter")
    flash(_("Welcome, %(name)s. You can write now.", name=member.name), "message")
    return web.see_other(target)


def show_waiting(candidate: Candidate) -> AnyResponse:
    """Go to the page that says to whoever uses this browser that they wait; the caller knows who it is."""
    session.pop(ELSEWHERE, None)
    session[WAITING] = [candidate.id, candidate.browser_hash]
    return web.see_other(url_for("accounts.waiting"))


def _waits_here() -> bool:
    """Whether somebody has asked to join in this browser and moderators are to decide."""
    candidate = _candidate_here()
    return candidate is not None and candidate.waits


def _candidate_here() -> Candidate | None:
    """Who has asked to join in this browser, as long as that is kept; later the number may be somebody else's."""
    kept: list[Any] = session.get(WAITING) or [0, ""]
    candidate = candidate_by_id(kept[0])
    return candidate if candidate and candidate.browser_hash == kept[1] else None


@bp.get("/join/waiting")
def waiting() -> Answer:
    """Say to whoever has asked to join that moderators are to decide, since when, or what they decided."""
    if not session.get(WAITING):
        return web.see_other(url_for("accounts.join"))
    page = make_response(render_template("accounts/waiting.html", candidate=_candidate_here()))
    page.headers["Cache-Control"] = "private, no-store"
    return page


def _password_is_new(form: JoinForm) -> None:
    if _identity(form) and not form.password.data:
        return
    own = (federation().name, form.name.data or "", form.email.data or "")
    _check_password(form.password.data or "", own, "password")


def _check_password(password: str, own: tuple[str, ...], field: str) -> None:
    try:
        check_password(password, own)
    except Invalid as error:
        raise Invalid(error.message, field) from error


def _token_or_none(purpose: str, secret: str) -> Token | None:
    try:
        return spendable(purpose, secret)
    except NotFound:
        return None


def _over() -> Answer:
    """The page for a secret that cannot be spent: it was used, is too old, or something changed since."""
    return render_template("accounts/over.html"), GONE


# Signing in


def _account() -> str:
    """The account that a request wants to sign in to, for its rate limit.

    A browser in which its owner has signed in before is counted apart, so that guesses from elsewhere do not
    lock the owner out (ASVS 5.0, 6.1.1).
    """
    account = _account_of(request.form.get("email", ""))
    device = request.cookies.get(web.cookie_name(DEVICE), "")
    return f"account:{account}:{device}" if _knows(device, account) else f"account:{account}"


def _account_of(email: str) -> str:
    return sha256(queries.normalised_email(markup.tidy(email)).encode()).hexdigest()


def _knows(device: str, account: str) -> bool:
    """Whether a cookie says that the account's owner has signed in with this browser."""
    try:
        return bool(_devices().loads(device)[0] == account)
    except (BadSignature, TypeError, IndexError):
        return False


def _remember_device(email: str) -> None:
    account = _account_of(email)
    if _knows(request.cookies.get(web.cookie_name(DEVICE), ""), account):
        return

    @after_this_request
    def remember(response: Response) -> Response:
        known = _devices().dumps([account, secrets.token_urlsafe(9)])
        is_https, name = web.settings().is_https, web.cookie_name(DEVICE)
        response.set_cookie(
            name, known, max_age=A_YEAR, secure=is_https, httponly=True, samesite="Lax"
        )
        return response


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(web.settings().secret_key, salt="device")


def _was_refused(response: Response) -> bool:
    return response.status_code == REFUSED


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=_account, methods=["POST"], deduct_when=_was_refused)
def sign_in() -> Answer:
    """Begin a session. The answer to a wrong password and to an unknown address is the same."""
    if me().is_member and request.method == "GET":
        return web.see_other(web.safe_next())
    form = SignInForm(next=web.safe_next(""))
    return webforms.process(form, partial(_sign_in_page, form), lambda: _sign_in(form))


def _sign_in_page(form: SignInForm, status: int = 200) -> Answer:
    if errorpages.kept_action() and form.errors:
        why = next(error for errors in form.errors.values() for error in errors)
        return errorpages.resend_page(errorpages.kept_action(), why, status)
    return render_template("accounts/sign_in.html", form=form), status


def _sign_in(form: SignInForm) -> AnyResponse:
    password = form.password.data or ""
    member = queries.member_by_email(form.email.data or "")
    candidate = None if member else confirmed_candidate(form.email.data or "")
    known: Member | Candidate | None = member or candidate
    is_right = verify_password(known.password_hash if known else None, password)
    if candidate and is_right:
        return _joined(candidate)
    if member is None or not is_right:
        raise Invalid(_("The address or the password is not right."))
    if is_outdated(member.password_hash):
        members.rehash_password(member, hash_password(password))
    try:
        return _enter(member, "password")
    except Forbidden as error:  # suspended: only who knows the password is told
        return _shut_out(member, error)


def _shut_out(member: Member, error: Forbidden) -> AnyResponse:
    """Lead who is suspended to the reasons and to the appeal; without a decision on record, say until when."""
    if address := appeal_of_suspended(member):
        return web.see_other(address)
    raise Invalid(error.message) from error


def _enter(member: Member, how: str) -> AnyResponse:
    """Let somebody in who has shown the first factor; whoever has a second one is asked for it first."""
    if not member.factor_at:
        return _come_in(member, how)
    session[factors.HALF] = factor_actions.begin_half(VISITOR, member, how)
    if errorpages.kept_action():  # the text goes along from form to form
        return make_response(_second_page(SecondForm(formdata=None)))
    return web.see_other(url_for("accounts.second", next=web.safe_next("") or None))


def _come_in(member: Member, how: str) -> AnyResponse:
    """Begin a session and go on: with a text that was kept, to what is still missing, or to where one came from."""
    _begin_session(member, how)
    _remember_device(member.email)
    if errorpages.kept_action():
        return errorpages.resend_page(errorpages.kept_action(), _("You are signed in again."), 200)
    if me().is_held:
        return web.see_other(url_for("factors.index"))
    return web.see_other(web.safe_next())


def _begin_session(member: Member, how: str) -> None:
    """Sign somebody in with a new token, and leave nothing of the session before."""
    token = members.sign_in(member, _device(), how)
    session.clear()
    g.pop("csrf_token", None)
    session.permanent = True
    begun = load_user(token)
    if begun:
        login_user(begun)


@bp.post("/sign-in/passkey")
@limiter.limit("10/minute")
def sign_in_with_passkey() -> Answer:
    """Begin a session with a passkey alone, which has made sure itself whose hands it is in."""
    form = PasskeyForm(next=web.safe_next(""))

    def deed() -> Any:
        try:
            owner = factors.owner_of_passkey(form.credential.data or "")
        except Forbidden as error:
            raise Invalid(error.message) from error
        try:
            return _come_in(owner, "passkey")
        except Forbidden as error:  # suspended: only who has the passkey is told
            return _shut_out(owner, error)

    def page(status: int) -> Answer:
        other = SignInForm(next=web.safe_next(""))
        other.form_errors = [error for errors in form.errors.values() for error in errors]
        return _sign_in_page(other, status)

    return webforms.process(form, page, deed)


def _half_account() -> str:
    """Whose second factor a request wants to show, for its rate limit; known browsers apart, as in `_account`."""
    try:
        account = _account_of(factors.half_signed_in().member.email)
    except Conflict:
        return "second:nobody"
    device = request.cookies.get(web.cookie_name(DEVICE), "")
    return f"second:{account}:{device}" if _knows(device, account) else f"second:{account}"


@bp.route("/sign-in/second", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("10/hour", key_func=_half_account, methods=["POST"], deduct_when=_was_refused)
def second() -> Answer:
    """Show the second factor after the first, and only then begin a session."""
    if me().is_member and factors.HALF not in session and request.method == "GET":
        return web.see_other(web.safe_next())
    try:
        half = factors.half_signed_in()
    except Conflict as error:
        return _begin_again(error.message)
    form = SecondForm(next=web.safe_next(""))

    def deed() -> Any:
        by = factors.show(half.member, SECOND, form.code.data or "", form.credential.data)
        factor_actions.end_half(VISITOR, session[factors.HALF])
        said = get_flashed_messages(with_categories=True)  # that the password is changed, say
        answer = _come_in(half.member, f"{half.how}, {by}")
        for category, words in cast(list[tuple[str, str]], said):
            flash(words, category)
        return answer

    return webforms.process(form, partial(_second_page, form), deed, is_trial="ask" in request.form)


def _begin_again(why: str) -> Answer:
    """The first half is over, or never was: sign in again, with the text that was kept."""
    if request.method == "GET":
        return web.see_other(url_for("accounts.sign_in", next=web.safe_next("") or None))
    if errorpages.kept_action():
        return errorpages.resend_page(errorpages.kept_action(), why, OVER)
    form = SignInForm(next=web.safe_next(""))
    form.form_errors = [why]
    return _sign_in_page(form, OVER)


def _second_page(form: SecondForm, status: int = 200) -> Answer:
    has = factors_of(factors.half_signed_in().member)
    by = request.form.get("ask") or request.form.get("by", "")
    return render_template(
        "accounts/second.html", form=form, has=has, by=by, along=_along()
    ), status


def _along() -> list[tuple[str, str]]:
    """The fields of a text that goes from form to form until it can be sent."""
    if not errorpages.kept_action():
        return []
    kept = [(errorpages.KEPT_PREFIX + name, value) for name, value in errorpages.kept_fields()]
    return [("kept_action", errorpages.kept_action()), *kept]


def enter(member: Member, target: str) -> AnyResponse:
    """Let somebody in who has shown elsewhere who they are, by their second factor if they have one; then to `target`.

    Raises `Forbidden` for who is suspended.
    """
    if member.factor_at:
        session[factors.HALF] = factor_actions.begin_half(VISITOR, member, "elsewhere")
        return web.see_other(url_for("accounts.second", next=target or None))
    _begin_session(member, "elsewhere")
    _remember_device(member.email)
    return web.see_other(url_for("factors.index") if me().is_held else target or "/")


def _device() -> str:
    agent = request.user_agent.string
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), _("A browser"))
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


@bp.errorhandler(TOO_MANY)
def _too_many(error: HTTPException) -> Answer:
    """Too many attempts: the form again, with what was typed; else the page that all doors have."""
    forms: dict[str, Callable[[], tuple[webforms.Form, Callable[[Any, int], Answer]]]] = {
        "accounts.join": _join_again,
        "accounts.join_invited": _join_again,
        "accounts.sign_in": lambda: (SignInForm(), _sign_in_page),
        "accounts.change_password": lambda: (PasswordForm(), _password_page),
        "accounts.sign_in_by_letter": lambda: (EmailForm(), partial(_letter_page, "sign_in")),
        "accounts.ask_for_password": lambda: (EmailForm(), partial(_letter_page, "password")),
        "accounts.prove": lambda: (ProofForm(), _proof_page),
        "accounts.second": lambda: (SecondForm(), _second_page),
        "accounts.sign_in_with_passkey": lambda: (SignInForm(), _sign_in_page),
        "accounts.address": lambda: (EmailForm(), _address_page),
    }
    found = forms.get(request.endpoint or "")
    if found is None:
        return errorpages.http_error(error)
    form, page = found()
    form.form_errors = [f"{_('That was tried too often.')} {errorpages.retry_message(error)}"]
    return page(form, TOO_MANY)


@bp.route("/sign-out", methods=["GET", "POST"])
def sign_out() -> Answer:
    """End this session. Afterwards, and to visitors, the page says that nobody is signed in."""
    if request.method == "GET":
        return render_template("accounts/sign_out.html")
    if isinstance(person := me(), Member):
        members.sign_out(person, my_token())
    logout_user()
    session.clear()
    answer = web.see_other(url_for("accounts.sign_out"))
    # Texts that are kept in the browser, which others may use, too.
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


# By letter


@bp.route("/sign-in/letter", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def sign_in_by_letter() -> Answer:
    """Ask for a letter with which one signs in once, without a password."""
    return _ask_for_letter("sign_in", actions.ask_to_sign_in)


@bp.route("/password", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def ask_for_password() -> Answer:
    """Ask for a letter with which one chooses a new password."""
    return _ask_for_letter("password", actions.ask_for_password)


def _ask_for_letter(what: str, ask: Callable[[Any, str], None]) -> Answer:
    form = EmailForm()

    def deed() -> Any:
        ask(VISITOR, form.email.data or "")
        return _sent(queries.normalised_email(form.email.data or ""))

    return webforms.process(form, partial(_letter_page, what, form), deed)


def _letter_page(what: str, form: EmailForm, status: int = 200) -> Answer:
    return render_template("accounts/letter.html", form=form, what=what), status


@bp.route("/sign-in/letter/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def spend_sign_in(secret: str) -> Answer:
    """Sign in by a press with the secret of a letter. Opening the page spends nothing: mail programs do that."""
    token = _token_or_none(SIGN_IN, secret)
    if token is None or token.member is None:
        return _over()
    member, form = token.member, PressForm()

    def page(status: int = 200) -> Answer:
        return render_template("accounts/spend.html", form=form, member=member), status

    def deed() -> Answer:
        return _enter(actions.spend_sign_in(VISITOR, secret), "letter")

    return _spending(form, page, deed)


@bp.route("/password/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def reset_password(secret: str) -> Answer:
    """Choose a new password with the secret of a letter, and be signed in with it; a second factor stays."""
    token = _token_or_none(RESET, secret)
    if token is None or token.member is None:
        return _over()
    member, form = token.member, NewPasswordForm()

    def page(status: int = 200) -> Answer:
        return render_template("accounts/new_password.html", form=form, member=member), status

    def deed() -> Any:
        own = (federation().name, member.name, member.email)
        _check_password(form.new_password.data or "", own, "new_password")
        hashed = hash_password(form.new_password.data or "")
        answer = _enter(actions.reset_password(VISITOR, secret, hashed), "letter")
        flash(_("Your password is changed. You are signed out everywhere else."), "message")
        return answer

    return _spending(form, page, deed)


def _spending(form: Any, page: Callable[[int], Answer], deed: Callable[[], Any]) -> Answer:
    """Do a deed that spends a secret; in another window it may have been spent meanwhile."""
    try:
        return webforms.process(form, page, deed)
    except NotFound:
        return _over()


# Showing again who one is


def _is_trial() -> bool:
    return "preview" in request.form


@bp.route("/settings/prove", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=web.by_member, methods=["POST"], deduct_when=_was_refused)
def prove() -> Answer:
    """Show who one is before changing what one signs in with (ASVS 5.0, 7.5.1), also while the account is closed."""
    member = queries.account_of(me())
    form = ProofForm(next=web.safe_next(""))

    def deed() -> Any:
        _show_again(member, form)
        renew_proof(member)
        return web.see_other(web.safe_next(url_for("accounts.settings")))

    return webforms.process(form, partial(_proof_page, form), deed)


def renew_proof(member: Member) -> None:
    """Note that whoever is signed in has just shown who they are; their session goes on under a new token."""
    renewed = load_user(members.note_proof(member, cast(SessionUser, current_user).session_id))
    if renewed:
        login_user(renewed)


def _show_again(member: Member, form: ProofForm) -> None:
    """By any one of what the member has: password, code, passkey."""
    if form.credential.data is not None or form.code.data:
        factors.show(member, PROVE, form.code.data or "", form.credential.data)
    elif not verify_password(member.password_hash, form.password.data or ""):
        raise Invalid(_("This is not your present password."), "password")


def _proof_page(form: ProofForm, status: int = 200) -> Answer:
    elsewhere = web.provider_elsewhere() if identities_of(me()) else ""
    has = factors_of(queries.account_of(me()))
    return render_template("accounts/prove.html", form=form, has=has, elsewhere=elsewhere), status


# The address


@bp.route("/settings/address", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def address() -> Answer:
    """Ask for another e-mail address; nothing changes before it is confirmed."""
    member = queries.my_profile(me())
    if not has_proved():
        return prove_first()
    form = EmailForm()

    def deed() -> Any:
        actions.ask_for_address(member, form.email.data or "")
        words = _(
            "An e-mail is on its way to %(email)s. Nothing changes before you confirm it there.",
            email=form.email.data,
        )
        flash(words, "message")
        return web.see_other(url_for("accounts.address"))

    return webforms.process(form, partial(_address_page, form), deed)


def _address_page(form: EmailForm, status: int = 200) -> Answer:
    member = queries.my_profile(me())
    return render_template("accounts/address.html", form=form, member=member), status


@bp.post("/settings/address/resume")
def resume_mail() -> AnyResponse:
    """Say that the address is right, so that mail goes there again."""
    members.resume_mail(queries.my_profile(me()))
    flash(_("Mail goes to your address again."), "message")
    return web.see_other(url_for("accounts.address"))


@bp.route("/address/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_address(secret: str) -> Answer:
    """Take on a new address by a press, with the secret that was sent there."""
    return _spend_for_address(ADDRESS, secret, actions.confirm_address)


@bp.route("/address/undo/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def undo_address(secret: str) -> Answer:
    """Take an old address back by a press, with the secret that was sent there."""
    return _spend_for_address(UNDO, secret, actions.undo_address)


def _spend_for_address(purpose: str, secret: str, spend: Callable[[Any, str], Member]) -> Answer:
    token = _token_or_none(purpose, secret)
    if token is None or token.member is None:
        return _over()
    form = PressForm()

    def page(status: int = 200) -> Answer:
        words = {"form": form, "token": token, "is_undo": purpose == UNDO}
        return render_template("accounts/confirm_address.html", **words), status

    def deed() -> Any:
        member = spend(me(), secret)
        flash(_("Your address is now %(email)s.", email=member.email), "message")
        if purpose == UNDO:
            flash(_("An e-mail is on its way, with which you choose a new password."), "message")
        return web.see_other(url_for("accounts.sign_in"))

    return _spending(form, page, deed)


# Password and sessions


@bp.route("/settings/password", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=web.by_member, methods=["POST"], deduct_when=_was_refused)
def change_password() -> Answer:
    """Choose a new password, which ends all other sessions."""
    member = queries.my_profile(me())
    form = PasswordForm()
    return webforms.process(
        form, partial(_password_page, form), lambda: _change_password(member, form)
    )


def _password_page(form: PasswordForm, status: int = 200) -> Answer:
    return render_template("accounts/password.html", form=form), status


def _change_password(member: Member, form: PasswordForm) -> AnyResponse:
    if not verify_password(member.password_hash, form.current_password.data or ""):
        raise Invalid(_("This is not your present password."), "current_password")
    own = (federation().name, member.name, member.email)
    _check_password(form.new_password.data or "", own, "new_password")
    actions.change_password(member, hash_password(form.new_password.data or ""))
    _begin_session(member, cast(SessionUser, current_user).how)  # a copied cookie ends, too
    flash(_("Your password is changed. You are signed out everywhere else."), "message")
    return web.see_other(url_for("accounts.settings"))


# What one says about oneself


@bp.route("/settings", methods=["GET", "POST"])
@limiter.limit("60/minute", key_func=web.by_member, methods=["POST"])
@limiter.limit("30/hour", key_func=web.by_member, methods=["POST"], exempt_when=_is_trial)
def settings() -> Answer:
    """What members say about themselves."""
    member = queries.my_profile(me())
    form = ProfileForm(data=_said_by(member))
    offer_organisations(form)
    preview = _preview(form)

    def page(status: int = 200) -> Answer:
        words = {"form": form, "member": member, "preview": preview}
        return render_template("accounts/settings.html", **words), status

    return webforms.process(
        form,
        page,
        lambda: _edit_profile(member, form),
        checks=[choose_city],
        is_trial=preview is not None,
    )


def _preview(form: ProfileForm) -> Any:
    asked = request.method == "POST" and _is_trial()
    return markup.write(form.about.data or "").html if asked else None


def _said_by(member: Member) -> dict[str, Any]:
    second, third, *_rest = [*_other_languages(member), "", ""]
    return {
        "name": member.name,
        "position": member.position,
        "organisation": member.organisation_id,
        "city": member.city.label if member.city else "",
        "city_id": member.city_id,
        "language": member.language,
        "second_language": second,
        "third_language": third,
        "helps_with": member.helps_with,
        "about": member.about,
    }


def _other_languages(member: Member) -> list[str]:
    """The languages of a member beside the one they write in; the form has room for the first two."""
    return [one.language for one in member.languages if one.language != member.language]


def _edit_profile(member: Member, form: ProfileForm) -> AnyResponse:
    profile = Profile(
        name=form.name.data or "",
        position=form.position.data or "",
        organisation_id=form.organisation.data,
        city_id=form.city_id.data,
        language=form.language.data,
        languages=(*form.languages, *_other_languages(member)[2:]),
        helps_with=form.helps_with.data or "",
        about=markup.write(form.about.data or "", form.language.data),
    )
    actions.edit_profile(member, profile)
    flash(_("Your profile is saved."), "message")
    return web.see_other(url_for("accounts.settings"))


# Sessions


@bp.get("/settings/sessions")
def sessions() -> Answer:
    """Where one is signed in."""
    member = queries.my_profile(me())
    words = {"sessions": queries.sessions_of(member), "current": queries.token_hash(my_token())}
    return render_template("accounts/sessions.html", member=member, **words)


@bp.post("/settings/sessions/end")
def end_sessions() -> AnyResponse:
    """End all one's other sessions."""
    members.end_sessions(queries.my_profile(me()), my_token())
    flash(_("You are signed out everywhere else."), "message")
    return web.see_other(url_for("accounts.sessions"))


@bp.post("/settings/sessions/<int:session_id>/end")
def end_session(session_id: int) -> AnyResponse:
    """End one of one's own sessions."""
    members.end_session(queries.my_profile(me()), session_id)
    flash(_("That session is ended."), "message")
    return web.see_other(url_for("accounts.sessions"))
