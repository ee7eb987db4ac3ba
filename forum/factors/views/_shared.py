"""What the views of second factors share: the blueprint, keys of the browser's session, recovery codes, and responses."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, current_app, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import otp, passkeys, web
from forum.errors import Invalid
from forum.factors import actions, queries
from forum.factors.forms import METHOD_NAMES
from forum.members.forms import PressForm
from forum.members.models import Member
from forum.members.queries import my_profile
from forum.members.views import federation
from forum.passkeys import Refused, Site
from forum.passwords import hash_code
from forum.permissions import Person
from forum.web import has_proved, me, prove_first

bp = Blueprint("factors", __name__)
T = TypeVar("T")
# Keys of the browser's session
BROWSER_KEY = "browser"  # what binds challenges to this browser
HANDLE_KEY = "handle"  # the user handle of a first passkey
HALF_SESSION_KEY = "half"  # who has shown the first factor
NEXT_APP_KEY = "next app"  # the encrypted secret of the app to switch to, and when it was made


@bp.app_template_global()
def how_signed_in(how: str) -> str:
    """The methods of a session (`Session.how`) in words."""
    parts = [str(METHOD_NAMES[part]) for part in how.split(", ") if part in METHOD_NAMES]
    if len(parts) == 2:
        return _("%(first)s and %(second)s", first=parts[0], second=parts[1])
    return "".join(parts)


@bp.app_template_global()
def has_passkeys() -> bool:
    """Whether browsers support passkeys at the address of this forum."""
    return site().has_passkeys


def site() -> Site:
    """The relying party of the forum's passkeys (WebAuthn)."""
    return Site(web.settings().url, federation().name)


def browser_key() -> str:
    """A key that only this browser has, so that no other browser can answer its challenges; made if there is none.

    A page whose script asks for options must call this when it is rendered. Otherwise the response to the script
    would set the session's cookie while the person is on the way to another page, and undo what that page has set.
    """
    return str(session.setdefault(BROWSER_KEY, secrets.token_urlsafe(16)))


def spend_challenge(person: Person, purpose: str, text: str) -> passkeys.Answer:
    """The browser's response; its challenge is used up, whether the response is valid or not."""
    return actions.spend_challenge(person, purpose, text, browser_key(), site())


def passkey_refused() -> Invalid:
    words = _("This passkey was not accepted. Try again, or use another way.")
    return Invalid(words)


def refuse_as(deed: Callable[[], T], sentence: Invalid) -> T:
    """Run something that verifies a factor; a refusal becomes the given error, and its reason is only logged."""
    try:
        return deed()
    except Refused as error:
        current_app.logger.info("a factor was refused: %s", error)
        raise sentence from error


def new_recovery_codes(member: Member) -> tuple[list[str], list[str]]:
    """Hashes of new recovery codes and the codes; empty when the member has some. It is slow: call it outside actions."""
    if queries.has_recovery_codes(member):
        return [], []
    codes = otp.recovery_codes()
    return code_hashes(codes), codes


def code_hashes(codes: list[str]) -> list[str]:
    return [hash_code(otp.normalised(code)) for code in codes]


def answer_set_up(words: str, codes: list[str]) -> ResponseReturnValue:
    """The response after a change: new recovery codes, which no other page shows, or the list of factors."""
    if codes:
        return render_template("factors/recovery_codes.html", codes=codes, done=words)
    return web.done(words, url_for("factors.index"))


def answer_removing(
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
