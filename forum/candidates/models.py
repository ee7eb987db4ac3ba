"""Candidates, who have filled in the form for joining."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.invitations.models import Invitation
from forum.members.models import Member


class Candidate(Base):
    """Somebody who has filled in the form for joining, until they become a member or are deleted.

    `browser_hash` is the hash of a key in their browser, where pressing a button is enough to confirm the address.
    `confirmed_at` is set when the address is verified and moderators are to decide, `refused_at` when they refused.
    `answers` are pairs of question and answer; `identity` is the provider account with which they came, if any. Notes
    of moderators refer to candidates by id, even after these are deleted, so ids are never reused.
    """

    __tablename__ = "candidate"
    __table_args__ = (
        Index(None, "email"),
        Index(None, "created_at"),
        Index(None, "confirmed_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(Text)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    answers: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    identity: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    browser_hash: Mapped[str]
    locale: Mapped[str | None]  # the language of the pages on which the form was filled in
    terms: Mapped[int | None]  # the number of the version that was agreed to
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    refused_why: Mapped[str] = mapped_column(Text, default="", server_default="")

    invitation: Mapped[Invitation | None] = relationship(lazy="raise_on_sql")
    invited_by: Mapped[Member | None] = relationship(lazy="raise_on_sql")

    @property
    def domain(self) -> str:
        """The domain of the address, which may hint at an employer, or at a disposable address."""
        return self.email.rpartition("@")[2]

    @property
    def waits(self) -> bool:
        """Whether moderators are to decide."""
        return self.confirmed_at is not None and self.refused_at is None
