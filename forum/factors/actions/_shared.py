"""What follows from each change of a factor, and how secrets and methods are called."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import ciphers, otp
from forum.clock import now
from forum.db import db
from forum.errors import Conflict
from forum.factors import queries
from forum.factors.models import Authenticator, HalfSession, RecoveryCode
from forum.mail.actions import write_letter
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications.actions import NoticeText, note_event
from forum.passkeys import Refused
from forum.permissions import SYSTEM
from forum.sentences import sentence
from forum.tokens import kept_hash

CIPHER_PURPOSE = "authenticator"  # of `ciphers.lock`, for the secrets of apps
PASSKEY, CODE, RECOVERY = "passkey", "code", "recovery code"  # methods, as a session keeps them


def use_code(authenticator: Authenticator, code: str) -> None:
    """Use up a code of an app; raises `Refused` for a wrong one, or one that was used."""
    try:
        secret = ciphers.unlock(CIPHER_PURPOSE, authenticator.locked_secret)
    except ciphers.Unreadable as error:
        raise Refused("its secret was locked with another FORUM_SECRET_KEY") from error
    step = otp.matching_step(secret, code, now())
    if step is None or step <= authenticator.last_step:
        raise Refused("a wrong code, or one that was used")
    authenticator.last_step, authenticator.used_at = step, now()


def end_half_session(key: str) -> None:
    """Use up the half session for which a factor was verified, in the action that does that; nothing without a key.

    Raises `Conflict` when it is over: then the factor is not used up either, as when another code was sent at once.
    """
    if not key:
        return
    gone = delete(HalfSession).where(HalfSession.key_hash == kept_hash(key))
    if not db.session.scalars(gone.returning(HalfSession.id)).all():
        raise Conflict(_("That took too long. Sign in again."))


def store_codes(member: Member, code_hashes: Sequence[str]) -> None:
    """Store the hashes of recovery codes."""
    for number, code_hash in enumerate(code_hashes):
        code = RecoveryCode(member_id=member.id, number=number, code_hash=code_hash)
        code.created_at = now()
        db.session.add(code)


def delete_codes(member: Member) -> None:
    """Delete all recovery codes of a member."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))


def after_adding(member: Member, code_hashes: Sequence[str], what: str, name: str = "") -> bool:
    """Store recovery codes with the first factor, and tell the owner; returns whether it was the first."""
    db.session.flush()
    is_first = bool(code_hashes) and not queries.has_recovery_codes(member)
    if is_first:
        store_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    notify_owner(member, what, name)
    return is_first


def after_removing(member: Member, token: str, what: str, name: str = "") -> None:
    """Delete the recovery codes with the last factor, end all other sessions, and tell the owner."""
    db.session.flush()
    are_any = queries.factors_of(member, for_update=True).are_any
    if not are_any:
        delete_codes(member)
    members.note_factor(member, is_there=are_any)
    members.end_sessions(member, token)
    notify_owner(member, what, name)


def notify_owner(member: Member, what: str, name: str = "") -> None:
    """Tell the owner by a letter that cannot be switched off, and by a notice."""
    titles = {
        "passkey added": sentence("A passkey was added"),
        "passkey removed": sentence("A passkey was removed"),
        "codes on": sentence("Codes from an app were switched on"),
        "codes replaced": sentence("Codes come from another app now"),
        "codes off": sentence("Codes from an app were switched off"),
        "recovery codes made": sentence("New recovery codes were made"),
        "recovery code used": sentence("A recovery code was used"),
        "factors removed": sentence("Your second factor was taken off"),
        "many refused": sentence("Many codes or passkeys were refused"),
    }
    words = {"what": what, "detail": name}
    write_letter(SYSTEM, "changed", member.email, words, member_id=member.id)
    notice = NoticeText("security", "/settings/factors", titles[what], name)
    note_event(SYSTEM, notice, [member.id])
