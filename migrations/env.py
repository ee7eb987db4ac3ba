"""Runs the migrations; called by `flask db …`."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

from forum.db import Base, Html, Moment, db

# Made by hand in a migration, because no model can say them.
BY_HAND = ("document_fts", "words")


def include(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave out what the models do not speak of: the full-text index."""
    return not (name or "").startswith(BY_HAND)


def plainly(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as the database's own, so that a migration outlives our code."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(item, Html) else False


def run() -> None:
    """Bring the database to the wanted version, on one connection."""
    engine = context.config.attributes.get("engine") or db.engine  # of another database, see upkeep
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Batch mode rebuilds tables; enforced keys would make it delete what points to them.
            connection.execute(text("COMMIT"))
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            connection.execute(text("BEGIN IMMEDIATE"))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include,
            render_item=plainly,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
