"""Reports of what is wrong, and the decisions that answer them; the decisions are the moderation log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.db import Base
from forum.members.models import Member


class Decision(Base):
    """What a moderator did about one thing, and why. `deed` is the word of the deed: hide, keep, lock …"""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "kind", "item_id", "id"), Index(None, "agenda_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    deed: Mapped[str]
    kind: Mapped[str]
    item_id: Mapped[int]
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime]

    moderator: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[moderator_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")


class Report(Base):
    """Somebody says that a post, topic, case, practice or profile is wrong. `reporter_id` is never shown to its author."""

    __tablename__ = "report"
    __table_args__ = (
        Index(None, "decision_id", "id"),
        Index(None, "kind", "item_id"),
        Index(None, "reporter_id", "kind", "item_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reporter_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    item_id: Mapped[int]
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    title: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))

    reporter: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[reporter_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")
    decision: Mapped[Decision | None] = relationship(lazy="raise_on_sql")
