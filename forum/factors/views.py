"""The doors of second factors: passkeys, codes of an app, recovery codes; and who needs one of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import ciphers, otp, passkeys, web, webforms
from forum.db import now
from forum.errors import Conflict, Invalid, NotFound
from forum.factors import actions, queries
from forum.factors.forms import (
    HOW,
    CodeForm,
    NameForm,
    NewPasskeyForm,
    PressForm,
    RequiredForm,
)
from forum.factors.models import Authenticator, HalfSession
from forum.factors.queries import ALONE, NEW, PURPOSES, SECOND
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import (
    account_of,
    are_factors_required,
    moderators_without_factor,
    my_profile,
)
from forum.members.views import federation
from forum.passkeys import Owner, Refused, Site
from forum.passwords import hash_code, verify_password
from forum.permissions import VISITOR, Person
from forum.ratelimits import limiter
from forum.web import Answer, has_proved, me, my_token, prove_first

bp = Blueprint("factors", __name__)
T = TypeVar("T")
# What the cookie of a browser holds; the secret of another app is locked
BROWSER, HANDLE, HALF, NEXT_APP = "browser", "handle", "half", "next app"


@bp.app_template_global()
def how_signed_in(how: str) -> str:
    """By what somebody signed in, in words: a session keeps the names of forms.HOW."""
    parts = [str(HOW[part]) for part in how.split(", ") if part in HOW]
    if len(parts) == 2:
        return _("%(first)s and %(second)s", first=parts[0], second=parts[1])
    return "".join(parts)


@bp.app_template_global()
def has_passkeys() -> bool:
    """Whether browsers offer passkeys at the address of this forum."""
    return site().has_passkeys


def site() -> Site:
    """Whose passkeys these are."""
    return Site(web.settings().url, federation().name)


# What a browser is asked


@bp.post("/passkeys/options/<purpose>")
@limiter.limit("30/minute")
def options(purpose: str) -> Response:
    """What the script hands to the browser to ask for a passkey."""
    if purpose not in PURPOSES:
        abort(404)
    person = _who(purpose)
    challenge = actions.ask_for_passkey(person, purpose, _browser_key())
    known = [one.known for one in queries.passkeys_of(person)] if person.id else []
    if purpose != NEW:
        asked = passkeys.to_show(site(), challenge, known, is_alone=purpose == ALONE)
    else:
        member = my_profile(person)
        owner = Owner(_handle(member), member.email, member.name)
        asked = passkeys.to_register(site(), challenge, owner, known)
    return jsonify(asked)


def _who(purpose: str) -> Person:
    """Of whom a passkey is asked: of anybody, of who is half signed in, or of who is signed in."""
    if purpose == ALONE:
        return VISITOR
    if purpose == SECOND:
        return half_signed_in().member
    member = my_profile(me()) if purpose == NEW else account_of(me())  # be it closed
    if purpose == NEW and not has_proved():
        raise Conflict(_("Load the page again, and show first who you are."))
    return member


def _browser_key() -> str:
    """A key that this browser alone has, so that no other can answer what it was asked."""
    return str(session.setdefault(BROWSER, secrets.token_urlsafe(16)))


def _handle(member: Member) -> str:
    """What a member's passkeys call their owner; the first one's name for it is made here."""
    known = queries.passkeys_of(member)
    fresh = passkeys.coded(secrets.token_bytes(32))
    return known[0].user_handle if known else str(session.setdefault(HANDLE, fresh))


# Showing a factor; the doors for it are those of signing in, in accounts


def half_signed_in() -> HalfSession:
    """Who has shown the first factor in this browser and not the second; raises `Conflict` when nobody has."""
    half = queries.half_of(str(session.get(HALF, "")))
    if half is None:
        raise Conflict(_("That took too long. Sign in again."))
    return half


def owner_of_passkey(answer: str) -> Member:
    """Who signs in with a passkey alone; raises `Invalid`."""

    def deed() -> Member:
        return actions.sign_in_with_passkey(VISITOR, _spent(VISITOR, ALONE, answer))

    return _proved(deed, _no_passkey())


def show(member: Member, purpose: str, code: str, credential: str | None) -> str:
    """Show who one is by a passkey (when the form has one) or a code of either kind; says by which.

    Raises `Invalid`, with the same words whatever was wrong.
    """

    def deed() -> str:
        if credential is not None:
            return actions.show_passkey(member, _spent(member, purpose, credential))
        return _show_code(member, otp.plain(code))

    return _proved(deed, _wrong_code() if credential is None else _no_passkey())


def _spent(person: Person, purpose: str, text: str) -> passkeys.Answer:
    """An answer whose challenge is used up by looking at it."""
    return actions.spend_challenge(person, purpose, text, _browser_key(), site())


def _no_passkey() -> Invalid:
    words = _("This passkey was not taken. Try again, or use another way.")
    return Invalid(words)


def _wrong_code() -> Invalid:
    words = _(
        "This code is not right. Each code works once: wait for the next one, or use another way."
    )
    return Invalid(words, "code")


def _show_code(member: Member, code: str) -> str:
    number = otp.number_of(code)
    if number is None:
        return actions.show_code(member, code)
    known = queries.recovery_code(member, number)
    code_hash = known.code_hash if known else ""
    if not verify_password(code_hash, code):
        raise Refused("a wrong recovery code")
    return actions.show_recovery_code(member, number, code_hash)


def _proved(deed: Callable[[], T], sentence: Invalid) -> T:
    """Do what a proof is for; why one is refused is for the log alone."""
    try:
        return deed()
    except Refused as error:
        current_app.logger.info("a factor was refused: %s", error)
        raise sentence from error


# One's own factors


@bp.get("/settings/factors")
def index() -> Answer:
    """What one has beside the password."""
    member = my_profile(me())
    has = queries.factors_of(member)
    return render_template("factors/index.html", member=member, has=has, form=PressForm())


@bp.route("/settings/passkeys/new", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def add_passkey() -> Answer:
    """Keep a new passkey; with the first factor come the recovery codes, shown this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first()
    number = len(queries.passkeys_of(member)) + 1
    form = NewPasskeyForm(data={"name": _("Passkey %(number)s", number=number)})

    def page(status: int = 200) -> Answer:
        return render_template("factors/new_passkey.html", form=form), status

    def deed() -> Any:
        answer, hashes, codes = form.credential.data or "", *_fresh_codes(member)

        def add() -> bool:
            words = form.name.data or "", str(session.get(HANDLE, ""))
            return actions.add_passkey(member, _spent(member, NEW, answer), *words, hashes)

        is_first = _proved(add, _no_passkey())
        return _set_up(_("The passkey is kept."), codes if is_first else [])

    return webforms.process(form, page, deed)


