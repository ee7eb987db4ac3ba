"""What is mended in the database itself and belongs to no room."""

from __future__ import annotations

from sqlalchemy import func

from forum.db import action, db
from forum.permissions import Person, require
from forum.upkeep.queries import sequences_behind


@action
def set_sequences(system: Person) -> None:
    """Let PostgreSQL number new rows after those that are there."""
    require(system.can.administer())
    for _rows, sequence, _given, last in sequences_behind():
        db.session.scalar(func.setval(sequence, last))
