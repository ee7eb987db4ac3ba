"""What belongs to records in tables of its own, such as the milestones of a commitment: read for a batch, by the id of each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from forum.db import db
from forum.rights.models import Record
from forum.rights.queries._rows import columns_of, plain_record


def parts_of(key: Any, names: str, ids: Collection[int], *order: Any) -> dict[int, list[Record]]:
    """The columns of these names of the rows whose `key` is among the ids, in order, by that id."""
    found: dict[int, list[Record]] = {row_id: [] for row_id in ids}
    query = select(key.label("key_of"), *columns_of(key.class_, names)).where(key.in_(found))
    for row in db.session.execute(query.order_by(*order)):
        found[row.key_of].append(plain_record(row))
    return found


def names_by(key: Any, of: Any, ids: Collection[int]) -> dict[int, list[str]]:
    """The names, sorted, of the themes or cities (`of`) to which the rows lead whose `key` is among the ids, by that id."""
    found: dict[int, list[str]] = {row_id: [] for row_id in ids}
    query = select(key.label("key_of"), of.name).select_from(key.class_).join(of)
    for row in db.session.execute(query.where(key.in_(found)).order_by(of.name)):
        found[row.key_of].append(row.name)
    return found