def _fresh_codes(member: Member) -> tuple[list[str], list[str]]:
    """Hashes of new recovery codes, and the codes; nothing for whoever has some. Slow, so not within a deed."""
    if queries.has_recovery_codes(member):
        return [], []
    codes = otp.recovery_codes()
    return _hashed(codes), codes


def _hashed(codes: list[str]) -> list[str]:
    return [hash_code(otp.plain(code)) for code in codes]


def _set_up(words: str, codes: list[str]) -> Answer:
    """Go on after a change; new recovery codes are shown by this answer and by no other."""
    if codes:
        return render_template("factors/recovery_codes.html", codes=codes, done=words)
    flash(words, "message")
    return web.see_other(url_for("factors.index"))


@bp.route("/settings/passkeys/<int:passkey_id>/rename", methods=["GET", "POST"])
def rename_passkey(passkey_id: int) -> Answer:
    """Call a passkey otherwise."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    form = NameForm(data={"name": passkey.name})

    def page(status: int = 200) -> Answer:
        return render_template("factors/rename.html", form=form, passkey=passkey), status

    def deed() -> Any:
        actions.rename_passkey(member, passkey_id, form.name.data or "")
        flash(_("The passkey has its new name."), "message")
        return web.see_other(url_for("factors.index"))

    return webforms.process(form, page, deed)


@bp.route("/settings/passkeys/<int:passkey_id>/remove", methods=["GET", "POST"])
def remove_passkey(passkey_id: int) -> Answer:
    """Trust a passkey no more."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    words = _("The passkey is removed. You are signed out everywhere else.")
    return _remove(
        {"passkey": passkey},
        lambda: actions.remove_passkey(member, passkey_id, my_token()),
        words,
    )


def _remove(what: dict[str, Any], remove: Callable[[], None], done: str) -> Answer:
    """Ask whether a factor is to go, and let it."""
    if not has_proved():
        return prove_first()
    member = my_profile(me())
    if request.method == "GET":
        has = queries.factors_of(member)
        is_last = len(has.passkeys) + bool(has.authenticator) == 1
        words = {"form": PressForm(), "is_last": is_last, "member": member, **what}
        return render_template("factors/remove.html", **words)
    remove()
    flash(done, "message")
    return web.see_other(url_for("factors.index"))


