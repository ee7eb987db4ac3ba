"""Versions of the terms of use, and the consents of members."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.members.models import Member

JOINING, ASKED = "joining", "asked"  # how somebody agreed


class Terms(Base):
    """A version of the terms of use, in force until the next one is. `change` is a sentence about what is new."""

    __tablename__ = "terms"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]
    language: Mapped[str] = mapped_column(default="en")
    change: Mapped[str] = mapped_column(Text, default="")
    needs_consent: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[datetime]
    written_at: Mapped[datetime]


class Consent(Base):
    """The consent of a member to a version, when joining or when asked (`how`)."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "number"),)

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(ForeignKey("terms.number"), primary_key=True)
    how: Mapped[str]
    agreed_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
    terms: Mapped[Terms] = relationship(lazy="raise_on_sql")
