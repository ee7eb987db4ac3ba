"""Agendas with their hosts and members' statements, and the themes that run across them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base, partial_index
from forum.members.models import Member

ASIDE: Any = {"deferred": True, "deferred_group": "findings", "deferred_raiseload": True}
FOUND = "#found"  # the fragment of the findings on the page of an agenda


class Agenda(Base):
    """A subject that the federation works on. `palette` and `pattern` choose its colour and its plan.

    `findings` are what its dialogue has found so far, as its hosts see it; empty, without a moment, until they write
    some. Until it is opened (`opened_at`) it is in preparation: only its hosts and moderators see it and its content.
    """

    __tablename__ = "agenda"
    # `reach.is_on_open_agenda` queries the agendas in preparation wherever something is read
    __table_args__ = (
        Index("ix_agenda_in_preparation", "id", **partial_index("opened_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(Text, default="")
    introduction: Mapped[str] = mapped_column(Text)
    introduction_html: Mapped[Markup]
    html_version: Mapped[int]
    # Loaded only where they are shown: a list of topics reads the agenda of each topic
    findings: Mapped[str] = mapped_column(Text, server_default="", **ASIDE)
    findings_html: Mapped[Markup] = mapped_column(server_default="", **ASIDE)
    findings_html_version: Mapped[int] = mapped_column(server_default="0")
    findings_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(default="en")
    palette: Mapped[str]
    pattern: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    # Set on an agenda that was made by mistake: nobody finds it, and nothing is on it
    deleted_at: Mapped[datetime | None]
    # The number of its declarations that are not drafts; set by the declarations room
    declarations_count: Mapped[int] = mapped_column(server_default="0")

    hosts: Mapped[list[Member]] = relationship(
        secondary="agenda_host", lazy="raise_on_sql", order_by=Member.name
    )

    @property
    def findings_address(self) -> str:
        """The address of what its dialogue has found."""
        return f"/agendas/{self.slug}{FOUND}"


class AgendaHost(Base):
    """A member who moderates one agenda."""

    __tablename__ = "agenda_host"

    agenda_id: Mapped[int] = mapped_column(
        ForeignKey("agenda.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Statement(Base):
    """A member's take on an agenda; name, position and organisation as they were that day.

    A member who has removed their name from it (at `refused_at`) cannot be named there again: `refused_by_id`. It is None if
    that member has left, or the statement was loaded from a file; then nobody can be named. Members who did so earlier,
    before somebody else was named, are in `TakenName`.
    """

    __tablename__ = "statement"
    __table_args__ = (Index(None, "agenda_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    name: Mapped[str]
    role_title: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="")
    said_on: Mapped[date | None]
    quotation: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(default="en")
    position: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None]
    refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    refused_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    member: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[member_id])

    @property
    def anchor(self) -> str:
        """Its anchor on the page of its agenda, the part of an address after `#`."""
        return f"statement-{self.id}"


class TakenName(Base):
    """A member who removed their name from a statement before the latest one did; `member_id` is None once they have left."""

    __tablename__ = "taken_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[int] = mapped_column(
        ForeignKey("statement.id", ondelete="CASCADE"), index=True
    )
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    taken_at: Mapped[datetime]


class Theme(Base):
    """A subject across agendas: floods, parking, land value."""

    __tablename__ = "theme"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    removed_at: Mapped[datetime | None]


class MemberTheme(Base):
    """A theme that a member can help with."""

    __tablename__ = "member_theme"
    __table_args__ = (Index(None, "theme_id", "member_id"),)

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(
        ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True
    )
