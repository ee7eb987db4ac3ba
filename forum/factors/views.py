"""Pages for second factors: passkeys, authenticator codes, recovery codes, and whether they are required."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import ciphers, otp, passkeys, web, webforms
from forum.clock import now
from forum.errors import Conflict, Invalid, NotFound
from forum.factors import actions, queries
from forum.factors.forms import (
    METHOD_NAMES,
    CodeForm,
    NameForm,
    NewPasskeyForm,
    RequiredForm,
)
from forum.factors.models import Authenticator, HalfSession
from forum.factors.queries import FOR_REGISTRATION, FOR_SECOND_FACTOR, FOR_SIGN_IN, PURPOSES
from forum.members import actions as members
from forum.members.forms import PressForm
from forum.members.models import Member
from forum.members.queries import (
    account_of,
    are_factors_required,
    my_profile,
    office_holders_without_factor,
)
from forum.members.views import federation
from forum.passkeys import Owner, Refused, Site
from forum.passwords import hash_code, verify_password
from forum.permissions import VISITOR, Person
from forum.ratelimits import limiter, within_limit
from forum.web import has_proved, me, my_token, prove_first

bp = Blueprint("factors", __name__)
T = TypeVar("T")
FEW_REFUSALS, ONE_WARNING = "9/day", "1/day"  # the tenth refusal warns the owner
# Keys of the browser's session
BROWSER_KEY = "browser"  # what binds challenges to this browser
HANDLE_KEY = "handle"  # the user handle of a first passkey
HALF_SESSION_KEY = "half"  # who has shown the first factor
NEXT_APP_KEY = "next app"  # the encrypted secret of the app to go over to, and when it was made


@bp.app_template_global()
def how_signed_in(how: str) -> str:
    """The methods of a session (`Session.how`) in words."""
    parts = [str(METHOD_NAMES[part]) for part in how.split(", ") if part in METHOD_NAMES]
    if len(parts) == 2:
        return _("%(first)s and %(second)s", first=parts[0], second=parts[1])
    return "".join(parts)


@bp.app_template_global()
def has_passkeys() -> bool:
    """Whether browsers offer passkeys at the address of this forum."""
    return site().has_passkeys


def site() -> Site:
    """The relying party of the forum's passkeys (WebAuthn)."""
    return Site(web.settings().url, federation().name)


# Options for the browser


@bp.post("/passkeys/options/<purpose>")
@limiter.limit("30/minute")
def options(purpose: str) -> Response:
    """The options in JSON that the script passes to the browser to ask for a passkey, or to make one."""
    if purpose not in PURPOSES:
        abort(404)
    person = _person_to_ask(purpose)
    challenge = actions.ask_for_passkey(person, purpose, browser_key())
    known = [one.known for one in queries.passkeys_of(person)] if person.id else []
    if purpose != FOR_REGISTRATION:
        asked = passkeys.authentication_options(
            site(), challenge, known, is_alone=purpose == FOR_SIGN_IN
        )
    else:
        member = my_profile(person)
        owner = Owner(_user_handle(member), member.email, member.name)
        asked = passkeys.registration_options(site(), challenge, owner, known)
    return jsonify(asked)


def _person_to_ask(purpose: str) -> Person:
    """Whose passkey is asked for: anybody's, that of the half session, or that of the signed-in member."""
    if purpose == FOR_SIGN_IN:
        return VISITOR
    if purpose == FOR_SECOND_FACTOR:
        return current_half_session().member
    member = my_profile(me()) if purpose == FOR_REGISTRATION else account_of(me())  # be it closed
    if purpose == FOR_REGISTRATION and not has_proved():
        raise Conflict(_("Load the page again, and show first who you are."))
    return member


def browser_key() -> str:
    """A key that only this browser has, so that no other browser can answer its challenges; made when there is none.

    A page whose script asks for options by itself calls this when it is rendered. Otherwise the answer to the script
    would set the session's cookie while the person is on the way elsewhere, and undo what the next page has set.
    """
    return str(session.setdefault(BROWSER_KEY, secrets.token_urlsafe(16)))


def _user_handle(member: Member) -> str:
    """The user handle of a member's passkeys; made here for the first one."""
    known = queries.passkeys_of(member)
    fresh = passkeys.base64url(secrets.token_bytes(32))
    return known[0].user_handle if known else str(session.setdefault(HANDLE_KEY, fresh))


# Verifying a factor; the routes for it are those of signing in, in the accounts room


def current_half_session() -> HalfSession:
    """The half session of this browser. Raises `Conflict` when there is none."""
    half = queries.half_session_by_key(str(session.get(HALF_SESSION_KEY, "")))
    if half is None:
        raise Conflict(_("That took too long. Sign in again."))
    return half


def owner_of_passkey(answer: str) -> Member:
    """The member who signs in with a passkey alone. Raises `Invalid`."""

    def deed() -> Member:
        return actions.sign_in_with_passkey(VISITOR, _spend_challenge(VISITOR, FOR_SIGN_IN, answer))

    return _refuse_as(deed, _passkey_refused())


