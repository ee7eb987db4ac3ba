"""Codes of an authenticator app, and recovery codes."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum import ciphers, otp
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, NotFound
from forum.factors import queries
from forum.factors.actions._shared import (
    CIPHER_PURPOSE,
    after_adding,
    after_removing,
    delete_codes,
    notify_owner,
    store_codes,
    use_code,
)
from forum.factors.models import Authenticator
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import lock_member, lock_rule_of_factors
from forum.passkeys import Refused
from forum.permissions import require


@action
def begin_codes(member: Member) -> None:
    """Make the secret of an authenticator app, to be confirmed with a code; a recent unconfirmed one is kept."""
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    known = queries.authenticator_of(member, for_update=True)
    if known and known.confirmed_at:
        raise Conflict(_("Codes are on already."))
    if known and _is_readable(known) and known.created_at > now() - queries.HALF_SESSION_LIFETIME:
        return
    known = known or Authenticator(member_id=member.id)
    known.locked_secret = ciphers.lock(CIPHER_PURPOSE, otp.new_secret())
    known.last_step, known.created_at = 0, now()
    db.session.add(known)


def _is_readable(authenticator: Authenticator) -> bool:
    try:
        return bool(ciphers.unlock(CIPHER_PURPOSE, authenticator.locked_secret))
    except ciphers.Unreadable:
        return False


@action
def confirm_codes(member: Member, code: str, code_hashes: Sequence[str]) -> bool:
    """Switch codes on with the first code; returns the same as `add_passkey`. Raises `Refused`."""
    touches()
    lock_member(member.id)
    authenticator = queries.authenticator_of(member, for_update=True)
    if authenticator is None or authenticator.confirmed_at:
        raise Conflict(_("Codes are already on, or you have not begun to set them up."))
    use_code(authenticator, code)
    authenticator.confirmed_at = now()
    return after_adding(member, code_hashes, "codes on")


@action
def replace_codes(member: Member, secret: str, code: str, token: str) -> None:
    """Switch to another app, with a code that it shows; codes of the former app become invalid.

    Ends all other sessions. Raises `Refused`.
    """
    touches()
    lock_member(member.id)
    known = queries.authenticator_of(member, for_update=True)
    if known is None or not known.confirmed_at:
        raise Conflict(_("Codes are off already."))
    step = otp.matching_step(secret, code, now())
    if step is None:
        raise Refused("not a code of the other app")
    known.locked_secret, known.last_step = ciphers.lock(CIPHER_PURPOSE, secret), step
    known.created_at, known.confirmed_at, known.used_at = now(), now(), None
    members.note_factor(member, is_there=True)
    members.end_sessions(member, token)
    notify_owner(member, "codes replaced")


@action
def remove_codes(member: Member, token: str) -> None:
    """Switch the app's codes off and end all other sessions."""
    touches()
    lock_rule_of_factors()
    lock_member(member.id)
    known = queries.authenticator_of(member, for_update=True)
    if known is None or not known.confirmed_at:
        raise NotFound(_("Codes are off already."))
    db.session.delete(known)
    after_removing(member, token, "codes off")


@action
def renew_recovery_codes(member: Member, code_hashes: Sequence[str], token: str) -> None:
    """Replace the recovery codes and end all other sessions."""
    touches()
    lock_member(member.id)
    if not queries.factors_of(member, for_update=True).are_any:
        raise Conflict(_("Set up a passkey or codes first."))
    delete_codes(member)
    store_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    members.end_sessions(member, token)
    notify_owner(member, "recovery codes made")
