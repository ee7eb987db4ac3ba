"""Tokens: secrets sent by mail that can still be used; and renamings that search does not know of yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.candidates.models import Candidate
from forum.columns import Base
from forum.members.models import Member

POSTS, PRACTICES = "posts", "practices"  # the steps of a renaming


class Token(Base):
    """A secret sent by mail for one purpose; valid once, until `expires_at`.

    The secret is derived from the forum's key and a salt that only the letter contains; only its hash is stored.
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


class Renaming(Base):
    """A member whose name or city has changed, while search still has the former one for some of their texts.

    The worker has updated the texts of the present `step` (posts, then practices) up to the id `position`.
    """

    __tablename__ = "renaming"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    step: Mapped[str] = mapped_column(default=POSTS)
    position: Mapped[int] = mapped_column(default=0)
