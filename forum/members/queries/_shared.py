"""What several files of this folder need: a limit, the size of a city, and the distinct values of an indexed column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, case, literal, select

from forum.members.models import CITY_SIZES, LARGEST_SIZE, City

MAX_LISTED = 2_000  # rows of lists that have no pages


def city_size() -> ColumnElement[str]:
    """In SQL: the class of a city among `CITY_SIZES`, like `City.size` in Python."""
    steps = [(City.population < limit, literal(size)) for size, limit in CITY_SIZES]
    return case(*steps, else_=literal(LARGEST_SIZE))


def distinct_values(column: Any, rows: Select[Any]) -> CTE:
    """The distinct values of an indexed column among some rows, as a recursive common table expression named `value`.

    It steps from each value to the next one in the index (a loose index scan), so its cost depends on the number of
    values and not on how many rows share each of them.
    """
    least = rows.with_only_columns(column.label("value")).order_by(column).limit(1)
    first = select(least.where(column.is_not(None)).scalar_subquery().label("value"))
    values = first.cte("values_of", recursive=True)
    following = least.where(column > values.c.value).scalar_subquery()
    return values.union_all(select(following).where(values.c.value.is_not(None)))
