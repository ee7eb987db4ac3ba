"""Passkeys, authenticator apps and recovery codes of members; challenges and half sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member
from forum.passkeys import Credential


class Passkey(Base):
    """A passkey in a member's device or password manager; only its public key is stored here.

    `user_handle` is random and the same for all passkeys of a member. `is_synced`: the key is stored on several
    devices, so that losing one does not lose it. `signatures` is its signature counter.
    """

    __tablename__ = "passkey"
    __table_args__ = (Index(None, "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    credential_id: Mapped[str] = mapped_column(Text, unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    user_handle: Mapped[str]
    signatures: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_synced: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def known(self) -> Credential:
        """The credential in the form that the verification needs."""
        return Credential(
            self.credential_id, self.public_key, self.signatures, tuple(self.transports)
        )


class Authenticator(Base):
    """An app that shows codes (TOTP). `locked_secret` is its secret, encrypted with the forum's key.

    It cannot be used before a code has confirmed it. `last_step` is the time step (half a minute) of the last
    accepted code: neither that code nor an older one is accepted again.
    """

    __tablename__ = "authenticator"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), unique=True)
    locked_secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for members who have lost the second factor. `number` is its first digit, so that only one hash is compared."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index(None, "member_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    number: Mapped[int]
    code_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """Random bytes that one browser was asked to sign with a passkey: once, for one purpose, within minutes."""

    __tablename__ = "challenge"
    __table_args__ = (Index(None, "member_id"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    challenge_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class HalfSession(Base):
    """Somebody has shown the first factor (`how`) and is asked for the second. It is not a session yet.

    The browser has a key; only its hash is stored here.
    """

    __tablename__ = "half_session"
    __table_args__ = (Index(None, "member_id"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    how: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
