"""Letters that members wrote to each other; kept for 30 days, so that they can be reported."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.mail.models import Delivery
from forum.members.models import Member


class ContactLetter(Base):
    """A letter from one member to another. `delivery_id` is the e-mail that carries it, as long as that is kept.

    Reports and decisions refer to letters by id, even after these are deleted, so ids are never reused.
    """

    __tablename__ = "contact_letter"
    __table_args__ = (
        Index(None, "sender_id", "sent_at"),
        Index(None, "recipient_id", "sent_at"),
        Index(None, "delivery_id"),
        Index(None, "sent_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="SET NULL"))

    sender: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[sender_id])
    recipient: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[recipient_id])
    delivery: Mapped[Delivery | None] = relationship(lazy="raise_on_sql")
