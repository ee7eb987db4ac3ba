"""The document: what search knows of one topic, post, case, practice, reading or member; and what it is still to learn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.db import Base


class Document(Base):
    """One thing that can be found. `folded_…` are its words without case and accents.

    A post's `parent_id` is the document of its topic: hiding the topic hides the posts without touching them.
    The full-text index over the folded columns (FTS5 or tsvector) is made by the migration.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index(None, "kind", "item_id", unique=True),
        Index(None, "parent_id", "id"),
        Index(None, "agenda_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    item_id: Mapped[int]
    parent_id: Mapped[int | None]
    agenda_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    folded_title: Mapped[str] = mapped_column(Text)
    folded_body: Mapped[str] = mapped_column(Text)
    byline: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="")
    audience: Mapped[str] = mapped_column(default="public")
    written_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]


class Retitling(Base):
    """That the posts of a long topic are still to get its new title: those whose documents come after `reached`."""

    __tablename__ = "retitling"

    document_id: Mapped[int] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(Text)
    reached: Mapped[int] = mapped_column(default=0)
