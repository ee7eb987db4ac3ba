"""Entries of the glossary, their names and meanings by language, and what members propose."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Theme
from forum.columns import Base
from forum.members.models import Member

ACCEPTED, REFUSED, TAKEN_BACK = "accepted", "refused", "taken back"  # what became of a proposal
PROPOSAL = "proposal"  # the kind of such an entry of the moderation queue


class Entry(Base):
    """An expression, which has a name in at least one language; `merged_into_id` is the entry that replaced it.

    Addresses and versions refer to entries by id and slug, so neither is ever reused.
    """

    __tablename__ = "glossary_entry"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("glossary_entry.id"), index=True)

    wordings: Mapped[list[Wording]] = relationship(
        lazy="raise_on_sql", order_by="Wording.language", cascade="all, delete-orphan"
    )
    themes: Mapped[list[Theme]] = relationship(
        secondary="glossary_entry_theme", lazy="raise_on_sql", order_by=Theme.name
    )

    @property
    def has_web_source(self) -> bool:
        """Whether the source is an address and not a citation."""
        return self.source.startswith(("https://", "http://"))


class Wording(Base):
    """The names of an entry in one language, and its meaning in that language, which may be missing."""

    __tablename__ = "glossary_wording"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("glossary_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    language: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    other_names: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    meaning: Mapped[str] = mapped_column(Text, default="", server_default="")

    @property
    def names(self) -> list[str]:
        """All names in this language, the preferred one first."""
        return [self.name, *self.other_names]


class EntryTheme(Base):
    """A theme that an entry belongs to."""

    __tablename__ = "glossary_entry_theme"
    __table_args__ = (Index(None, "theme_id", "entry_id"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("glossary_entry.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(
        ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True
    )


class Proposal(Base):
    """A member's proposal: a name or a meaning of an entry in one language, or without `entry_id`, a new entry.

    The author is None after they have left. `caught_by` is the screening rule that it met, as in `Rule.name`.
    `outcome` is one of the constants above, and empty while moderators have not decided; `reason` is their answer. A
    proposal that its author withdraws is emptied, but still counts for that day.
    """

    __tablename__ = "glossary_proposal"
    __table_args__ = (
        Index(None, "outcome", "created_at"),
        Index(None, "author_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("glossary_entry.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    language: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    meaning: Mapped[str] = mapped_column(Text, default="", server_default="")
    why: Mapped[str] = mapped_column(Text, default="", server_default="")
    caught_by: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    entry: Mapped[Entry | None] = relationship(lazy="raise_on_sql")
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql")
