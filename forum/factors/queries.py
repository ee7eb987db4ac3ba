"""What somebody has to show who they are, and what of it can be shown now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from forum.db import db, now
from forum.errors import NotFound
from forum.factors.models import Authenticator, Challenge, HalfSession, Passkey, RecoveryCode
from forum.members.models import Member
from forum.permissions import Person
from forum.tokens import kept_hash

# What a passkey is asked for: to sign in with it alone, as the second half, to show again who one is, to be kept.
ALONE, SECOND, PROVE, NEW = PURPOSES = ("sign-in", "second", "prove", "new")
CHALLENGE_LIVES = timedelta(minutes=5)
HALF_LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class Factors:
    """What a member has beside the password, with the number of recovery codes that are left."""

    passkeys: list[Passkey]
    authenticator: Authenticator | None
    codes_left: int

    @property
    def are_any(self) -> bool:
        """Whether there is a second factor; recovery codes only stand in for one."""
        return bool(self.passkeys or self.authenticator)


def factors_of(member: Person, *, is_held: bool = False) -> Factors:
    """All that a member has beside the password; the app for codes held, see `authenticator_of`."""
    found = authenticator_of(member, is_held=is_held)
    confirmed = found if found and found.confirmed_at else None
    return Factors(passkeys_of(member), confirmed, codes_left(member))


def passkeys_of(member: Person) -> list[Passkey]:
    """A member's passkeys, in the order of their making."""
    found = select(Passkey).where(Passkey.member_id == member.id)
    return list(db.session.scalars(found.order_by(Passkey.id)))


def get_passkey(member: Person, passkey_id: int) -> Passkey:
    """One of a member's own passkeys; raises `NotFound`."""
    found = select(Passkey).where(Passkey.member_id == member.id, Passkey.id == passkey_id)
    passkey = db.session.scalar(found)
    if passkey is None:
        raise NotFound(_("There is no such passkey."))
    return passkey


def passkey_called(credential_id: str) -> Passkey | None:
    """The passkey that a browser speaks of, with its member; of somebody who has left there is none."""
    found = select(Passkey).where(
        Passkey.credential_id == credential_id, Passkey.member.has(Member.left_at.is_(None))
    )
    loaded = found.options(joinedload(Passkey.member))
    return db.session.scalar(loaded.with_for_update(of=Passkey))


def is_passkey_known(credential_id: str) -> bool:
    """Whether anybody has a passkey, even somebody who has left."""
    found = select(Passkey.id).where(Passkey.credential_id == credential_id)
    return db.session.scalar(found) is not None


def authenticator_of(member: Person, *, is_held: bool = False) -> Authenticator | None:
    """A member's app for codes, be it confirmed or not; held by a deed that changes or uses it up."""
    found = select(Authenticator).where(Authenticator.member_id == member.id)
    return db.session.scalar(found.with_for_update() if is_held else found)


def codes_left(member: Person) -> int:
    """How many recovery codes a member has not used."""
    found = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.member_id == member.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(found) or 0


def has_recovery_codes(member: Person) -> bool:
    """Whether recovery codes were made, be they used or not."""
    found = select(RecoveryCode.id).where(RecoveryCode.member_id == member.id).limit(1)
    return db.session.scalar(found) is not None


def recovery_code(
    member: Person, number: int | None, *, is_held: bool = False
) -> RecoveryCode | None:
    """The unused recovery code of a number; held by the deed that uses it up."""
    found = select(RecoveryCode).where(
        RecoveryCode.member_id == member.id,
        RecoveryCode.number == number,
        RecoveryCode.used_at.is_(None),
    )
    return db.session.scalar(found.with_for_update() if is_held else found)


def half_of(key: str) -> HalfSession | None:
    """The half sign-in of a browser's key with its member, while it lasts.

    It ends when the password changes, when the member leaves, and with its time.
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
    """The challenge that a browser answers: its own, for this purpose and person, unused, not too old."""
    found = select(Challenge).where(
        Challenge.challenge_hash == kept_hash(challenge),
        Challenge.browser_hash == kept_hash(browser_key),
        Challenge.purpose == purpose,
        Challenge.member_id.is_(None) if person.id is None else Challenge.member_id == person.id,
        Challenge.used_at.is_(None),
        Challenge.expires_at > now(),
    )
    return db.session.scalar(found.with_for_update())
