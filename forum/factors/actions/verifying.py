"""Verifying a factor: a passkey, a code of an app, a recovery code."""

from __future__ import annotations

from forum import passkeys
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.factors import queries
from forum.factors.actions._shared import (
    CODE,
    PASSKEY,
    RECOVERY,
    end_half_session,
    notify_owner,
    use_code,
)
from forum.factors.models import Passkey
from forum.members.models import Member
from forum.passkeys import Answer, Refused
from forum.permissions import Person, require


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
def verify_passkey(member: Member, answer: Answer, half_key: str = "") -> str:
    """Authenticate a member with one of their passkeys; returns the method's name. Raises `Refused`.

    `half_key` is that of the half session which ends thereby; raises `Conflict` when it has ended.
    """
    touches()
    passkey = queries.passkey_by_credential_id(
        passkeys.unverified_claims(answer.text).credential_id
    )
    if passkey is None or passkey.member_id != member.id:
        raise Refused("not a passkey of this member")
    _verify_passkey(passkey, answer, is_alone=False)
    end_half_session(half_key)
    return PASSKEY


def _verify_passkey(passkey: Passkey, answer: Answer, *, is_alone: bool) -> None:
    passkey.signatures = passkeys.verify_authentication(answer, passkey.known, is_alone=is_alone)
    passkey.used_at = now()


@action
def verify_code(member: Member, code: str, half_key: str = "") -> str:
    """Authenticate a member with a code of their app, each of which is valid once. Raises `Refused`.

    `half_key` is as in `verify_passkey`.
    """
    touches()
    authenticator = queries.authenticator_of(member, for_update=True)
    if authenticator is None or not authenticator.confirmed_at:
        raise Refused("no app for codes")
    use_code(authenticator, code)
    end_half_session(half_key)
    return CODE


@action
def verify_recovery_code(member: Member, number: int, code_hash: str, half_key: str = "") -> str:
    """Use up the member's recovery code with this number. Raises `Refused` when it was used meanwhile.

    The caller has compared the code with `code_hash`, because hashing is too slow for a transaction. `half_key` is as
    in `verify_passkey`.
    """
    touches()
    code = queries.recovery_code(member, number, for_update=True)
    if code is None or code.code_hash != code_hash:
        raise Refused("a recovery code that was used")
    code.used_at = now()
    db.session.flush()
    notify_owner(member, "recovery code used")
    # Last, as whoever changes a password has locked the member and waits for the half session
    end_half_session(half_key)
    return RECOVERY