def verify_factor(member: Member, purpose: str, code: str, credential: str | None) -> str:
    """Authenticate by a passkey, when `credential` is given, or by a code of either kind; returns the method's name.

    Raises `Invalid`, with the same message whatever was wrong.
    """

    def deed() -> str:
        if credential is not None:
            return actions.verify_passkey(member, _spend_challenge(member, purpose, credential))
        return _verify_code(member, otp.normalised(code))

    try:
        return _refuse_as(deed, _code_refused() if credential is None else _passkey_refused())
    except Invalid:
        _count_refusal(member)
        raise


def _count_refusal(member: Member) -> None:
    """Count that a factor was refused, and warn the owner once in a day of many."""
    is_usual = within_limit(FEW_REFUSALS, "refused factors", str(member.id))
    if not is_usual and within_limit(ONE_WARNING, "warned of refused factors", str(member.id)):
        actions.warn_owner(member)


def _spend_challenge(person: Person, purpose: str, text: str) -> passkeys.Answer:
    """The browser's answer; its challenge is used up by this, whatever the answer is worth."""
    return actions.spend_challenge(person, purpose, text, browser_key(), site())


def _passkey_refused() -> Invalid:
    words = _("This passkey was not taken. Try again, or use another way.")
    return Invalid(words)


def _code_refused() -> Invalid:
    words = _(
        "This code is not right. Each code works once: wait for the next one, or use another way."
    )
    return Invalid(words, "code")


def _verify_code(member: Member, code: str) -> str:
    number = otp.recovery_number(code)
    if number is None:
        return actions.verify_code(member, code)
    known = queries.recovery_code(member, number)
    code_hash = known.code_hash if known else ""
    if not verify_password(code_hash, code):
        raise Refused("a wrong recovery code")
    return actions.verify_recovery_code(member, number, code_hash)


def _refuse_as(deed: Callable[[], T], sentence: Invalid) -> T:
    """Do something that verifies a factor; a refusal becomes the given error, and its reason goes to the log only."""
    try:
        return deed()
    except Refused as error:
        current_app.logger.info("a factor was refused: %s", error)
        raise sentence from error


# One's own factors


@bp.get("/settings/factors")
def index() -> ResponseReturnValue:
    """One's second factors."""
    member = my_profile(me())
    has = queries.factors_of(member)
    return render_template("factors/index.html", member=member, has=has, form=PressForm())


