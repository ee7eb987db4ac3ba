"""The base class of the models, and the types of their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import DateTime, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

MAX_ID = 2**31 - 1  # the largest value of the id columns of both databases
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def possible_ids(numbers: Iterable[int]) -> list[int]:
    """Those of some numbers that can be the id of a row: others are in no column, and PostgreSQL would refuse them."""
    return [number for number in numbers if 0 < number <= MAX_ID]


class Moment(TypeDecorator[datetime]):
    """A time-zone-aware datetime in UTC on both databases (SQLite alone would return naive ones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert to UTC before it is stored."""
        return value.astimezone(UTC) if value else None

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Return values as UTC."""
        read: Callable[[Any], Any] | None = self.impl_instance.result_processor(dialect, coltype)

        # A page reads two hundred values of these types, so every function call counts.
        def process(value: Any) -> datetime | None:
            if value is None:
                return None
            moment: datetime = read(value) if read else value
            if moment.tzinfo is UTC:
                return moment
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

        return process


class Html(TypeDecorator[Markup]):
    """HTML that `markup.write` made; returned as `Markup`, so that templates print it without escaping."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Store as plain text."""
        return None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Return values as `Markup`."""
        return _as_html


def _as_html(value: str | None) -> Markup | None:
    return None if value is None else Markup(value)


class Base(DeclarativeBase):
    """The base class of all models: constraint names, and column types for annotations."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: Moment(), Markup: Html(), str: String(200)}


def partial_index(condition: str) -> dict[str, Any]:
    """The keyword arguments that make an `Index` a partial one on both databases: `condition` is SQL."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
