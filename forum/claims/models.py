"""Claims on entries of the queue, which are identified by kind and id, and the path of an entry."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member

EntryKey = tuple[str, int]  # kind and id of an entry


def queue_path(kind: str, item_id: int) -> str:
    """The path of an entry of the queue: its page, and the address in all notices about it."""
    return f"/moderation/{kind}/{item_id}"


def queue_key(path: str) -> EntryKey | None:
    """The kind and id of the entry at a path of `queue_path`; None for any other path."""
    match = re.fullmatch(r"/moderation/([a-z]+)/([0-9]+)", path)
    return (match[1], int(match[2])) if match else None


class Claim(Base):
    """A moderator works on an entry, so that no other does the same. It expires after half an hour."""

    __tablename__ = "claim"

    kind: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    claimed_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
