"""The version of the forum, and that of the database's schema compared with this code."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, column, inspect, select, table

from forum import web
from forum.copies import last_aside
from forum.db import db
from forum.migrating import FOLDER, revisions

VERSIONS = table("alembic_version", column("version_num"))
SchemaState = Literal["ours", "older", "newer", "none"]


def version() -> str:
    """The version of the forum."""
    with (FOLDER.parent / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def schema_state(connection: Connection | None = None) -> SchemaState:
    """The state of the database's schema relative to this code. Two quick queries, so it can be checked often.

    `ours`: they match. `older`: migrations have to be run. `newer`: a newer version of the code, or another program,
    has migrated it. `none`: no migration has ever run.
    """
    versions = _versions(connection or db.session.connection())
    if not versions:
        return "none"
    heads, known = revisions()
    if versions == heads:
        return "ours"
    return "older" if versions <= known else "newer"


def _versions(connection: Connection) -> frozenset[str]:
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.scalars(select(VERSIONS.c.version_num)))


def schema_problem() -> str:
    """Why the forum cannot work with its database, as a sentence; empty if it can. Keeps no connection."""
    with db.engine.connect() as connection:
        state = schema_state(connection)
    if state != "none":
        return SCHEMA_PROBLEMS[state]
    if web.settings().is_demo:  # `flask setup` is for a real forum
        return "The database is empty. Run `flask db upgrade` and `flask demo` first."
    return _moved_away_problem() or SCHEMA_PROBLEMS[state]


def _moved_away_problem() -> str:
    """A sentence that the forum was moved from this SQLite file to another database; empty if it was not."""
    url = db.engine.url
    aside = last_aside(Path(url.database or "")) if url.get_backend_name() == "sqlite" else None
    if aside is None:
        return ""
    return (
        f"The database is empty. The forum was moved to another one, and its old file is {aside}. "
        "Set FORUM_DATABASE_URL to where it lives now."
    )


SCHEMA_PROBLEMS: dict[SchemaState, str] = {
    "ours": "",
    "older": "The database is of an older version of the forum. Run `flask db upgrade` first.",
    "newer": "The database is of a newer version of the forum. Install that version, or restore a backup.",
    "none": "The database is empty. For a new forum run `flask setup`. If there is one already, FORUM_DATA or "
    "FORUM_DATABASE_URL is not what it is where that runs.",
}


def known_revisions() -> frozenset[str]:
    """The migrations that this code has, from whose schema it can upgrade."""
    return revisions()[1]
