"""Codes of an authenticator app: its secret shown, confirmed, replaced, removed."""

from __future__ import annotations

from flask import render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import ciphers, otp, web, webforms
from forum.clock import now
from forum.errors import Invalid, NotFound
from forum.factors import actions, queries
from forum.factors.forms import CodeForm
from forum.factors.models import Authenticator
from forum.factors.views._shared import (
    NEXT_APP_KEY,
    answer_removing,
    answer_set_up,
    bp,
    new_recovery_codes,
    refuse_as,
)
from forum.members.models import Member
from forum.members.queries import my_profile
from forum.members.views import federation
from forum.ratelimits import limiter
from forum.web import has_proved, me, my_token, prove_first


@bp.post("/settings/codes/begin")
def begin_codes() -> AnyResponse:
    """Make the secret of an app. If codes are on already it is for another app, and kept in the browser's session."""
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
    """Show the secret for an app, and switch codes on, or switch to the other app, with its first code."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    is_other = queries.factors_of(member).authenticator is not None
    secret = (
        _secret_of_next_app() if is_other else unconfirmed_secret(queries.authenticator_of(member))
    )
    if not secret and is_other and request.method == "POST":
        # A second press, whose answer a browser shows instead of the first one's
        words = _("Codes are on already. If you have not seen your recovery codes, make new ones.")
        return web.done(words, url_for("factors.index"))
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

    def deed() -> ResponseReturnValue:
        code = otp.normalised(form.code.data or "")
        if is_other:
            return _replace_codes(member, secret, code)
        hashes, codes = new_recovery_codes(member)
        is_first = refuse_as(
            lambda: actions.confirm_codes(member, code, hashes), _first_code_refused()
        )
        return answer_set_up(_("Codes are on."), codes if is_first else [])

    return webforms.process(form, page, deed)


def _replace_codes(member: Member, secret: str, code: str) -> AnyResponse:
    """Switch to the other app, whose secret is in this browser's session."""
    refuse_as(
        lambda: actions.replace_codes(member, secret, code, my_token()), _first_code_refused()
    )
    session.pop(NEXT_APP_KEY, None)
    words = _("Codes come from the other app now. You are signed out everywhere else.")
    return web.done(words, url_for("factors.index"))


def _secret_of_next_app() -> str:
    """The secret of another app in this browser's session that is to be confirmed; else empty."""
    locked, at = session.get(NEXT_APP_KEY) or ("", 0.0)
    is_recent = at >= (now() - queries.HALF_SESSION_LIFETIME).timestamp()
    return _unlocked(locked) if is_recent else ""


def unconfirmed_secret(authenticator: Authenticator | None) -> str:
    """The secret of an app that is to be confirmed; else empty."""
    if authenticator is None or authenticator.confirmed_at:
        return ""
    return _unlocked(authenticator.locked_secret)


def _unlocked(locked: str) -> str:
    """The decrypted secret of an app; empty when it was encrypted with another FORUM_SECRET_KEY."""
    try:
        return ciphers.unlock(actions.CIPHER_PURPOSE, locked)
    except ciphers.Unreadable:
        return ""


def _first_code_refused() -> Invalid:
    words = _("This is not the current code. Check that the clock of your device is right.")
    return Invalid(words, "code")


@bp.route("/settings/codes/remove", methods=["GET", "POST"])
def remove_codes() -> ResponseReturnValue:
    """Switch the app's codes off."""
    member = my_profile(me())
    if not queries.factors_of(member).authenticator:
        raise NotFound(_("Codes are off already."))
    words = _("Codes are off. You are signed out everywhere else.")
    return answer_removing({}, lambda: actions.remove_codes(member, my_token()), words)
