"""An event is what happened; a notice is the line about it in one member's inbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base, only_where
from forum.members.models import Member


class Event(Base):
    """Something that concerns `recipients`; the worker makes their notices and sets `done_at`."""

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "done_at", "due_at"),
        Index(None, "post_id"),
        Index(None, "topic_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    recipients: Mapped[list[int]] = mapped_column(JSON)
    title: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text)
    topic_id: Mapped[int | None]
    post_id: Mapped[int | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]


class Notice(Base):
    """One line in a member's inbox; gone from sight while what it speaks of is hidden."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "event_id", "member_id", unique=True),
        Index(None, "member_id", "id"),
        Index(None, "topic_id"),
        Index(None, "post_id"),
        Index(None, "read_at"),
        # Every page asks how many are unread; what was read in ten years is not walked through.
        Index(
            "ix_notice_unread",
            "member_id",
            "topic_id",
            "actor_id",
            **only_where("read_at IS NULL AND hidden_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    title: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text)
    topic_id: Mapped[int | None]
    post_id: Mapped[int | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]

    actor: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[actor_id])