# Codes of an app


@bp.post("/settings/codes/begin")
def begin_codes() -> AnyResponse:
    """Make the secret of an app for codes; when codes are on, that of another app, which waits in the browser."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    if not queries.factors_of(member).authenticator:
        actions.begin_codes(member)
    elif not _next_secret():
        locked = ciphers.lock(actions.LOCK, otp.new_secret())
        session[NEXT_APP] = [locked, now().timestamp()]
    return web.see_other(url_for("factors.confirm_codes"))


@bp.route("/settings/codes", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_codes() -> Answer:
    """Show the secret to an app, and switch codes on by the first of them; or go over to another app by its first."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    is_other = queries.factors_of(member).authenticator is not None
    secret = _next_secret() if is_other else _secret_of(queries.authenticator_of(member))
    if not secret:
        return web.see_other(url_for("factors.index"))
    form = CodeForm()

    def page(status: int = 200) -> Answer:
        address = otp.address(secret, federation().name, member.email)
        picture = otp.picture(address)
        words: dict[str, Any] = {"secret": secret, "picture": picture, "address": address}
        words["is_other"] = is_other
        return render_template("factors/codes.html", form=form, **words), status

    def deed() -> Any:
        code = otp.plain(form.code.data or "")
        if is_other:
            return _replaced(member, secret, code)
        hashes, codes = _fresh_codes(member)
        is_first = _proved(lambda: actions.confirm_codes(member, code, hashes), _first_code())
        return _set_up(_("Codes are on."), codes if is_first else [])

    return webforms.process(form, page, deed)


def _replaced(member: Member, secret: str, code: str) -> AnyResponse:
    """Go over to another app, whose secret has waited in this browser."""
    _proved(lambda: actions.replace_codes(member, secret, code, my_token()), _first_code())
    session.pop(NEXT_APP, None)
    words = _("Codes come from the other app now. You are signed out everywhere else.")
    flash(words, "message")
    return web.see_other(url_for("factors.index"))


def _next_secret() -> str:
    """The secret of another app that waits in this browser for its first code; nothing when none does."""
    locked, at = session.get(NEXT_APP) or ("", 0.0)
    if at < (now() - queries.HALF_LIVES).timestamp():
        return ""
    try:
        return ciphers.unlock(actions.LOCK, locked)
    except ciphers.Unreadable:
        return ""


def _secret_of(authenticator: Authenticator | None) -> str:
    """The secret that waits for its first code; nothing when none does."""
    if authenticator is None or authenticator.confirmed_at:
        return ""
    try:
        return ciphers.unlock(actions.LOCK, authenticator.locked_secret)
    except ciphers.Unreadable:
        return ""


def _first_code() -> Invalid:
    words = _("This is not the code of now. Look whether the clock of your device is right.")
    return Invalid(words, "code")


@bp.route("/settings/codes/remove", methods=["GET", "POST"])
def remove_codes() -> Answer:
    """Take no codes of the app any more."""
    member = my_profile(me())
    if not queries.factors_of(member).authenticator:
        raise NotFound(_("Codes are off already."))
    words = _("Codes are off. You are signed out everywhere else.")
    return _remove({}, lambda: actions.remove_codes(member, my_token()), words)


@bp.post("/settings/recovery-codes")
@limiter.limit("10/hour")
def renew_recovery_codes() -> Answer:
    """Make the recovery codes anew and show them this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    codes = otp.recovery_codes()
    actions.renew_recovery_codes(member, _hashed(codes), my_token())
    return _set_up(_("The old recovery codes are worth nothing now."), codes)


# Who needs one


@bp.route("/administration/factors", methods=["GET", "POST"])
def require_factors() -> Answer:
    """Say whether those who moderate or administer need a second factor."""
    without = moderators_without_factor(me())
    form = RequiredForm(data={"is_required": are_factors_required()})

    def page(status: int = 200) -> Answer:
        return render_template("factors/required.html", form=form, without=without), status

    def deed() -> Any:
        members.require_factors(my_profile(me()), is_required=form.is_required.data)
        flash(_("That is saved."), "message")
        return web.see_other(url_for("factors.require_factors"))

    return webforms.process(form, page, deed)
