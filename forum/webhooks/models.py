"""Webhooks (addresses elsewhere that are notified of news), and their deliveries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index

STANDARD, CHAT = FORMATS = ("standard", "chat")
REPLY, TRIAL = "reply", "trial"
# The kinds of news: new topics of each kind, and replies and comments
KINDS = ("question", "experience", REPLY, "practice", "case")
WAITING = "sent_at IS NULL AND given_up_at IS NULL AND dropped_at IS NULL"
ADDRESS_CIPHER, SECRET_CIPHER = "webhook address", "webhook secret"
# Why a webhook is paused, unless an administrator did it
GONE, FAILING, UNREADABLE = "gone", "failing", "unreadable"


class Webhook(Base):
    """An address to notify of news, and the results of the last attempts.

    `locked_address` and `locked_secret` can be decrypted only with the forum's secret key, because anybody who knows
    the address of a chat room can write there. `host` is the part that lists show. It gets news of the `kinds`, on
    one agenda or on all. `turn_at` is when the worker last looked at its deliveries, `arrived_at` when it last
    accepted one. Since `failing_since` every attempt has failed, `failures` times, and nothing is tried before
    `rests_until`.
    """

    __tablename__ = "webhook"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    host: Mapped[str]
    locked_address: Mapped[str] = mapped_column(Text)
    locked_secret: Mapped[str] = mapped_column(Text)
    format: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(JSON)
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str] = mapped_column(default="")
    turn_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None]

    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")

    @property
    def is_broken(self) -> bool:
        """Whether it is paused, but not by an administrator."""
        return self.paused_at is not None and self.paused_why != ""

    def is_told(self, kind: str, agenda_id: int) -> bool:
        """Whether it gets news of a kind on an agenda."""
        return kind in self.kinds and self.agenda_id in (None, agenda_id)


class WebhookDelivery(Base):
    """One item of news for a webhook, sent once, under one `number`; the row is the worker's job.

    `kind` is what it was when it was recorded, or *trial*. In the end it is sent, given up after the last attempt, or
    dropped (visitors could not read it any more). `status` is the last HTTP status, None for no response; then
    `trouble` says why.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index(None, "webhook_id", "post_id", unique=True),
        Index(
            "ix_webhook_delivery_waiting", "webhook_id", "due_at", "id", **partial_index(WAITING)
        ),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    number: Mapped[str]
    kind: Mapped[str]
    post_id: Mapped[int | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    trouble: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship(lazy="raise_on_sql")

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be sent."""
        return not (self.sent_at or self.given_up_at or self.dropped_at)
