"""Connections to SQLite and PostgreSQL: how they begin, wait and fail, and what else their engines are asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event, exists, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, ProgrammingError

from forum.columns import Base
from forum.lazy import library

# With two tries (`deeds.BUSY_TRIES`), and the wait for admission before them, a writer is answered within five seconds.
BUSY_TIMEOUT_MS = 1_500
# Statements that each connection to PostgreSQL keeps prepared: about as many as the forum has
MAX_PREPARED_STATEMENTS = 400
# SQLSTATE of a prepared statement that was planned for an older schema ("cached plan must not change result type"), that
# the server does not know, or knows already: behind a pooler one connection of ours may be several of the server's.
STALE_STATEMENT_CODES = {"0A000", "26000", "42P05"}
# SQLSTATE of what the role has no privilege for, and of writing to a server that is read-only at the moment
NO_ACCESS_CODES = {"42501", "25006"}
# Of a lock that another transaction holds, and of a deadlock
LOCK_CODES = {"55P03", "40P01", sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
ENGINE_OPTIONS = {
    "hide_parameters": True,  # errors are logged, and must not log what people write, nor hashes
    "pool_use_lifo": True,  # the connection used last has most cached: pages, prepared statements
}
_is_page: ContextVar[bool] = ContextVar("is_page", default=False)


def read_without_transactions(app: Flask) -> None:
    """Let requests read without transactions on PostgreSQL, where one would give nothing; see `_set_autocommit`."""

    def begin() -> None:
        _is_page.set(True)

    def end(_error: BaseException | None) -> None:
        _is_page.set(False)

    app.before_request(begin)
    app.teardown_request(end)


_is_impatient: ContextVar[bool] = ContextVar("is_impatient", default=False)


def is_impatient() -> bool:
    """Whether the code that runs does so within `without_waiting`."""
    return _is_impatient.get()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Within, an action raises `Busy` at once if the database is locked: for what a GET notes, such as how far one read."""
    token = _is_impatient.set(True)
    try:
        yield
    finally:
        _is_impatient.reset(token)


def conninfo(url: URL) -> str:
    """The connection string (libpq's keywords and values, password included) of a PostgreSQL database.

    psycopg and PostgreSQL's own programs would misread the URL: a space in its options is written as `+` there.
    """
    _args, options = url.get_dialect()().create_connect_args(url)
    return str(library("psycopg.conninfo").make_conninfo(**options))


def checkpoint_wal(engine: Engine) -> None:
    """Move what SQLite has committed to its write-ahead log into the database file, and empty the log.

    While other connections are busy, or when the disk is full, some of it stays in the log, where it is just as safe. Does
    nothing on PostgreSQL.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def filled_table(connection: Connection) -> str:
    """The name of a table of the forum that holds a row; empty if none does."""
    there = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name in there and connection.scalar(select(exists(select(1).select_from(table)))):
            return table.name
    return ""


def analyze(engine: Engine) -> None:
    """Let PostgreSQL update its planner statistics after many rows were added at once.

    By itself it does so some minutes later, and until then it plans for empty tables (PostgreSQL's manual, "Populating a
    Database"). Tables that are locked are skipped. Does nothing on SQLite.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")


def is_locked(error: OperationalError) -> bool:
    """Whether a statement failed because another transaction held a lock for too long."""
    primary_code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # without SQLite's extension
    return primary_code in LOCK_CODES or getattr(error.orig, "sqlstate", None) in LOCK_CODES


def is_away(error: DBAPIError) -> bool:
    """Whether the database is to blame (its server, its file, the role's privileges, its address) and not the statement."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in NO_ACCESS_CODES:
        return True
    if type(error) is ProgrammingError and error.statement is None and sqlstate is None:
        return True  # psycopg takes no such option of an address, and has not connected
    is_bad_statement = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"
    return type(error) in (OperationalError, DatabaseError) and not is_bad_statement


@event.listens_for(Engine, "handle_error")
def _drop_stale_connection(context: ExceptionContext) -> None:
    """Discard a connection whose prepared statements the server does not accept: they would fail again and again."""
    if getattr(context.original_exception, "sqlstate", "") in STALE_STATEMENT_CODES:
        context.is_disconnect = True


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # BEGIN is sent by `_begin`
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-2000",  # kilobytes for each connection; the operating system caches the file anyway
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

    SQLAlchemy asks each result whether it has a description, but reads it only when a statement is new. To build one
    object for each column of each result took a thirtieth of the time of a member's page.
    """
    cursor_class = library("psycopg").Cursor

    def description(cursor: Any) -> Any:
        result = cursor.pgresult
        if result is not None and result.nfields:
            return _LazyDescription(lambda: cursor_class.description.__get__(cursor))
        return cursor_class.description.__get__(cursor)

    return type("Cursor", (cursor_class,), {"description": property(description)})


class _LazyDescription(Sequence[Any]):
    """The description of a result that has columns (and so is true), built each time that it is read."""

    def __init__(self, describe: Callable[[], Sequence[Any]]) -> None:
        self._describe = describe

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._describe())

    def __getitem__(self, index: Any) -> Any:
        return self._describe()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._describe())


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

    A transaction that only reads gives nothing on PostgreSQL: at READ COMMITTED the commits of others are seen between two
    of its statements all the same. It costs two messages, and its rollback makes psycopg forget prepared statements.
    """
    driver = connection.connection.driver_connection
    if is_autocommit != connection.info.get("is_autocommit", False) and not driver.closed:
        driver.autocommit = connection.info["is_autocommit"] = is_autocommit


@contextmanager
def _busy_timeout(connection: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Within, wait so long for a lock on SQLite instead of `BUSY_TIMEOUT_MS`."""
    if milliseconds == BUSY_TIMEOUT_MS:
        yield
        return
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
