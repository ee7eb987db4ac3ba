"""Trusted flaggers: members whose reports of illegal content come first (Regulation (EU) 2022/2065, article 22)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member


class TrustedFlagger(Base):
    """A member writes for a body that a Digital Services Coordinator has made a trusted flagger.

    `name` is that of the body and `field` what it knows, both as `coordinator`, who gave the status, publishes them:
    everybody reads them, and not who the member is. It holds from `since` to `until` (None: until it is ended), both days
    included, unless an administrator has ended it (`ended_at`). The row stays when that is over.
    """

    __tablename__ = "trusted_flagger"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    coordinator: Mapped[str]
    field: Mapped[str] = mapped_column(Text)
    since: Mapped[date]
    until: Mapped[date | None]
    named_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    def is_named_on(self, day: date) -> bool:
        """Whether it holds on a day, or will from a later one on."""
        return self.ended_at is None and (self.until is None or day <= self.until)
