"""The version of an edited page: an agenda, a statement, a case, a reading, a theme or an organisation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base


class Version(Base):
    """The fields of one thing until `replaced_at`, when the named editor replaced them.

    `number` counts the versions of a thing from 1; it is an attribute, not a column, set by the queries for lists.
    """

    __tablename__ = "version"
    __table_args__ = (Index(None, "kind", "item_id", "id"), Index(None, "editor_handle"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    item_id: Mapped[int]
    editor_name: Mapped[str]
    editor_handle: Mapped[str]
    replaced_at: Mapped[datetime]
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    number = 0
