"""Setting up what shows who one is beside the password, showing it, and losing it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import ciphers, otp, passkeys
from forum.db import action, db, now, touches
from forum.errors import Conflict, Invalid, NotFound
from forum.factors import queries
from forum.factors.models import Authenticator, Challenge, HalfSession, Passkey, RecoveryCode
from forum.mail.actions import write_letter
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import lock_member, member_by_id, members_by_handle
from forum.notifications.actions import note_event
from forum.passkeys import Answer, Refused, Site
from forum.permissions import SYSTEM, Person, require
from forum.tokens import kept_hash

LOCK = "authenticator"  # what secrets are locked for
MOST_PASSKEYS = 20
PASSKEY, CODE, RECOVERY = "passkey", "code", "recovery code"  # by what somebody shows who they are


# Challenges


@action
def ask_for_passkey(person: Person, purpose: str, browser_key: str) -> bytes:
    """Random bytes for a browser to sign with a passkey, for one purpose; a visitor's answer may be anybody's."""
    touches()
    challenge = secrets.token_bytes(32)
    row = Challenge(purpose=purpose, member_id=person.id, browser_hash=kept_hash(browser_key))
    row.challenge_hash = kept_hash(passkeys.coded(challenge))
    row.created_at, row.expires_at = now(), now() + queries.CHALLENGE_LIVES
    db.session.add(row)
    return challenge


@action
def spend_challenge(
    person: Person, purpose: str, text: str, browser_key: str, site: Site
) -> Answer:
    """Take the challenge that an answer speaks of, before anybody looks at what the answer is worth.

    So it is good for one try. Raises `Refused` for another purpose, person or browser, for one used or too old.
    """
    touches()
    said = passkeys.said_in(text)
    row = queries.answered_challenge(person, purpose, said.challenge, browser_key)
    if row is None:
        raise Refused("the challenge is unknown, used or too old")
    row.used_at = now()
    return Answer(text, said.challenge, site)


# Showing


@action
def sign_in_with_passkey(_visitor: Person, answer: Answer) -> Member:
    """Say whose passkey it is that shows alone who somebody is; raises `Refused`, and `Forbidden` as signing in does."""
    touches()
    said = passkeys.said_in(answer.text)
    passkey = queries.passkey_called(said.credential_id)
    if passkey is None or said.user_handle != passkey.user_handle:
        raise Refused("no such passkey")
    _take(passkey, answer, is_alone=True)
    require(passkey.member.can.sign_in())
    return passkey.member


@action
def show_passkey(member: Member, answer: Answer) -> str:
    """Show who one is by one's own passkey; raises `Refused`."""
    touches()
    passkey = queries.passkey_called(passkeys.said_in(answer.text).credential_id)
    if passkey is None or passkey.member_id != member.id:
        raise Refused("not a passkey of this member")
    _take(passkey, answer, is_alone=False)
    return PASSKEY


def _take(passkey: Passkey, answer: Answer, *, is_alone: bool) -> None:
    passkey.signatures = passkeys.shown(answer, passkey.known, is_alone=is_alone)
    passkey.used_at = now()


@action
def show_code(member: Member, code: str) -> str:
    """Show who one is by a code of one's app, each of which is good once; raises `Refused`."""
    touches()
    authenticator = queries.authenticator_of(member, is_held=True)
    if authenticator is None or not authenticator.confirmed_at:
        raise Refused("no app for codes")
    _take_code(authenticator, code)
    return CODE


def _take_code(authenticator: Authenticator, code: str) -> None:
    try:
        secret = ciphers.unlock(LOCK, authenticator.locked_secret)
    except ciphers.Unreadable as error:
        raise Refused("its secret was locked with another FORUM_SECRET_KEY") from error
    step = otp.fitting_step(secret, code, now())
    if step is None or step <= authenticator.last_step:
        raise Refused("a wrong code, or one that was used")
    authenticator.last_step, authenticator.used_at = step, now()


@action
def show_recovery_code(member: Member, number: int, code_hash: str) -> str:
    """Spend the recovery code of a number; the caller has compared it with its hash, which may be gone meanwhile."""
    touches()
    code = queries.recovery_code(member, number, is_held=True)
    if code is None or code.code_hash != code_hash:
        raise Refused("a recovery code that was used")
    code.used_at = now()
    db.session.flush()
    _tell(member, "recovery code used")
    return RECOVERY


# Signing in by halves


