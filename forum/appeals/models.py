"""An appeal against a decision, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base, partial_index
from forum.members.models import Member
from forum.moderation.models import Decision

UPHELD, REVERSED = OUTCOMES = ("upheld", "reversed")


class Appeal(Base):
    """The request of an author or reporter that *another* moderator reviews a decision, with the answer in writing.

    `outcome` is empty while it waits, then one of `OUTCOMES`. `reversal_id` is the decision that reverses the first.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        Index(None, "decision_id", "appellant_id", unique=True),
        Index("ix_appeal_waiting", "id", **partial_index("decided_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    appellant_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    outcome: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    reversal_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)

    decision: Mapped[Decision] = relationship(lazy="raise_on_sql", foreign_keys=[decision_id])
    appellant: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[appellant_id])
    decider: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[decider_id])
