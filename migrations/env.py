"""Runs the migrations; called by `flask db …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, text

from forum.db import Base, Html, Moment, db
from forum.upkeep.queries import SCHEMA_PROBLEMS, schema_state

# Made by hand in a migration, because no model can say them.
UNMODELLED = ("document_fts", "words")
LOCK_TIMEOUT_MS = 600_000  # for another one who upgrades the same database at this moment
ADVISORY_LOCK_ID = 1_096_114_000  # any number that is always the same


def include_object(
    _object: object, name: str | None, kind: str, _reflected: bool, _other: object
) -> bool:
    """Leave out what the models do not speak of: the full-text index."""
    return not (name or "").startswith(UNMODELLED)


def render_type(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as the database's own, so that a migration outlives our code."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(item, Html) else False


def begin_exclusively(connection: Connection) -> None:
    """Begin a transaction that nobody else migrates in: a second one waits, and then finds everything done."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("COMMIT"))
        # Batch mode rebuilds tables; enforced keys would make it delete what points to them.
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text(f"PRAGMA busy_timeout={LOCK_TIMEOUT_MS}"))
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        usual = connection.scalar(text("SELECT current_setting('lock_timeout')"))
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK_ID})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{usual}'"))


@contextmanager
def discarded_afterwards(connection: Connection) -> Iterator[None]:
    """Let nobody have the connection afterwards that checks no keys and waits for minutes."""
    try:
        yield
    finally:
        if connection.dialect.name == "sqlite":
            connection.invalidate()


@contextmanager
def explain_newer_schema(connection: Connection) -> Iterator[None]:
    """Say of a database of a newer version what every command says of it, and not which revision nobody finds."""
    try:
        yield
    except CommandError as error:
        if schema_state(connection) != "newer":
            raise
        raise click.ClickException(SCHEMA_PROBLEMS["newer"]) from error


def run() -> None:
    """Bring the database to the wanted version, on one connection."""
    engine = context.config.attributes.get("engine") or db.engine  # of another database, see upkeep
    with engine.connect() as connection, discarded_afterwards(connection):
        begin_exclusively(connection)
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        render_item=render_type,
        **current_app.extensions["migrate"].configure_args,
    )
    with explain_newer_schema(connection), context.begin_transaction():
        context.run_migrations()
    connection.commit()


run()
