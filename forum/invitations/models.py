"""Who may join and what they are asked, and the invitations that members make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.clock import now
from forum.columns import Base
from forum.members.models import Member, Organisation


class Entrance(Base):
    """Who may join; a single row, created when an administrator first chooses.

    `mode` is open, approval or invitation; `inviters`, who may make invitations, is moderators or members.
    `questions` are pairs: a text, and whether an answer is required. The ready answers are for moderators' decisions.
    """

    __tablename__ = "entrance"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(default="open")
    inviters: Mapped[str] = mapped_column(default="moderators")
    questions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    welcomes: Mapped[list[str]] = mapped_column(JSON, default=list)
    refusals: Mapped[list[str]] = mapped_column(JSON, default=list)

    def is_for_moderators(self, *, is_invited: bool) -> bool:
        """Whether moderators decide about somebody who wants to join."""
        return self.mode == "approval" and not is_invited


class Invitation(Base):
    """A link by which up to `uses` people can join until a day, without approval by moderators.

    Its secret is derived from the forum's key and `salt`; look-ups use only its hash.
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
        """One of: open, used up, over (expired), ended."""
        if self.ended_at:
            return "ended"
        if self.used >= self.uses:
            return "used up"
        return "over" if self.ends_at <= now() else "open"


class Arrival(Base):
    """A member joined by an invitation."""

    __tablename__ = "arrival"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitation.id", ondelete="CASCADE"), index=True
    )

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
