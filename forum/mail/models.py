"""A delivery is one letter to one address; it stores the values for its template and is rendered when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base, partial_index
from forum.members.models import Member

# What a letter of each kind is, for administrators
KIND_NAMES = {
    "address": _("confirming a new address"),
    "address_back": _("an address that went back"),
    "address_changed": _("a changed address"),
    "address_given": _("an address that was changed on the server"),
    "address_undone": _("an address that was taken back"),
    "administrator_made": _("a new administrator"),
    "approved": _("a request to join that was approved"),
    "attached": _("files that were attached to a reply by e-mail"),
    "changed": _("how somebody signs in"),
    "contact": _("from member to member"),
    "contact_copy": _("copy of an e-mail to a member"),
    "data": _("data that were downloaded"),
    "digest": _("digest"),
    "held": _("a text by e-mail that waits"),
    "hosts": _("from a moderator to hosts"),
    "join": _("joining"),
    "known": _("joining with the address of an account"),
    "leaving": _("a closed account"),
    "left": _("an account that has ended"),
    "notice": _("notice"),
    "opened": _("a topic by e-mail that was published"),
    "outcome": _("outcome of a report"),
    "outcomes": _("outcomes of several reports"),
    "refused": _("a request to join that was refused"),
    "reported": _("receipt of a report"),
    "reset": _("choosing a new password"),
    "role": _("a role"),
    "sent_back": _("a text by e-mail that was given back"),
    "sign_in": _("link to sign in"),
    "test": _("test"),
    "unknown": _("an address without an account"),
}
# Kinds of letters that tell members of what happened: they are readdressed when the address changes, and all others,
# for which somebody is waiting, are sent before them
TO_MEMBERS = ("notice", "digest")
WAITING = "sent_at IS NULL AND given_up_at IS NULL AND dropped_at IS NULL"


class Delivery(Base):
    """A letter, written in the transaction of the action that causes it; the row is the worker's job.

    `kind` is the name of its template, `words` the values for it. In the end it is sent, given up (`why` is the mail
    server's response), or dropped (there was nothing left to tell). `resumed_at` is when an administrator last had it
    sent again after it was given up. `locale` is its language if it is not to a member; None is the forum's.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_waiting", "due_at", "id", **partial_index(WAITING)),
        Index(None, "member_id"),
        Index(None, "address", "created_at"),
        Index(None, "given_up_at"),
        Index(None, "sent_at"),
        Index(None, "dropped_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    address: Mapped[str]
    words: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    resumed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str | None]

    member: Mapped[Member | None] = relationship(lazy="raise_on_sql")

    @property
    def kind_name(self) -> str:
        """The name of its kind, in the language of the page; earlier releases may have stored kinds without a name."""
        return str(KIND_NAMES.get(self.kind, self.kind))
