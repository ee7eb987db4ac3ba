"""What somebody has begun and not finished yet: a token waits to be spent, a candidate to become a member."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base
from forum.members.models import Member


class Candidate(Base):
    """Somebody who has filled in the form for joining. Becomes a member, or is forgotten.

    `browser_hash` is that of a key in the browser that filled it in: there one press is enough to confirm the address.
    """

    __tablename__ = "candidate"
    __table_args__ = (Index(None, "email"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(Text)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    browser_hash: Mapped[str]
    terms: Mapped[int | None]  # the number of the version that was agreed to
    created_at: Mapped[datetime]


class Token(Base):
    """One use of a secret that was sent by mail, for one purpose, until it is spent or its time is over.

    The secret itself is made from the forum's key and `salt` when the letter is sent; only its hash is kept.
    """

    __tablename__ = "token"
    __table_args__ = (
        Index(None, "member_id"),
        Index(None, "candidate_id"),
        Index(None, "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    member: Mapped[Member | None] = relationship(lazy="raise_on_sql")
    candidate: Mapped[Candidate | None] = relationship(lazy="raise_on_sql")