@action
def begin_half(_visitor: Person, member: Member, how: str) -> str:
    """Note that somebody has shown the first factor; hands back a key for their browser to go on with."""
    touches()
    require(member.can.sign_in())
    key = secrets.token_urlsafe(32)
    half = HalfSession(key_hash=kept_hash(key), member_id=member.id, how=how)
    half.created_at, half.expires_at = now(), now() + queries.HALF_LIVES
    db.session.add(half)
    return key


@action
def end_half(_visitor: Person, key: str) -> None:
    """Spend a half sign-in whose second half was shown; raises `Conflict` when it is over."""
    touches()
    gone = delete(HalfSession).where(HalfSession.key_hash == kept_hash(key))
    if not db.session.scalars(gone.returning(HalfSession.id)).all():
        raise Conflict(_("That took too long. Sign in again."))


# Passkeys


@action
def add_passkey(
    member: Member, answer: Answer, name: str, handle: str, code_hashes: Sequence[str]
) -> bool:
    """Keep a new passkey. Says whether the recovery codes of the hashes were kept, too: the member had none.

    Raises `Refused` for an answer that proves nothing.
    """
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    own = queries.passkeys_of(member)
    if len(own) >= MOST_PASSKEYS:
        raise Invalid(_("You have very many passkeys. Remove one that you do not use first."))
    known, is_synced = passkeys.registered(answer)
    if queries.is_passkey_known(known.credential_id):
        raise Refused("known already")
    passkey = Passkey(member_id=member.id, credential_id=known.credential_id, name=_name(name))
    passkey.public_key, passkey.signatures = known.public_key, known.sign_count
    passkey.transports, passkey.is_synced = list(known.transports), is_synced
    passkey.user_handle = own[0].user_handle if own else handle
    passkey.created_at = now()
    db.session.add(passkey)
    return _added(member, code_hashes, "passkey added", passkey.name)


@action
def rename_passkey(member: Member, passkey_id: int, name: str) -> None:
    """Call a passkey otherwise."""
    touches()
    queries.get_passkey(member, passkey_id).name = _name(name)


@action
def remove_passkey(member: Member, passkey_id: int, token: str) -> None:
    """Trust a passkey no more. Whoever is signed in elsewhere, perhaps by it, is so no more; `token` is here."""
    touches()
    lock_member(member.id)
    passkey = queries.get_passkey(member, passkey_id)
    db.session.delete(passkey)
    _removed(member, token, "passkey removed", passkey.name)


def _name(typed: str) -> str:
    return " ".join(typed.split())[:80] or _("Passkey")


# Codes of an app


@action
def begin_codes(member: Member) -> None:
    """Make the secret of an app for codes, which one code has to confirm; the same for whoever asks twice."""
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    known = queries.authenticator_of(member, is_held=True)
    if known and known.confirmed_at:
        raise Conflict(_("Codes are on already."))
    if known and _is_readable(known) and known.created_at > now() - queries.HALF_LIVES:
        return
    known = known or Authenticator(member_id=member.id)
    known.locked_secret = ciphers.lock(LOCK, otp.new_secret())
    known.last_step, known.created_at = 0, now()
    db.session.add(known)


def _is_readable(authenticator: Authenticator) -> bool:
    try:
        return bool(ciphers.unlock(LOCK, authenticator.locked_secret))
    except ciphers.Unreadable:
        return False


@action
def confirm_codes(member: Member, code: str, code_hashes: Sequence[str]) -> bool:
    """Switch codes on by the first one. Says whether recovery codes were kept, as `add_passkey` does."""
    touches()
    lock_member(member.id)
    authenticator = queries.authenticator_of(member, is_held=True)
    if authenticator is None or authenticator.confirmed_at:
        raise Conflict(_("Codes are on already, or were not begun."))
    _take_code(authenticator, code)
    authenticator.confirmed_at = now()
    return _added(member, code_hashes, "codes on")


@action
def replace_codes(member: Member, secret: str, code: str, token: str) -> None:
    """Take the codes of another app from now on, which has shown one; those of the old app are worth nothing.

    Ends the other sessions, as removing it does. Raises `Refused`.
    """
    touches()
    lock_member(member.id)
    known = queries.authenticator_of(member, is_held=True)
    if known is None or not known.confirmed_at:
        raise Conflict(_("Codes are off already."))
    step = otp.fitting_step(secret, code, now())
    if step is None:
        raise Refused("not a code of the other app")
    known.locked_secret, known.last_step = ciphers.lock(LOCK, secret), step
    known.created_at, known.confirmed_at, known.used_at = now(), now(), None
    members.note_factor(member, is_there=True)
    members.end_sessions(member, token)
    _tell(member, "codes replaced")


