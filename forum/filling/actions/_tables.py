"""The tables whose rows are written in bulk, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, text

from forum.columns import Base
from forum.db import db
from forum.filling.models import Row

# In the order of their foreign keys; all but two have an id.
WRITTEN = ("topic", "topic_theme", "post", "quote", "mark", "revision", "document", "decision")
TABLES = (*WRITTEN, "event", "notice")
NUMBERED = frozenset(TABLES) - {"topic_theme", "quote"}
ROWS_PER_STATEMENT = 500  # a larger statement would be logged as slow


def insert_rows(table: str, rows: Sequence[Row]) -> None:
    """Insert rows into a table, with the ids that they have."""
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        db.session.execute(
            insert(Base.metadata.tables[table]), rows[start : start + ROWS_PER_STATEMENT]
        )


def advance_sequences(last_ids: Mapping[str, int]) -> None:
    """Let PostgreSQL give higher ids to the next rows than to those inserted with ids; SQLite does so by itself."""
    if db.engine.dialect.name == "postgresql":
        after = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
        numbers = [{"name": name, "number": number} for name, number in last_ids.items() if number]
        db.session.execute(after, numbers)
