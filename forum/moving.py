"""Moving a forum to another database, SQLite or PostgreSQL: copied table by table, then compared row by row."""

from __future__ import annotations

import time
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
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
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

from forum.columns import Base
from forum.engines import analyze, filled_table, is_locked
from forum.errors import Refusal

ROWS_AT_ONCE = 1_000  # rows that are in memory at once
LARGE_ROWS_AT_ONCE = 20  # rows with large binary values, such as pictures of some hundred kB each
MAX_REPORTED = 20
OWN_TABLES = ("alembic_version", "document_fts", "member_fts")
# A table in the target, during a move, with the key of the last copied row of each table; the row with an empty name
# holds the source.
MARKER = Table(
    "move_under_way",
    MetaData(),
    Column("name", String(60), primary_key=True),
    Column("last", JSON),
)
# SQLite's own table for ids that are never reused: the last id of each table
SQLITE_SEQUENCE = Table(
    "sqlite_sequence", MetaData(), Column("name", String), Column("seq", Integer)
)
# For PostgreSQL to note that a program which has ended is no longer connected
CLOSING_SECONDS = 3.0
MAX_NAMED = 5  # connections in a sentence
# Of other roles PostgreSQL does not tell everybody; a forum has one
CONNECTED = text(
    """SELECT pid, application_name, host(client_addr) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
    AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"""
)
Note = Callable[[int], object]  # called with the number of rows done since the last call


def total(source: Engine) -> int:
    """How many rows there are to copy and to compare, for a progress bar."""
    with source.connect() as connection:
        return 2 * sum(_count(connection, table) for table in Base.metadata.sorted_tables)


def is_under_way(target: Engine) -> bool:
    """Whether a move into the target has begun and not ended."""
    return inspect(target).has_table(MARKER.name)


def refuse_what_is_in_use(target: Engine) -> None:
    """Raise `Refusal` if the target contains other tables, or rows already."""
    known = {*Base.metadata.tables, MARKER.name}
    with target.connect() as connection:
        names = inspect(connection).get_table_names()
        if others := [
            name for name in names if name not in known and not name.startswith(OWN_TABLES)
        ]:
            raise Refusal(f"The target holds something else: {', '.join(sorted(others)[:5])}.")
        if filled := filled_table(connection):
            raise Refusal(f"The target holds rows already, in {filled}.")


def refuse_if_connected(engine: Engine, called: str) -> None:
    """Raise `Refusal` while another program is connected to a PostgreSQL database (`called` so) with the role of the forum.

    A forum that runs would go on writing there, and what it writes after the move would be lost. The sentence says how to
    end one that nobody can stop: of a machine that is gone PostgreSQL learns hours later, and poolers keep some open.
    """
    until = time.monotonic() + CLOSING_SECONDS
    while named := _connected(engine):
        if time.monotonic() > until:
            raise Refusal(
                f"{called} is in use: connected are {', '.join(named)}. PostgreSQL ends one that is left over"
                " by: SELECT pg_terminate_backend(NUMBER)."
            )
        time.sleep(0.1)


def _connected(engine: Engine) -> list[str]:
    """The connections of others, each with its number in PostgreSQL, the name of its program if it says one, and from where."""
    with engine.connect() as connection:
        rows = connection.execute(CONNECTED).all()
    named = [
        " ".join(filter(None, (f"{number}", program and f"({program})", host and f"from {host}")))
        for number, program, host in rows
    ]
    return named[:MAX_NAMED] + (["…"] if named[MAX_NAMED:] else [])


def begin(target: Engine, origin: str) -> None:
    """Mark the target, whose tables exist, as that of a move from `origin`; a move that has begun is continued.

    Raises `Refusal` if a move from elsewhere has begun.
    """
    MARKER.create(target, checkfirst=True)
    with _writing(target) as connection:
        begun = connection.scalar(select(MARKER.c.last).where(MARKER.c.name == ""))
        if begun is None:
            connection.execute(insert(MARKER).values(name="", last=origin))
        elif begun != origin:
            raise Refusal(f"A move from {begun} into this database is under way.")


def start_again(target: Engine) -> None:
    """Empty the target of a move that has begun."""
    with _writing(target) as connection:
        for table in Base.metadata.sorted_tables:
            if late := _deferred_columns(table):
                connection.execute(update(table).values(dict.fromkeys(late)))
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
    MARKER.drop(target, checkfirst=True)


def move(source: Engine, target: Engine, note: Note) -> dict[str, int]:
    """Copy every table and compare it; returns the number of rows of each. The source is locked against writing.

    If it was killed, it continues from there. Raises `Refusal` if a row cannot be copied, or differs.
    """
    with _locked_source(source) as origin:
        for table in Base.metadata.sorted_tables:
            _copy(origin, target, table, note)
        for table in Base.metadata.sorted_tables:
            if late := _deferred_columns(table):
                _fill_deferred(origin, target, table, late)
        _set_sequences(origin, target)
        counts = _compare_all(origin, target, note)
    MARKER.drop(target)
    analyze(target)
    return counts


@contextmanager
def _locked_source(source: Engine) -> Iterator[Connection]:
    """A connection to the source, locked so that others can read and not write."""
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


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


# Copying


