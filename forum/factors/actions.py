"""Setting up second factors, verifying them, and removing them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import ciphers, otp, passkeys
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid, NotFound
from forum.factors import queries
from forum.factors.models import Authenticator, Challenge, HalfSession, Passkey, RecoveryCode
from forum.mail.actions import write_letter
from forum.members import actions as members
from forum.members.models import Credentials, Member
from forum.members.queries import lock_credentials, lock_member, member_by_id, members_by_handle
from forum.notifications.actions import NoticeText, note_event
from forum.passkeys import Answer, Refused, Site
from forum.permissions import SYSTEM, Person, require
from forum.plaintext import single_line
from forum.sentences import sentence
from forum.tokens import kept_hash

CIPHER_PURPOSE = "authenticator"  # of `ciphers.lock`, for the secrets of apps
MAX_PASSKEYS = 20
PASSKEY, CODE, RECOVERY = "passkey", "code", "recovery code"  # methods, as a session keeps them


# Challenges


@action
def ask_for_passkey(person: Person, purpose: str, browser_key: str) -> bytes:
    """Store and return a random challenge for a browser to sign with a passkey, for one purpose.

    `browser_key` binds it to the browser. The challenge of a visitor may be answered with the passkey of any member.
    """
    touches()
    challenge = secrets.token_bytes(32)
    row = Challenge(purpose=purpose, member_id=person.id, browser_hash=kept_hash(browser_key))
    row.challenge_hash = kept_hash(passkeys.base64url(challenge))
    row.created_at, row.expires_at = now(), now() + queries.CHALLENGE_LIFETIME
    db.session.add(row)
    return challenge


@action
def spend_challenge(
    person: Person, purpose: str, text: str, browser_key: str, site: Site
) -> Answer:
    """Use up the challenge that an answer names, before the answer is verified, so that each challenge allows one attempt.

    Raises `Refused` when it was made for another purpose, person or browser, was used before, or is too old.
    """
    touches()
    said = passkeys.unverified_claims(text)
    row = queries.answered_challenge(person, purpose, said.challenge, browser_key)
    if row is None:
        raise Refused("the challenge is unknown, used or too old")
    row.used_at = now()
    return Answer(text, said.challenge, site)


# Verifying


@action
def sign_in_with_passkey(_visitor: Person, answer: Answer) -> Member:
    """The member who authenticates with a passkey alone.

    Raises `Refused` for an answer that does not verify, `Forbidden` when the member may not sign in.
    """
    touches()
    said = passkeys.unverified_claims(answer.text)
    passkey = queries.passkey_by_credential_id(said.credential_id)
    if passkey is None or said.user_handle != passkey.user_handle:
        raise Refused("no such passkey")
    _verify_passkey(passkey, answer, is_alone=True)
    require(passkey.member.can.sign_in())
    return passkey.member


@action
def verify_passkey(member: Member, answer: Answer) -> str:
    """Authenticate a member with one of their passkeys; returns the method's name. Raises `Refused`."""
    touches()
    passkey = queries.passkey_by_credential_id(
        passkeys.unverified_claims(answer.text).credential_id
    )
    if passkey is None or passkey.member_id != member.id:
        raise Refused("not a passkey of this member")
    _verify_passkey(passkey, answer, is_alone=False)
    return PASSKEY


def _verify_passkey(passkey: Passkey, answer: Answer, *, is_alone: bool) -> None:
    passkey.signatures = passkeys.verify_authentication(answer, passkey.known, is_alone=is_alone)
    passkey.used_at = now()


@action
def verify_code(member: Member, code: str) -> str:
    """Authenticate a member with a code of their app, each of which is valid once. Raises `Refused`."""
    touches()
    authenticator = queries.authenticator_of(member, for_update=True)
    if authenticator is None or not authenticator.confirmed_at:
        raise Refused("no app for codes")
    _use_code(authenticator, code)
    return CODE


def _use_code(authenticator: Authenticator, code: str) -> None:
    try:
        secret = ciphers.unlock(CIPHER_PURPOSE, authenticator.locked_secret)
    except ciphers.Unreadable as error:
        raise Refused("its secret was locked with another FORUM_SECRET_KEY") from error
    step = otp.matching_step(secret, code, now())
    if step is None or step <= authenticator.last_step:
        raise Refused("a wrong code, or one that was used")
    authenticator.last_step, authenticator.used_at = step, now()


