"""Runs the migrations; called by `flask db …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, text

from forum.columns import Base, Html, Moment
from forum.db import db
from forum.upkeep.queries import SCHEMA_PROBLEMS, schema_state

# Created by hand in a migration, because models cannot describe them
UNMODELLED = ("document_fts", "member_fts", "words")
LOCK_TIMEOUT_MS = 600_000  # while another process migrates the same database
ADVISORY_LOCK_ID = 1_096_114_000  # any constant


def include_object(
    _object: object, name: str | None, _kind: str, _reflected: bool, _other: object
) -> bool:
    """Ignore what is not in the models: the full-text indexes."""
    return not (name or "").startswith(UNMODELLED)


def render_type(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as those of SQLAlchemy, so that migrations do not depend on them."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(item, Html) else False


def begin_exclusively(connection: Connection) -> None:
    """Begin a transaction in which no other process migrates: a second one waits, and then finds everything done."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("COMMIT"))
        # Batch mode rebuilds tables; with enforced foreign keys it would delete the rows that point to them.
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
    """Discard the SQLite connection afterwards, because it enforces no foreign keys and waits for minutes."""
    try:
        yield
    finally:
        if connection.dialect.name == "sqlite":
            connection.invalidate()


@contextmanager
def explain_newer_schema(connection: Connection) -> Iterator[None]:
    """Turn Alembic's error about an unknown revision into what every command says about a newer database."""
    try:
        yield
    except CommandError as error:
        if schema_state(connection) != "newer":
            raise
        raise click.ClickException(SCHEMA_PROBLEMS["newer"]) from error


def run() -> None:
    """Run the migrations on one connection."""
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