def _copy(origin: Connection, target: Engine, table: Table, note: Note) -> None:
    """Copy the missing rows of a table; each batch is committed together with its last key."""
    with _writing(target) as connection:
        known = connection.execute(select(MARKER).where(MARKER.c.name == table.name)).one_or_none()
        if known is None:
            connection.execute(insert(MARKER).values(name=table.name))
        note(_count(connection, table))
    query = _in_order(table, origin)
    if known and known.last:
        query = query.where(tuple_(*_key(table, origin)) > tuple_(*known.last))
    late = dict.fromkeys(_deferred_columns(table))
    for batch in _batches(origin, query, _rows_at_once(table)):
        values = [dict(row) | late for row in batch]
        with _writing(target) as connection:
            _insert(connection, table, values)
            last = [values[-1][column.name] for column in table.primary_key]
            mark = update(MARKER).where(MARKER.c.name == table.name)
            connection.execute(mark.values(last=last))
        note(len(values))


def _insert(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(table), values)
    except DatabaseError as error:
        raise Refusal(_rejected_row(connection, table, values) or str(error.orig)) from error


def _rejected_row(
    connection: Connection, table: Table, values: Sequence[dict[str, Any]]
) -> str | None:
    """Which of these rows the target rejects, and why."""
    for row in values:
        try:
            with connection.begin_nested():
                connection.execute(insert(table), row)
        except DatabaseError as error:
            return f"The target does not take {_row_name(table, row)}: {str(error.orig).strip()}"
    return None


def _row_name(table: Table, row: Any) -> str:
    return f"{table.name} {'/'.join(str(row[column.name]) for column in table.primary_key)}"


def _in_order(table: Table, connection: Connection) -> Select[Any]:
    return select(table).order_by(*_key(table, connection))


def _key(table: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """The columns of the primary key, with strings in an order that both databases share: by bytes."""
    is_sqlite = connection.dialect.name == "sqlite"
    return [
        column if is_sqlite or not isinstance(column.type, String) else column.collate("C")
        for column in table.primary_key
    ]


def _batches(connection: Connection, query: Select[Any], size: int) -> Iterator[Sequence[Any]]:
    found = connection.execute(query.execution_options(yield_per=size))
    yield from found.mappings().partitions()


def _rows_at_once(table: Table) -> int:
    has_bytes = any(isinstance(column.type, LargeBinary) for column in table.columns)
    return LARGE_ROWS_AT_ONCE if has_bytes else ROWS_AT_ONCE


def _deferred_columns(table: Table) -> list[str]:
    """Foreign keys that are set at the end, because they point to rows copied later: of the same table, or in a cycle."""
    return [
        key.parent.name for key in table.foreign_keys if key.use_alter or key.column.table is table
    ]


def _fill_deferred(origin: Connection, target: Engine, table: Table, late: Sequence[str]) -> None:
    which = [column == bindparam(f"key_{column.name}") for column in table.primary_key]
    change = update(table).where(*which).values({name: bindparam(f"new_{name}") for name in late})
    said = _in_order(table, origin).where(or_(*(table.c[name].is_not(None) for name in late)))
    for batch in _batches(origin, said, _rows_at_once(table)):
        values = [
            {f"key_{column.name}": row[column.name] for column in table.primary_key}
            | {f"new_{name}": row[name] for name in late}
            for row in batch
        ]
        with _writing(target) as connection:
            connection.execute(change, values)


def _set_sequences(origin: Connection, target: Engine) -> None:
    """Let new rows get ids above all that the source has ever given, including those of deleted rows."""
    with _writing(target) as connection:
        for table in Base.metadata.sorted_tables:
            if connection.dialect.name == "postgresql":
                if sequence := _sequence(connection, table):
                    last = _last_given(origin, table)
                    connection.scalar(select(func.setval(sequence, last or 1, last > 0)))
            elif table.dialect_options["sqlite"]["autoincrement"]:
                row = {"name": table.name, "seq": _last_given(origin, table)}
                connection.execute(
                    delete(SQLITE_SEQUENCE).where(SQLITE_SEQUENCE.c.name == table.name)
                )
                connection.execute(insert(SQLITE_SEQUENCE).values(row))


def _sequence(connection: Connection, table: Table) -> str | None:
    """The sequence for the ids of a table on PostgreSQL; None for a table without one."""
    if "id" not in table.c:
        return None
    return connection.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', "id")))


def _last_given(connection: Connection, table: Table) -> int:
    """The highest id that a row of a table has or, as far as the database remembers, had; 0 for none."""
    last = connection.scalar(select(func.max(table.c.id)))
    if connection.dialect.name == "postgresql":
        known = select(func.pg_sequence_last_value(_sequence(connection, table)))
    else:
        known = select(SQLITE_SEQUENCE.c.seq).where(SQLITE_SEQUENCE.c.name == table.name)
    return max(last or 0, connection.scalar(known) or 0)


# Comparing


def _compare_all(origin: Connection, target: Engine, note: Note) -> dict[str, int]:
    counts, faults = {}, list[str]()
    with target.connect() as connection:
        for table in Base.metadata.sorted_tables:
            pairs = zip_longest(
                _rows(origin, table, note), _rows(connection, table, lambda _number: None)
            )
            counts[table.name] = 0
            for ours, theirs in pairs:
                counts[table.name] += 1
                if ours != theirs and len(faults) < MAX_REPORTED:
                    faults.append(_row_name(table, ours or theirs))
    if faults:
        raise Refusal(f"These rows differ, or are there once only: {', '.join(faults)}.")
    return counts


def _rows(connection: Connection, table: Table, note: Note) -> Iterator[dict[str, Any]]:
    for batch in _batches(connection, _in_order(table, connection), _rows_at_once(table)):
        yield from map(dict, batch)
        note(len(batch))
