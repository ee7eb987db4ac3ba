"""Repairs of the database itself that belong to no other room."""

from __future__ import annotations

from sqlalchemy import func

from forum.db import db
from forum.deeds import action
from forum.permissions import Person, require
from forum.upkeep.queries import sequences_behind


@action
def set_sequences(system: Person) -> None:
    """Set PostgreSQL's sequences so that new rows get ids after the existing ones."""
    require(system.can.administer())
    for _rows, sequence, _given, last in sequences_behind():
        db.session.scalar(func.setval(sequence, last))