@bp.route("/settings/passkeys/new", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def add_passkey() -> ResponseReturnValue:
    """Add a passkey; with the first factor come the recovery codes, which are shown only this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first()
    number = len(queries.passkeys_of(member)) + 1
    form = NewPasskeyForm(data={"name": _("Passkey %(number)s", number=number)})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/new_passkey.html", form=form), status

    def deed() -> Any:
        answer, hashes, codes = form.credential.data or "", *_new_recovery_codes(member)

        def add() -> bool:
            words = form.name.data or "", str(session.get(HANDLE_KEY, ""))
            return actions.add_passkey(
                member, _spend_challenge(member, FOR_REGISTRATION, answer), *words, hashes
            )

        is_first = _refuse_as(add, _passkey_refused())
        return _answer_set_up(_("The passkey is kept."), codes if is_first else [])

    return webforms.process(form, page, deed)


def _new_recovery_codes(member: Member) -> tuple[list[str], list[str]]:
    """Hashes of new recovery codes and the codes; empty when the member has some. Slow: call it outside actions."""
    if queries.has_recovery_codes(member):
        return [], []
    codes = otp.recovery_codes()
    return _code_hashes(codes), codes


def _code_hashes(codes: list[str]) -> list[str]:
    return [hash_code(otp.normalised(code)) for code in codes]


def _answer_set_up(words: str, codes: list[str]) -> ResponseReturnValue:
    """The answer after a change: new recovery codes, which no other page shows, or the list of factors."""
    if codes:
        return render_template("factors/recovery_codes.html", codes=codes, done=words)
    return web.done(words, url_for("factors.index"))


@bp.route("/settings/passkeys/<int:passkey_id>/rename", methods=["GET", "POST"])
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Give a passkey another name."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    form = NameForm(data={"name": passkey.name})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/rename.html", form=form, passkey=passkey), status

    def deed() -> Any:
        actions.rename_passkey(member, passkey_id, form.name.data or "")
        return web.done(_("The passkey has its new name."), url_for("factors.index"))

    return webforms.process(form, page, deed)


@bp.route("/settings/passkeys/<int:passkey_id>/remove", methods=["GET", "POST"])
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    words = _("The passkey is removed. You are signed out everywhere else.")
    return _answer_removing(
        {"passkey": passkey},
        lambda: actions.remove_passkey(member, passkey_id, my_token()),
        words,
    )


def _answer_removing(
    what: dict[str, Any], remove: Callable[[], None], done: str
) -> ResponseReturnValue:
    """Ask whether to remove a factor, or remove it. `what` are further variables of the template."""
    if not has_proved():
        return prove_first()
    member = my_profile(me())
    if request.method == "GET":
        has = queries.factors_of(member)
        is_last = len(has.passkeys) + bool(has.authenticator) == 1
        context = {"form": PressForm(), "is_last": is_last, "member": member, **what}
        return render_template("factors/remove.html", **context)
    remove()
    return web.done(done, url_for("factors.index"))


# Codes of an authenticator app


@bp.post("/settings/codes/begin")
def begin_codes() -> AnyResponse:
    """Make the secret of an app. When codes are on already it is that of another app, and waits in the browser."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    if not queries.factors_of(member).authenticator:
        actions.begin_codes(member)
    elif not _secret_of_next_app():
        locked = ciphers.lock(actions.CIPHER_PURPOSE, otp.new_secret())
        session[NEXT_APP_KEY] = [locked, now().timestamp()]
    return web.see_other(url_for("factors.confirm_codes"))


@bp.route("/settings/codes", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_codes() -> ResponseReturnValue:
    """Show the secret to an app, and switch codes on, or go over to the other app, by its first code."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    is_other = queries.factors_of(member).authenticator is not None
    secret = (
        _secret_of_next_app() if is_other else unconfirmed_secret(queries.authenticator_of(member))
    )
    if not secret:
        return web.see_other(url_for("factors.index"))
    form = CodeForm()

    def page(status: int = 200) -> ResponseReturnValue:
        address = otp.provisioning_uri(secret, federation().name, member.email)
        picture = otp.qr_code(address)
        return render_template(
            "factors/codes.html",
            secret=secret,
            picture=picture,
            address=address,
            is_other=is_other,
            form=form,
        ), status

    def deed() -> Any:
        code = otp.normalised(form.code.data or "")
        if is_other:
            return _replace_codes(member, secret, code)
        hashes, codes = _new_recovery_codes(member)
        is_first = _refuse_as(
            lambda: actions.confirm_codes(member, code, hashes), _first_code_refused()
        )
        return _answer_set_up(_("Codes are on."), codes if is_first else [])

    return webforms.process(form, page, deed)


def _replace_codes(member: Member, secret: str, code: str) -> AnyResponse:
    """Go over to the other app, whose secret waited in this browser."""
    _refuse_as(
        lambda: actions.replace_codes(member, secret, code, my_token()), _first_code_refused()
    )
    session.pop(NEXT_APP_KEY, None)
    words = _("Codes come from the other app now. You are signed out everywhere else.")
    return web.done(words, url_for("factors.index"))


def _secret_of_next_app() -> str:
    """The secret of another app that waits in this browser to be confirmed; else nothing."""
    locked, at = session.get(NEXT_APP_KEY) or ("", 0.0)
    is_recent = at >= (now() - queries.HALF_SESSION_LIFETIME).timestamp()
    return _unlocked(locked) if is_recent else ""


def unconfirmed_secret(authenticator: Authenticator | None) -> str:
    """The secret of an app that waits to be confirmed; else nothing."""
    if authenticator is None or authenticator.confirmed_at:
        return ""
    return _unlocked(authenticator.locked_secret)


def _unlocked(locked: str) -> str:
    """The decrypted secret of an app; nothing when it was encrypted with another FORUM_SECRET_KEY."""
    try:
        return ciphers.unlock(actions.CIPHER_PURPOSE, locked)
    except ciphers.Unreadable:
        return ""


def _first_code_refused() -> Invalid:
    words = _("This is not the code of now. Look whether the clock of your device is right.")
    return Invalid(words, "code")


@bp.route("/settings/codes/remove", methods=["GET", "POST"])
def remove_codes() -> ResponseReturnValue:
    """Switch the app's codes off."""
    member = my_profile(me())
    if not queries.factors_of(member).authenticator:
        raise NotFound(_("Codes are off already."))
    words = _("Codes are off. You are signed out everywhere else.")
    return _answer_removing({}, lambda: actions.remove_codes(member, my_token()), words)


@bp.post("/settings/recovery-codes")
@limiter.limit("10/hour")
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    codes = otp.recovery_codes()
    actions.renew_recovery_codes(member, _code_hashes(codes), my_token())
    return _answer_set_up(_("The old recovery codes are worth nothing now."), codes)


# Whether one is required


@bp.route("/administration/factors", methods=["GET", "POST"])
def require_factors() -> ResponseReturnValue:
    """Choose whether moderators, hosts and administrators need a second factor."""
    without = office_holders_without_factor(me())
    form = RequiredForm(data={"is_required": are_factors_required()})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/required.html", form=form, without=without), status

    def deed() -> Any:
        members.require_factors(my_profile(me()), is_required=form.is_required.data)
        return web.done(_("That is saved."), url_for("factors.require_factors"))

    return webforms.process(form, page, deed)
