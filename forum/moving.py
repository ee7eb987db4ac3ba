"""Everything from one database into another, SQLite or PostgreSQL: copied table by table, and compared row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    inspect,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from forum.db import Base, analyze, is_locked
from forum.errors import Refusal

BATCH = 1_000
MAX_REPORTED = 20
OWN_TABLES = ("alembic_version", "document_fts", "member_fts")
# In the target while a move is under way: how far each table is. The row "" says where from.
MARKER = Table(
    "move_under_way",
    MetaData(),
    Column("name", String(60), primary_key=True),
    Column("last", JSON),
)
Note = Callable[[int], object]  # is told how many rows more are done


def total(source: Engine) -> int:
    """How many rows there are to copy and to compare, for a progress bar."""
    with source.connect() as connection:
        return 2 * sum(_count(connection, rows) for rows in Base.metadata.sorted_tables)


def is_under_way(target: Engine) -> bool:
    """Whether a move into the target was begun and has not ended."""
    return inspect(target).has_table(MARKER.name)


def refuse_what_is_in_use(target: Engine) -> None:
    """Raise `Refusal` when the target holds anything that this move has not put there."""
    known = {*Base.metadata.tables, MARKER.name}
    with target.connect() as connection:
        names = inspect(connection).get_table_names()
        if others := [
            name for name in names if name not in known and not name.startswith(OWN_TABLES)
        ]:
            raise Refusal(f"The target holds something else: {', '.join(sorted(others)[:5])}.")
        for rows in Base.metadata.sorted_tables:
            if rows.name in names and connection.scalar(
                select(exists(select(1).select_from(rows)))
            ):
                raise Refusal(f"The target holds rows already, in {rows.name}.")


def begin(target: Engine, origin: str) -> None:
    """Mark the target, whose tables are there, as the one of a move from `origin`; goes on with one that was begun."""
    MARKER.create(target, checkfirst=True)
    with _writing(target) as connection:
        begun = connection.scalar(select(MARKER.c.last).where(MARKER.c.name == ""))
        if begun is None:
            connection.execute(insert(MARKER).values(name="", last=origin))
        elif begun != origin:
            raise Refusal(f"A move from {begun} into this database is under way.")


def start_again(target: Engine) -> None:
    """Empty the target of a move that was begun."""
    with _writing(target) as connection:
        for rows in Base.metadata.sorted_tables:
            if late := _deferred_columns(rows):
                connection.execute(update(rows).values(dict.fromkeys(late)))
        for rows in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(rows))
    MARKER.drop(target, checkfirst=True)


def move(source: Engine, target: Engine, note: Note) -> dict[str, int]:
    """Copy every table and compare it; says how many rows each has. Nobody can write to the source meanwhile.

    Started again after a kill it goes on where it was. Raises `Refusal` when a row cannot be copied, or differs.
    """
    with _locked_source(source) as origin:
        for rows in Base.metadata.sorted_tables:
            _copy(origin, target, rows, note)
        for rows in Base.metadata.sorted_tables:
            if late := _deferred_columns(rows):
                _fill_deferred(origin, target, rows, late)
        _set_sequences(target)
        counts = _compare_all(origin, target, note)
    MARKER.drop(target)
    analyze(target)
    return counts


@contextmanager
def _locked_source(source: Engine) -> Iterator[Connection]:
    """The source, of which everybody may read and nobody write."""
    try:
        with source.execution_options(is_writing=True).connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                names = ", ".join(f'"{name}"' for name in Base.metadata.tables)
                connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
            yield connection
    except OperationalError as error:
        if is_locked(error):
            raise Refusal("Somebody is writing to the source. Stop the forum first.") from error
        raise


@contextmanager
def _writing(target: Engine) -> Iterator[Connection]:
    with target.execution_options(is_writing=True).begin() as connection:
        yield connection


def _count(connection: Connection, rows: Table) -> int:
    return connection.scalar(select(func.count()).select_from(rows)) or 0


# Copying


def _copy(origin: Connection, target: Engine, rows: Table, note: Note) -> None:
    """Copy what is missing of a table; each batch is saved together with how far it goes."""
    with _writing(target) as connection:
        known = connection.execute(select(MARKER).where(MARKER.c.name == rows.name)).one_or_none()
        if known is None:
            connection.execute(insert(MARKER).values(name=rows.name))
        note(_count(connection, rows))
    query = _in_order(rows, origin)
    if known and known.last:
        query = query.where(tuple_(*_key(rows, origin)) > tuple_(*known.last))
    late = dict.fromkeys(_deferred_columns(rows))
    for batch in _batches(origin, query):
        values = [dict(row) | late for row in batch]
        with _writing(target) as connection:
            _insert(connection, rows, values)
            last = [values[-1][column.name] for column in rows.primary_key]
            mark = update(MARKER).where(MARKER.c.name == rows.name)
            connection.execute(mark.values(last=last))
        note(len(values))


def _insert(connection: Connection, rows: Table, values: Sequence[dict[str, Any]]) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(rows), values)
    except DatabaseError as error:
        raise Refusal(_rejected_row(connection, rows, values) or str(error.orig)) from error


def _rejected_row(
    connection: Connection, rows: Table, values: Sequence[dict[str, Any]]
) -> str | None:
    """Which of some rows the target does not take, and why."""
    for row in values:
        try:
            with connection.begin_nested():
                connection.execute(insert(rows), row)
        except DatabaseError as error:
            return f"The target does not take {_row_name(rows, row)}: {str(error.orig).strip()}"
    return None


def _row_name(rows: Table, row: Any) -> str:
    return f"{rows.name} {'/'.join(str(row[column.name]) for column in rows.primary_key)}"


def _in_order(rows: Table, connection: Connection) -> Select[Any]:
    return select(rows).order_by(*_key(rows, connection))


def _key(rows: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """The primary key, texts in an order that both databases agree on: that of their bytes."""
    is_sqlite = connection.dialect.name == "sqlite"
    return [
        column if is_sqlite or not isinstance(column.type, String) else column.collate("C")
        for column in rows.primary_key
    ]


def _batches(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    found = connection.execute(query.execution_options(yield_per=BATCH))
    yield from found.mappings().partitions()


def _deferred_columns(rows: Table) -> list[str]:
    """Columns that lead to rows which may be copied later: of the same table, or in a circle of tables."""
    return [
        key.parent.name for key in rows.foreign_keys if key.use_alter or key.column.table is rows
    ]


def _fill_deferred(origin: Connection, target: Engine, rows: Table, late: Sequence[str]) -> None:
    which = [column == bindparam(f"key_{column.name}") for column in rows.primary_key]
    change = update(rows).where(*which).values({name: bindparam(f"new_{name}") for name in late})
    said = _in_order(rows, origin).where(or_(*(rows.c[name].is_not(None) for name in late)))
    for batch in _batches(origin, said):
        values = [
            {f"key_{column.name}": row[column.name] for column in rows.primary_key}
            | {f"new_{name}": row[name] for name in late}
            for row in batch
        ]
        with _writing(target) as connection:
            connection.execute(change, values)


def _set_sequences(target: Engine) -> None:
    """Let PostgreSQL number new rows after those that were copied."""
    with _writing(target) as connection:
        if connection.dialect.name != "postgresql":
            return
        for rows in Base.metadata.sorted_tables:
            named = func.pg_get_serial_sequence(f'"{rows.name}"', "id")
            if "id" in rows.c and (name := connection.scalar(select(named))):
                last = connection.scalar(select(func.max(rows.c.id)))
                connection.scalar(select(func.setval(name, last or 1, last is not None)))


# Comparing


def _compare_all(origin: Connection, target: Engine, note: Note) -> dict[str, int]:
    counts, faults = {}, list[str]()
    with target.connect() as connection:
        for rows in Base.metadata.sorted_tables:
            pairs = zip_longest(
                _rows(origin, rows, note), _rows(connection, rows, lambda _number: None)
            )
            counts[rows.name] = 0
            for ours, theirs in pairs:
                counts[rows.name] += 1
                if ours != theirs and len(faults) < MAX_REPORTED:
                    faults.append(_row_name(rows, ours or theirs))
    if faults:
        raise Refusal(f"These rows differ, or are there once only: {', '.join(faults)}.")
    return counts


def _rows(connection: Connection, rows: Table, note: Note) -> Iterator[dict[str, Any]]:
    for batch in _batches(connection, _in_order(rows, connection)):
        yield from map(dict, batch)
        note(len(batch))
