"""Notes of moderators about entries of the queue, and which overdue entries they were notified about.

An entry has no row of its own: it is something that waits in a room below, identified by its kind and id.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member


class EntryNote(Base):
    """A note about an entry for the other moderators."""

    __tablename__ = "entry_note"
    __table_args__ = (Index(None, "kind", "item_id", "id"), Index(None, "written_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    item_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]

    author: Mapped[Member] = relationship(lazy="raise_on_sql")


class Overdue(Base):
    """An overdue entry: the moderators were notified at `told_at`, the administrators at `escalated_at`.

    `since` is when the entry began to wait. When it waits again, they are notified again.
    """

    __tablename__ = "overdue"

    kind: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    told_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
