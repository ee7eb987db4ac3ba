"""Identities: accounts at an OpenID provider with which members sign in here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member


class Identity(Base):
    """`issuer` and `subject` identify the account permanently; `label` is how its owner recognises it."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(default="")
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