@action
def verify_recovery_code(member: Member, number: int, code_hash: str) -> str:
    """Use up the member's recovery code with this number. Raises `Refused` when it was used meanwhile.

    The caller has compared the code with `code_hash`, because hashing is too slow for a transaction.
    """
    touches()
    code = queries.recovery_code(member, number, for_update=True)
    if code is None or code.code_hash != code_hash:
        raise Refused("a recovery code that was used")
    code.used_at = now()
    db.session.flush()
    _notify_owner(member, "recovery code used")
    return RECOVERY


# Half sessions: between the first factor and the second


@action
def begin_half_session(_visitor: Person, member: Member, how: str, verified: Credentials) -> str:
    """Record that a member has shown the first factor (`how`); returns the key with which their browser continues.

    `verified` is passed on to `members.sign_in`, which may raise `Conflict`.
    """
    touches()
    lock_credentials(member, verified)
    require(member.can.sign_in())
    key = secrets.token_urlsafe(32)
    half = HalfSession(key_hash=kept_hash(key), member_id=member.id, how=how)
    half.created_at, half.expires_at = now(), now() + queries.HALF_SESSION_LIFETIME
    db.session.add(half)
    return key


@action
def end_half_session(_visitor: Person, key: str) -> None:
    """Use up a half session after the second factor was shown. Raises `Conflict` when it is over."""
    touches()
    gone = delete(HalfSession).where(HalfSession.key_hash == kept_hash(key))
    if not db.session.scalars(gone.returning(HalfSession.id)).all():
        raise Conflict(_("That took too long. Sign in again."))


@action
def forget_half_sessions(member: Member) -> None:
    """End the half sessions of a member whose first factor has changed, also those of this very second."""
    touches()
    db.session.execute(delete(HalfSession).where(HalfSession.member_id == member.id))


# Passkeys


@action
def add_passkey(
    member: Member, answer: Answer, name: str, handle: str, code_hashes: Sequence[str]
) -> bool:
    """Store a new passkey; returns whether recovery codes with these hashes were stored too, because there were none.

    Raises `Refused` for an answer that does not verify, `Invalid` beyond `MAX_PASSKEYS`.
    """
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    own = queries.passkeys_of(member)
    if len(own) >= MAX_PASSKEYS:
        raise Invalid(_("You have very many passkeys. First remove one that you do not use."))
    known, is_synced = passkeys.verify_registration(answer)
    if queries.is_passkey_known(known.credential_id):
        raise Refused("known already")
    passkey = Passkey(
        member_id=member.id, credential_id=known.credential_id, name=_passkey_name(name)
    )
    passkey.public_key, passkey.signatures = known.public_key, known.sign_count
    passkey.transports, passkey.is_synced = list(known.transports), is_synced
    passkey.user_handle = own[0].user_handle if own else handle
    passkey.created_at = now()
    db.session.add(passkey)
    return _after_adding(member, code_hashes, "passkey added", passkey.name)


@action
def rename_passkey(member: Member, passkey_id: int, name: str) -> None:
    """Give a passkey another name."""
    touches()
    queries.get_passkey(member, passkey_id).name = _passkey_name(name)


@action
def remove_passkey(member: Member, passkey_id: int, token: str) -> None:
    """Remove a passkey and end all other sessions; `token` is that of this one."""
    touches()
    lock_member(member.id)
    passkey = queries.get_passkey(member, passkey_id)
    db.session.delete(passkey)
    _after_removing(member, token, "passkey removed", passkey.name)


def _passkey_name(typed: str) -> str:
    return single_line(typed)[:80] or _("Passkey")


# Codes of an authenticator app


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
    _use_code(authenticator, code)
    authenticator.confirmed_at = now()
    return _after_adding(member, code_hashes, "codes on")


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
    _notify_owner(member, "codes replaced")


