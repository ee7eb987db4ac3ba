"""Writing rows: replacing, changing many at once; and what notices quote of a text."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from forum.db import db, insert_into
from forum.notifications.models import Event, Notice
from forum.plaintext import excerpt

QUOTED_CHARACTERS = 400  # of a text, in an event and its notices


def upsert(row: Any) -> None:
    """Insert a row, or replace the one with the same primary key."""
    columns = type(row).__table__.c
    values = {column.name: getattr(row, column.name) for column in columns}
    key = list(type(row).__table__.primary_key)
    insert = insert_into(type(row)).values(values)
    db.session.execute(insert.on_conflict_do_update(index_elements=key, set_=values))


def set_values(model: type[Event] | type[Notice], values: dict[str, Any], *conditions: Any) -> None:
    """Change the events or notices that meet some conditions."""
    db.session.execute(update(model).where(*conditions).values(values))


def quoted(text: str) -> str:
    """What events and notices show of a text: its first words."""
    return excerpt(text, QUOTED_CHARACTERS)
