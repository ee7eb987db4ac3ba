"""How far members have read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base


class Place(Base):
    """How far a member has read in a topic: the number of the last post on the last page read."""

    __tablename__ = "place"

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int]


class AllRead(Base):
    """A member has marked all that was written `until` a moment as read: on one agenda, or on all when `agenda_id` is 0.

    `former_until` is the moment until which it was marked so before, if it was.
    """

    __tablename__ = "all_read"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    agenda_id: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    former_until: Mapped[datetime | None]
