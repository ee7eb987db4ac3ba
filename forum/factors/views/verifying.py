"""Verifying a factor; the views for it belong to signing in, in the accounts room."""

from __future__ import annotations

from flask import session
from flask_babel import gettext as _

from forum import otp
from forum.errors import Conflict, Invalid
from forum.factors import actions, queries
from forum.factors.models import HalfSession
from forum.factors.queries import FOR_SIGN_IN
from forum.factors.views._shared import (
    HALF_SESSION_KEY,
    passkey_refused,
    refuse_as,
    spend_challenge,
)
from forum.members.models import Member
from forum.passkeys import Refused
from forum.passwords import verify_password
from forum.permissions import VISITOR
from forum.ratelimits import within_limit

FEW_REFUSALS, ONE_WARNING = "9/day", "1/day"  # the tenth refusal warns the owner


def current_half_session() -> HalfSession:
    """The half session of this browser. Raises `Conflict` when there is none."""
    half = queries.half_session_by_key(str(session.get(HALF_SESSION_KEY, "")))
    if half is None:
        raise Conflict(_("That took too long. Sign in again."))
    return half


def owner_of_passkey(answer: str) -> Member:
    """The member who signs in with a passkey alone. Raises `Invalid`."""

    def deed() -> Member:
        return actions.sign_in_with_passkey(VISITOR, spend_challenge(VISITOR, FOR_SIGN_IN, answer))

    return refuse_as(deed, passkey_refused())


def verify_factor(
    member: Member, purpose: str, code: str, credential: str | None, *, half_key: str = ""
) -> str:
    """Authenticate with a passkey (`credential`), or else with a code of either kind; returns the method's name.

    `half_key` is that of the half session which ends thereby. Raises `Invalid`, with the same message whatever was
    wrong, and `Conflict` when the half session has ended meanwhile: then no code is used up.
    """

    def deed() -> str:
        if credential is not None:
            answer = spend_challenge(member, purpose, credential)
            return actions.verify_passkey(member, answer, half_key)
        return _verify_code(member, otp.normalised(code), half_key)

    try:
        return refuse_as(deed, _code_refused() if credential is None else passkey_refused())
    except Invalid:
        _count_refusal(member)
        raise


def _count_refusal(member: Member) -> None:
    """Count a refused factor, and warn the owner once a day if there are many."""
    is_usual = within_limit(FEW_REFUSALS, "refused factors", str(member.id))
    if not is_usual and within_limit(ONE_WARNING, "warned of refused factors", str(member.id)):
        actions.warn_owner(member)


def _code_refused() -> Invalid:
    words = _(
        "This code is not right. Each code works once: wait for the next one, or use another way."
    )
    return Invalid(words, "code")


def _verify_code(member: Member, code: str, half_key: str) -> str:
    number = otp.recovery_number(code)
    if number is None:
        return actions.verify_code(member, code, half_key)
    known = queries.recovery_code(member, number)
    code_hash = known.code_hash if known else ""
    if not verify_password(code_hash, code):
        raise Refused("a wrong recovery code")
    return actions.verify_recovery_code(member, number, code_hash, half_key)
