"""Passkeys, authenticator and recovery codes of members; challenges that wait for an answer, sign-ins for the second half."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base
from forum.members.models import Member
from forum.passkeys import Known


class Passkey(Base):
    """A key in somebody's device or password manager, of which only the public half is kept here.

    `user_handle` is what the key calls its owner: random, the same for all keys of a member. `is_synced`: the key
    is kept in several devices at once, so that losing one does not lose it. `signatures`: how many it says that it
    has made.
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
    def known(self) -> Known:
        """What is needed to know the key again."""
        return Known(self.credential_id, self.public_key, self.signatures, tuple(self.transports))


class Authenticator(Base):
    """An app that shows codes. `locked_secret` is what they are made of, locked with the forum's key.

    Of no use before one code has confirmed it. `last_step` is the half minute of the code that was taken last: no
    code is taken twice, nor one from before it.
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
    """One way in for whoever has lost the second factor; its first sign is `number`, so that one hash is compared."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index(None, "member_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    number: Mapped[int]
    code_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """Random bytes that one browser was asked to sign with a passkey, once, for one purpose and within minutes."""

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
    """Somebody has shown the first factor, as `how` says, and is asked for the second. No session yet.

    The browser holds a key; only its hash is kept here.
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
