"""What somebody has begun and not finished yet: a token waits to be spent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.candidates.models import Candidate
from forum.db import Base
from forum.members.models import Member


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
