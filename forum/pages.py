"""Pagination of lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask_babel import format_decimal, get_domain
from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.sql.operators import desc_op

from forum.db import db

T = TypeVar("T")
MAX_PAGE = 100_000
MAX_COUNTED = 100  # new and unread things are counted up to here, and then shown as "99+"


def counted(number: int) -> str:
    """A number formatted in the page's language: 12,000, or 12 000."""
    return format_decimal(number) if number > 999 else str(number)


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """Like Flask-Babel's `ngettext`, with the number formatted in the page's language (`counted`)."""
    said = get_domain().get_translations().ngettext(one, many, number)
    return str(said) % {"num": counted(number), **values}


def capped(number: int) -> str:
    """A number counted up to `MAX_COUNTED`, as pages show it."""
    return str(number) if number < MAX_COUNTED else f"{MAX_COUNTED - 1}+"


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list: its items, its number (from 1), how many pages and items there are in all.

    If the list `is_capped`, `pages` and `total` count only its beginning.
    """

    items: Sequence[T]
    number: int
    pages: int
    total: int
    is_capped: bool = False

    @property
    def previous(self) -> int | None:
        """The number of the page before, or None on the first."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the page after, or None on the last."""
        return self.number + 1 if self.number < self.pages else None


def pages_for(total: int, size: int) -> int:
    """How many pages hold `total` items; an empty list has one page."""
    return max(1, -(-total // size))


def clamp(number: int, pages: int) -> int:
    """The nearest page that exists."""
    return min(max(1, number), pages)


def page_of(query: Select[Any], number: int, size: int) -> Page[Any]:
    """The page `number` (from 1) of the entities of a query, `size` per page; the nearest page if out of range."""
    total = count_of(query)
    pages = min(pages_for(total, size), MAX_PAGE)
    number = clamp(number, pages)
    rows = db.session.scalars(query.limit(size).offset((number - 1) * size)).unique().all()
    return Page(rows, number, pages, total)


def rows_after(
    query: Select[Any], order: Sequence[Any], last: Sequence[Any] | None, size: int
) -> Sequence[Any]:
    """At most `size` entities of a query in an order, after the row with the values `last`; None: from the beginning.

    This is keyset pagination: however many rows there are, each batch costs the same, and rows that are added meanwhile
    do not shift the others. The columns of the order must never be null, be all ascending or all descending, and
    distinguish all rows.
    """
    if last is not None:
        query = query.where(_stands_after(order, last))
    return db.session.scalars(query.order_by(*order).limit(size)).unique().all()


def _stands_after(order: Sequence[Any], last: Sequence[Any]) -> ColumnElement[bool]:
    """In SQL: a row comes after the one with the values `last`."""
    falls = getattr(order[0], "modifier", None) is desc_op
    columns = [part.element if falls else part for part in order]
    values = [literal(value, column.type) for column, value in zip(columns, last, strict=True)]
    return tuple_(*columns) < tuple_(*values) if falls else tuple_(*columns) > tuple_(*values)


def rows_by_id(query: Select[Any], key: Any, *options: Any) -> Select[Any]:
    """A query whose limit and offset are applied in a subquery that selects only `key`, the entities' primary key.

    If an index contains the key, a page far down the list skips rows without reading them or what is joined to them.
    """
    found = query.with_only_columns(key).subquery()
    whole = select(key.class_).join(found, found.c[0] == key).options(*options)
    return whole.order_by(*query._order_by_clauses)


def count_of(query: Select[Any]) -> int:
    """How many rows a query finds."""
    inner = query.order_by(None).with_only_columns(query.selected_columns[0]).subquery()
    return db.session.scalar(select(func.count()).select_from(inner)) or 0
