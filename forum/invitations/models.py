"""Who may join, what is asked of them, and the invitations that members make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base, now
from forum.members.models import Member, Organisation


class Entrance(Base):
    """Who may join; one row, made when an administrator first chooses.

    `mode` is open, approval or invitation; `inviters` says who makes invitations: moderators or members.
    `questions` are pairs of a text and whether it must be answered; the ready answers go with a decision.
    """

    __tablename__ = "entrance"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(default="open")
    inviters: Mapped[str] = mapped_column(default="moderators")
    questions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    welcomes: Mapped[list[str]] = mapped_column(JSON, default=list)
    refusals: Mapped[list[str]] = mapped_column(JSON, default=list)


class Invitation(Base):
    """A link with which so many people may join until a day, past the moderators.

    Its secret is made from the forum's key and `salt`; only its hash is looked up.
    """

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    salt: Mapped[str]
    maker_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    uses: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    maker: Mapped[Member] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")
    arrivals: Mapped[list[Arrival]] = relationship(
        lazy="raise_on_sql", order_by="Arrival.member_id"
    )

    @property
    def state(self) -> str:
        """Whether it is open, used up, over or ended."""
        if self.ended_at:
            return "ended"
        if self.used >= self.uses:
            return "used up"
        return "over" if self.ends_at <= now() else "open"


class Arrival(Base):
    """That somebody joined by an invitation."""

    __tablename__ = "arrival"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitation.id", ondelete="CASCADE"), index=True
    )

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
