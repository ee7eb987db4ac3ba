"""What several queries of an export share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from forum.agendas.models import Theme
from forum.db import db
from forum.members.models import Member
from forum.transfer.models import Author

AUTHOR_COLUMNS = [getattr(Member, name) for name in Author._fields]


def in_batches(
    found: Select[Any], model: Any, ordered: Sequence[Any], loads: Sequence[Any], size: int
) -> Iterator[Sequence[Any]]:
    """Rows with their relationships, `size` at a time. Only the ids of all rows are held in memory."""
    ids = db.session.scalars(found.with_only_columns(model.id).order_by(*ordered)).all()
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        rows = found.where(model.id.in_(batch)).options(*map(selectinload, loads))
        yield sorted(db.session.scalars(rows), key=lambda row: batch.index(row.id))


def theme_names_by(key: Any, row: Any, ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the themes that rows of a table name, sorted, by a column of these rows."""
    query = select(key, Theme.name).join(Theme, Theme.id == row.theme_id)
    found: dict[int, list[str]] = {}
    for key_id, name in db.session.execute(query.where(key.in_(ids), Theme.removed_at.is_(None))):
        found.setdefault(key_id, []).append(name)
    return {key_id: sorted(names) for key_id, names in found.items()}