@action
def remove_codes(member: Member, token: str) -> None:
    """Take no codes of the app any more; ends the other sessions, as removing a passkey does."""
    touches()
    lock_member(member.id)
    known = queries.authenticator_of(member, is_held=True)
    if known is None or not known.confirmed_at:
        raise NotFound(_("Codes are off already."))
    db.session.delete(known)
    _removed(member, token, "codes off")


# Recovery codes


@action
def renew_recovery_codes(member: Member, code_hashes: Sequence[str], token: str) -> None:
    """Make the recovery codes anew; the old ones are worth nothing. Ends the other sessions."""
    touches()
    lock_member(member.id)
    if not queries.factors_of(member, is_held=True).are_any:
        raise Conflict(_("Set up a passkey or codes first."))
    _forget_codes(member)
    _keep_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    members.end_sessions(member, token)
    _tell(member, "recovery codes made")


def _keep_codes(member: Member, code_hashes: Sequence[str]) -> None:
    for number, code_hash in enumerate(code_hashes):
        code = RecoveryCode(member_id=member.id, number=number, code_hash=code_hash)
        code.created_at = now()
        db.session.add(code)


def _forget_codes(member: Member) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))


# What follows from a change


def _added(member: Member, code_hashes: Sequence[str], what: str, name: str = "") -> bool:
    db.session.flush()
    is_first = bool(code_hashes) and not queries.has_recovery_codes(member)
    if is_first:
        _keep_codes(member, code_hashes)
    members.note_factor(member, is_there=True)
    _tell(member, what, name)
    return is_first


def _removed(member: Member, token: str, what: str, name: str = "") -> None:
    db.session.flush()
    are_any = queries.factors_of(member, is_held=True).are_any
    if not are_any:
        _forget_codes(member)
    members.note_factor(member, is_there=are_any)
    members.end_sessions(member, token)
    _tell(member, what, name)


@action
def take_off(system: Person, handle: str) -> Member:
    """Take the second factor off somebody who has lost it: the person who runs the server has made sure who asks."""
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
    _tell(member, "factors removed")
    return member


@action
def take_off_since(system: Person, member_id: int, moment: datetime) -> None:
    """Take off what was set up since a moment, from which on somebody else may have been in the account."""
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
        members.note_factor(member, is_there=queries.factors_of(member, is_held=True).are_any)


def _tell(member: Member, what: str, name: str = "") -> None:
    """Tell the owner: by a letter that cannot be switched off, and in the inbox."""
    titles = {
        "passkey added": _("A passkey was added"),
        "passkey removed": _("A passkey was removed"),
        "codes on": _("Codes from an app were switched on"),
        "codes replaced": _("Codes come from another app now"),
        "codes off": _("Codes from an app were switched off"),
        "recovery codes made": _("New recovery codes were made"),
        "recovery code used": _("A recovery code was used"),
        "factors removed": _("Your second factor was taken off"),
    }
    words = {"what": what, "detail": name}
    write_letter(SYSTEM, "changed", member.email, words, member_id=member.id)
    address, text = "/settings/factors", name
    note_event(SYSTEM, "security", [member.id], address, title=titles[what], text=text)


@action
def forget_old(system: Person) -> int:
    """Delete challenges and half sign-ins that are over, and apps that nobody confirmed; says how many."""
    require(system.can.administer())
    touches()
    long_ago = now() - 6 * queries.HALF_LIVES
    is_old = Authenticator.confirmed_at.is_(None), Authenticator.created_at < long_ago
    gone = (
        delete(Challenge).where(Challenge.expires_at < now()).returning(Challenge.id),
        delete(HalfSession).where(HalfSession.expires_at < now()).returning(HalfSession.id),
        delete(Authenticator).where(*is_old).returning(Authenticator.id),
    )
    return sum(len(db.session.scalars(some).all()) for some in gone)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete with what a member who has left showed who they are."""
    require(system.can.administer())
    touches()
    for model in (Passkey, Authenticator, RecoveryCode, Challenge, HalfSession):
        db.session.execute(delete(model).where(model.member_id == member_id))
