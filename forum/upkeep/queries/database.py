"""The state of the database: whether it can be written, whether its file exists, its name and size."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from forum.db import db
from forum.engines import is_locked, without_waiting

WRITE_NOTHING = text("UPDATE alembic_version SET version_num = version_num WHERE 0")
IS_WRITABLE = text("SELECT NOT current_setting('transaction_read_only')::bool")


def is_writable() -> bool:
    """Whether the database can be written: neither the file nor the server is read-only. Changes nothing, waits for no lock.

    A database that is locked by another writer counts as writable.
    """
    try:
        with without_waiting(), db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.execution_options(is_writing=True).execute(WRITE_NOTHING)
                return True
            return bool(connection.scalar(IS_WRITABLE))
    except OperationalError as error:
        return is_locked(error)


def is_file_gone() -> bool:
    """Whether the SQLite file was deleted or moved: then writes go to a file without a name, and are lost."""
    url = db.engine.url
    name = url.database or ""
    is_file = url.get_backend_name() == "sqlite" and name not in ("", ":memory:")
    return is_file and not name.startswith("file:") and not Path(name).exists()


def database_size() -> tuple[str, int]:
    """The database's name with its version, and its size on disk in bytes."""
    version, size = db.session.execute(SIZE_QUERIES[db.session.get_bind().dialect.name]).one()
    return str(version), int(size)


SIZE_QUERIES = {
    "sqlite": text(
        "SELECT 'SQLite ' || sqlite_version(), page_count * page_size"
        " FROM pragma_page_count(), pragma_page_size()"
    ),
    "postgresql": text(
        "SELECT 'PostgreSQL ' || current_setting('server_version'),"
        " pg_database_size(current_database())"
    ),
}
