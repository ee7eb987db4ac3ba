"""Who is at an entry of the queue, known by its kind and number like the entry itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base
from forum.members.models import Member


class Claim(Base):
    """That a moderator is at an entry, so that no other does the same; over after half an hour."""

    __tablename__ = "claim"

    kind: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    claimed_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def since(self) -> str:
        """Since when, as words say it."""
        return f"{self.claimed_at:%H:%M} UTC"