@action
def remove_codes(member: Member, token: str) -> None:
    """Switch the app's codes off and end all other sessions."""
    touches()
    lock_member(member.id)
    known = queries.authenticator_of(member, for_update=True)
    if known is None or not known.confirmed_at:
        raise NotFound(_("Codes are off already."))
    db.session.delete(known)
    _after_removing(member, token, "codes off")


# Recovery codes


@action
def renew_recovery_codes(member: Member, code_hashes: Sequence[str], token: str) -> None:
    """Replace the recovery codes and end all other sessions."""
    touches()
    lock_member(member.id)
    if not queries.factors_of(member, for_update=True).are_any:
        raise Conflict(_("Set up a passkey or codes first."))
    _delete_codes(member)
    _store_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    members.end_sessions(member, token)
    _notify_owner(member, "recovery codes made")


def _store_codes(member: Member, code_hashes: Sequence[str]) -> None:
    for number, code_hash in enumerate(code_hashes):
        code = RecoveryCode(member_id=member.id, number=number, code_hash=code_hash)
        code.created_at = now()
        db.session.add(code)


def _delete_codes(member: Member) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))


# Consequences of a change


def _after_adding(member: Member, code_hashes: Sequence[str], what: str, name: str = "") -> bool:
    db.session.flush()
    is_first = bool(code_hashes) and not queries.has_recovery_codes(member)
    if is_first:
        _store_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    _notify_owner(member, what, name)
    return is_first


def _after_removing(member: Member, token: str, what: str, name: str = "") -> None:
    db.session.flush()
    are_any = queries.factors_of(member, for_update=True).are_any
    if not are_any:
        _delete_codes(member)
    members.note_factor(member, is_there=are_any)
    members.end_sessions(member, token)
    _notify_owner(member, what, name)


@action
def remove_factors(system: Person, handle: str) -> Member:
    """Remove every second factor of a member who has lost them; the operator has verified their identity.

    Raises `Conflict` when there is none.
    """
    require(system.can.administer())
    touches()
    found = members_by_handle([handle])
    if not found:
        raise NotFound(_("There is no member of this name."))
    member = found[0]
    if not member.factor_at:
        raise Conflict(_("This member has no second factor."))
    for table in (Passkey, Authenticator, RecoveryCode, HalfSession):
        db.session.execute(delete(table).where(table.member_id == member.id))
    members.note_factor(member, is_there=False)
    members.end_sessions(member)
    _notify_owner(member, "factors removed")
    return member


@action
def remove_factors_since(system: Person, member_id: int, moment: datetime) -> None:
    """Remove factors set up since a moment from which somebody else may have had access to the account."""
    require(system.can.administer())
    touches()
    member = member_by_id(system, member_id)
    gone = [
        db.session.scalars(
            delete(table)
            .where(table.member_id == member_id, table.created_at >= moment)
            .returning(table.id)
        ).all()
        for table in (Passkey, Authenticator, RecoveryCode)
    ]
    if any(gone):
        members.note_factor(member, is_there=queries.factors_of(member, for_update=True).are_any)


def _notify_owner(member: Member, what: str, name: str = "") -> None:
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


@action
def warn_owner(member: Member) -> None:
    """Warn the owner that the second step of signing in was refused repeatedly: somebody has the first factor."""
    touches()
    _notify_owner(member, "many refused")


@action
def forget_old(system: Person) -> int:
    """Delete expired challenges and half sessions, and apps that were never confirmed; returns how many."""
    require(system.can.administer())
    touches()
    long_ago = now() - 6 * queries.HALF_SESSION_LIFETIME
    is_old = Authenticator.confirmed_at.is_(None), Authenticator.created_at < long_ago
    gone = (
        delete(Challenge).where(Challenge.expires_at < now()).returning(Challenge.id),
        delete(HalfSession).where(HalfSession.expires_at < now()).returning(HalfSession.id),
        delete(Authenticator).where(*is_old).returning(Authenticator.id),
    )
    return sum(len(db.session.scalars(rows).all()) for rows in gone)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete all factors of a member who has left."""
    require(system.can.administer())
    touches()
    for model in (Passkey, Authenticator, RecoveryCode, Challenge, HalfSession):
        db.session.execute(delete(model).where(model.member_id == member_id))
