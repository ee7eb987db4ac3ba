"""What the kinds of data share: reading records in batches, and descriptions of common fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, Select, tuple_

from forum.db import db
from forum.members.models import Member
from forum.rights.models import Record
from forum.rights.queries._rows import plain_record

RECORDS_AT_ONCE = 200  # that are read before the next ones are


def in_batches(
    query: Callable[[Member], Select[Any]],
    *key: Any,
    add_to: Callable[[Sequence[Any], list[Record]], None] | None = None,
) -> Callable[[Member, Any], tuple[list[Record], Any]]:
    """A `Kind.batch` that reads a select in batches, in the order of the key columns, which must be unique together.

    Each row becomes a record of its columns. `add_to(rows, records)` may add fields to the records of a batch, such
    as values from another table.
    """

    def batch(member: Member, after: Any) -> tuple[list[Record], Any]:
        keys = [column.label(f"key_{number}") for number, column in enumerate(key)]
        page = query(member).add_columns(*keys).order_by(*key).limit(RECORDS_AT_ONCE)
        rows = db.session.execute(page.where(_is_after(key, after)) if after else page).all()
        records = [plain_record(row) for row in rows]
        if add_to:
            add_to(rows, records)
        last_key = tuple(rows[-1][-len(key) :]) if len(rows) == RECORDS_AT_ONCE else None
        return records, last_key

    return batch


def _is_after(key: Sequence[Any], after: Sequence[Any]) -> ColumnElement[bool]:
    if len(key) == 1:
        is_after: ColumnElement[bool] = key[0] > after[0]
        return is_after
    return tuple_(*key) > tuple_(*after)


def as_one_record(
    record: Callable[[Member], Record],
) -> Callable[[Member, Any], tuple[list[Record], Any]]:
    """A `Kind.batch` for a kind with a single record."""
    return lambda member, _after: ([record(member)], None)


# Descriptions of fields that several kinds have

TIMES = {
    "created_at": _("when it was written or made"),
    "hidden_at": _("since when a moderator hides it"),
    "removed_at": _("since when it is hidden without a word in its place"),
    "deleted_at": _(
        "when you deleted it, or a moderator let it wait again; nothing of the text is kept here then"
    ),
    "replaced_at": _("when another text took its place"),
}
LANGUAGE = {"language": _("the language it is written in, as an ISO 639 code")}
AUDIENCE = {"audience": _("who may read it: public, or members")}


def times(*names: str) -> dict[str, LazyString]:
    """The descriptions of some of the fields of `TIMES`."""
    return {name: TIMES[name] for name in names}
