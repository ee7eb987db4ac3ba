"""The second factors of members, and the challenges and half sessions that can still be answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.factors.models import Authenticator, Challenge, HalfSession, Passkey, RecoveryCode
from forum.members.models import Member
from forum.permissions import Person
from forum.tokens import kept_hash

# What a passkey is used for; the words are part of addresses.
FOR_SIGN_IN, FOR_SECOND_FACTOR, FOR_PROOF, FOR_REGISTRATION = PURPOSES = (
    "sign-in",
    "second",
    "prove",
    "new",
)
CHALLENGE_LIFETIME = timedelta(minutes=5)
HALF_SESSION_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Factors:
    """A member's second factors, with the number of unused recovery codes."""

    passkeys: list[Passkey]
    authenticator: Authenticator | None
    codes_left: int

    @property
    def are_any(self) -> bool:
        """Whether there is a second factor; recovery codes only replace one."""
        return bool(self.passkeys or self.authenticator)


def factors_of(member: Person, *, for_update: bool = False) -> Factors:
    """A member's second factors. `for_update` locks the row of the app, see `authenticator_of`."""
    found = authenticator_of(member, for_update=for_update)
    confirmed = found if found and found.confirmed_at else None
    return Factors(passkeys_of(member), confirmed, codes_left(member))


def passkeys_of(member: Person) -> list[Passkey]:
    """A member's passkeys, oldest first."""
    found = select(Passkey).where(Passkey.member_id == member.id)
    return list(db.session.scalars(found.order_by(Passkey.id)))


def get_passkey(member: Person, passkey_id: int) -> Passkey:
    """One of a member's own passkeys. Raises `NotFound`."""
    found = select(Passkey).where(Passkey.member_id == member.id, Passkey.id == passkey_id)
    return or_not_found(db.session.scalar(found), _("There is no such passkey."))


def passkey_by_credential_id(credential_id: str) -> Passkey | None:
    """The passkey with a credential id and its member, locked; None when the member has left."""
    found = select(Passkey).where(
        Passkey.credential_id == credential_id, Passkey.member.has(Member.left_at.is_(None))
    )
    loaded = found.options(joinedload(Passkey.member))
    return db.session.scalar(loaded.with_for_update(of=Passkey))


def is_passkey_known(credential_id: str) -> bool:
    """Whether a passkey belongs to anybody, even to a member who has left."""
    found = select(Passkey.id).where(Passkey.credential_id == credential_id)
    return db.session.scalar(found) is not None


def authenticator_of(member: Person, *, for_update: bool = False) -> Authenticator | None:
    """A member's authenticator app, confirmed or not. `for_update` locks its row until the action ends."""
    found = select(Authenticator).where(Authenticator.member_id == member.id)
    return db.session.scalar(found.with_for_update() if for_update else found)


def codes_left(member: Person) -> int:
    """The number of a member's unused recovery codes."""
    found = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.member_id == member.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(found) or 0


def has_recovery_codes(member: Person) -> bool:
    """Whether a member has recovery codes, used or not."""
    found = select(RecoveryCode.id).where(RecoveryCode.member_id == member.id).limit(1)
    return db.session.scalar(found) is not None


def recovery_code(
    member: Person, number: int | None, *, for_update: bool = False
) -> RecoveryCode | None:
    """The member's unused recovery code with this number. `for_update` locks its row until the action ends."""
    found = select(RecoveryCode).where(
        RecoveryCode.member_id == member.id,
        RecoveryCode.number == number,
        RecoveryCode.used_at.is_(None),
    )
    return db.session.scalar(found.with_for_update() if for_update else found)


def half_session_by_key(key: str) -> HalfSession | None:
    """The half session of a browser's key with its member, while it is valid.

    It ends when it expires, when credentials change, and when the member leaves.
    """
    is_good = or_(Member.credentials_at.is_(None), Member.credentials_at <= HalfSession.created_at)
    found = (
        select(HalfSession)
        .join(HalfSession.member)
        .where(
            HalfSession.key_hash == kept_hash(key),
            HalfSession.expires_at > now(),
            Member.left_at.is_(None),
            is_good,
        )
    )
    return db.session.scalar(found.options(joinedload(HalfSession.member)))


def answered_challenge(
    person: Person, purpose: str, challenge: str, browser_key: str
) -> Challenge | None:
    """The unused, unexpired challenge that an answer names, for this purpose, person and browser; locked."""
    found = select(Challenge).where(
        Challenge.challenge_hash == kept_hash(challenge),
        Challenge.browser_hash == kept_hash(browser_key),
        Challenge.purpose == purpose,
        Challenge.member_id.is_(None) if person.id is None else Challenge.member_id == person.id,
        Challenge.used_at.is_(None),
        Challenge.expires_at > now(),
    )
    return db.session.scalar(found.with_for_update())
