"""Entries of the glossary, and their names and meanings by language."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Theme
from forum.columns import Base


class Entry(Base):
    """An expression, which has a name in at least one language; `merged_into_id` is the entry that took its place.

    Addresses and versions lead to entries by id and slug, so neither is used again.
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
        """Whether the source is an address, and no citation."""
        return self.source.startswith(("https://", "http://"))


class Wording(Base):
    """What an entry is called in one language, and what it means, in that language; a meaning may be missing."""

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
