"""Connections to SQLite and PostgreSQL: their options and timeouts, kinds of errors, and maintenance statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from functools import cache, cached_property
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event, exists, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from forum.columns import Base
from forum.lazy import library

# With two tries (`deeds.BUSY_TRIES`), and the wait for admission before that, a writer is answered within five
# seconds.
BUSY_TIMEOUT_MS = 1_500
# Statements that each PostgreSQL connection keeps prepared: about as many as the forum has
MAX_PREPARED_STATEMENTS = 400
# SQLSTATEs of a prepared statement that the server rejects: it was planned for an older schema ("cached plan must not
# change result type"), is unknown, or exists already. Behind a pooler, one of our connections may use several
# connections of the server.
STALE_STATEMENT_CODES = {"0A000", "26000", "42P05"}
# SQLSTATEs of a missing privilege, and of writing to a server that is read-only at the moment
NO_ACCESS_CODES = {"42501", "25006"}
# SQLSTATEs of a lock that another transaction holds, and of a deadlock
LOCK_CODES = {"55P03", "40P01", sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
ENGINE_OPTIONS = {
    # Errors are logged, and the log must not contain members' texts or hashes
    "hide_parameters": True,
    # The most recently used connection has the most in its caches: pages, prepared statements
    "pool_use_lifo": True,
}
_is_page: ContextVar[bool] = ContextVar("is_page", default=False)


def read_without_transactions(app: Flask) -> None:
    """Let requests read without transactions on PostgreSQL, where they have no benefit; see `_set_autocommit`."""

    def begin() -> None:
        _is_page.set(True)

    def end(_error: BaseException | None) -> None:
        _is_page.set(False)

    app.before_request(begin)
    app.teardown_request(end)


_is_impatient: ContextVar[bool] = ContextVar("is_impatient", default=False)


def is_impatient() -> bool:
    """Whether the running code is inside `without_waiting`."""
    return _is_impatient.get()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Inside, an action raises `Busy` at once if the database is locked; for what a GET stores, such as reading positions."""
    token = _is_impatient.set(True)
    try:
        yield
    finally:
        _is_impatient.reset(token)


def conninfo(url: URL) -> str:
    """The libpq connection string (keywords and values, with the password) of a PostgreSQL database.

    psycopg and PostgreSQL's own programs would misread the URL: a space in its options is written as `+` there.
    """
    _args, options = url.get_dialect()().create_connect_args(url)
    return str(library("psycopg.conninfo").make_conninfo(**options))


def checkpoint_wal(engine: Engine) -> None:
    """Move everything from SQLite's write-ahead log into the database file, and empty the log.

    While other connections are busy, or when the disk is full, some of it stays in the log, where it is just as safe.
    Does nothing on PostgreSQL.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def filled_table(connection: Connection) -> str:
    """The name of one of the forum's tables that has a row; empty if all are empty."""
    there = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name in there and connection.scalar(select(exists(select(1).select_from(table)))):
            return table.name
    return ""


def analyze(engine: Engine) -> None:
    """Make PostgreSQL update its planner statistics after many rows were added at once.

    By itself it does so only minutes later, and until then plans as for empty tables (PostgreSQL's manual,
    "Populating a Database"). Tables that are locked are skipped. Does nothing on SQLite.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")


def is_locked(error: OperationalError) -> bool:
    """Whether a statement failed because another transaction held a lock for too long."""
    # Without the bits of SQLite's extended codes
    primary_code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return primary_code in LOCK_CODES or getattr(error.orig, "sqlstate", None) in LOCK_CODES


def is_away(error: DBAPIError) -> bool:
    """Whether an error is the fault of the database (its server, file, privileges or address) and not of the statement."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in NO_ACCESS_CODES:
        return True
    if type(error) is ProgrammingError and error.statement is None and sqlstate is None:
        return True  # psycopg rejects an option in the address before it connects
    is_bad_statement = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"
    return type(error) in (OperationalError, DatabaseError) and not is_bad_statement


def is_outage(error: Exception) -> bool:
    """Whether an error is one of the database that the next statement would meet, too, and not the fault of one statement."""
    if isinstance(error, DBAPIError):
        return is_away(error)
    return isinstance(error, SQLAlchemyError)  # such as a pool without a free connection


@event.listens_for(Engine, "handle_error")
def _drop_stale_connection(context: ExceptionContext) -> None:
    """Discard a connection whose prepared statements the server rejects: they would fail again and again."""
    if getattr(context.original_exception, "sqlstate", "") in STALE_STATEMENT_CODES:
        context.is_disconnect = True


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # so that `_begin` sends BEGIN itself
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # Kilobytes for each connection; the operating system caches the file anyway
            "cache_size=-2000",
        ):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _prepare_postgresql(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        connection.prepared_max = MAX_PREPARED_STATEMENTS
        connection.cursor_factory = _lazy_cursor()
        connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.commit()


@cache
def _lazy_cursor() -> Any:
    """psycopg's cursor class with a `description` that is built when it is read.

    SQLAlchemy asks of each result whether it has a description, but reads it only when a statement is new. Building
    an object for each column of each result took a thirtieth of the time of a member's page.
    """
    cursor_class = library("psycopg").Cursor

    def description(cursor: Any) -> Any:
        result = cursor.pgresult
        if result is not None and result.nfields:
            return _LazyDescription(lambda: cursor_class.description.__get__(cursor))
        return cursor_class.description.__get__(cursor)

    return type("Cursor", (cursor_class,), {"description": property(description)})


class _LazyDescription(Sequence[Any]):
    """The description of a result that has columns (so it is truthy), built when it is first read."""

    def __init__(self, describe: Callable[[], Sequence[Any]]) -> None:
        self._describe = describe

    @cached_property
    def _columns(self) -> Sequence[Any]:
        return self._describe()

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, index: Any) -> Any:
        return self._columns[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._columns)


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    wait_ms = 1 if is_writing and is_impatient() else BUSY_TIMEOUT_MS
    if connection.dialect.name == "sqlite":
        with _busy_timeout(connection.connection.driver_connection, wait_ms):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
        return
    _set_autocommit(connection, _is_page.get() and not is_writing)
    if wait_ms != BUSY_TIMEOUT_MS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")


def _set_autocommit(connection: Any, is_autocommit: bool) -> None:
    """Let psycopg execute each statement by itself, or begin a transaction as usual.

    On PostgreSQL a read-only transaction has no benefit: at READ COMMITTED two of its statements may see different
    commits anyway. It costs two round trips, and its rollback makes psycopg forget prepared statements.
    """
    driver = connection.connection.driver_connection
    if is_autocommit != connection.info.get("is_autocommit", False) and not driver.closed:
        driver.autocommit = connection.info["is_autocommit"] = is_autocommit


@contextmanager
def _busy_timeout(connection: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Inside, wait so many milliseconds for a lock on SQLite instead of `BUSY_TIMEOUT_MS`."""
    if milliseconds == BUSY_TIMEOUT_MS:
        yield
        return
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
