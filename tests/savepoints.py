"""The one connection of a test: sessions that use it, and savepoints that exist only once something is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

LOCKING = " FOR "


class LazySavepoints:
    """Delay `SAVEPOINT` on an engine until the first statement that writes or locks, because most requests of the tests only read.

    Each request of a test is a savepoint. SQLAlchemy would compile its statements again each time, and a savepoint
    that is rolled back stays on the stack. The disadvantage: a SELECT that fails has no savepoint to return to, so
    that on PostgreSQL the rest of the test fails too.
    """

    def __init__(self, engine: Engine) -> None:
        self.pending: WeakKeyDictionary[Connection, list[str]] = WeakKeyDictionary()
        dialect: Any = engine.dialect
        dialect.do_savepoint = self._savepoint
        dialect.do_release_savepoint = self._release
        dialect.do_rollback_to_savepoint = self._roll_back
        event.listen(engine, "before_cursor_execute", self._before_execute)

    def _savepoint(self, connection: Connection, name: str) -> None:
        self.pending.setdefault(connection, []).append(name)

    def _before_execute(
        self, connection: Connection, _cursor: Any, statement: str, *_rest: Any
    ) -> None:
        pending = self.pending.get(connection)
        if pending and (not statement.startswith("SELECT") or LOCKING in statement):
            execute_on_driver(connection, *(f"SAVEPOINT {name}" for name in pending))
            pending.clear()

    def _release(self, connection: Connection, name: str) -> None:
        if not self._discard_pending(connection, name):
            execute_on_driver(connection, f"RELEASE {name}")

    def _roll_back(self, connection: Connection, name: str) -> None:
        if not self._discard_pending(connection, name):
            execute_on_driver(connection, f"ROLLBACK TO {name}", f"RELEASE {name}")

    def _discard_pending(self, connection: Connection, name: str) -> bool:
        """Forget a savepoint that was never created in the database; returns whether it was one."""
        pending = self.pending.get(connection, [])
        is_pending = name in pending
        if is_pending:
            pending.remove(name)
        return is_pending


def execute_on_driver(connection: Connection, *statements: str) -> None:
    """Execute statements on the driver's connection, without SQLAlchemy and without psycopg's cursors.

    A psycopg cursor forgets its prepared statements after a rollback, and PostgreSQL would plan every statement anew for
    each request.
    """
    driver: Any = connection.connection.driver_connection
    for statement in statements:
        if isinstance(driver, psycopg.Connection):
            result = driver.pgconn.exec_(statement.encode())
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError(result.get_error_message())
        else:
            driver.execute(statement)


class OneConnectionSession(Session):
    """A session that always uses the connection of the test; each of its transactions is a savepoint there."""

    connection_of_test: Connection

    def get_bind(self, *_args: Any, **_kwargs: Any) -> Connection:
        """The connection of the test, whatever the table."""
        return self.connection_of_test


session_factory = sessionmaker(
    class_=OneConnectionSession,
    expire_on_commit=False,
    join_transaction_mode="create_savepoint",
)


def page_versions_of_test(scopes: Iterable[str]) -> dict[str, int] | None:
    """The versions of cached pages by scope, as the transaction of the test sees them; None if they cannot be read.

    Read without SQLAlchemy, because the queries of a page must not include this one.
    """
    # These come from the code, so need no escaping
    quoted = ", ".join(f"'{scope}'" for scope in scopes)
    query = f"SELECT scope, number FROM page_version WHERE scope IN ({quoted})"
    try:
        driver: Any = OneConnectionSession.connection_of_test.connection.driver_connection
        return dict(driver.execute(query).fetchall())
    except (DBAPIError, psycopg.Error, sqlite3.Error):
        return None
