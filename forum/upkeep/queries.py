"""What the person who runs the server asks: whether the schema is the one that this code was written for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from alembic.script import ScriptDirectory
from sqlalchemy import column, inspect, select, table

from forum.db import db

MIGRATIONS = Path(__file__).parents[2] / "migrations"
VERSIONS = table("alembic_version", column("version_num"))
SchemaState = Literal["ours", "older", "newer", "none"]


def schema_state() -> SchemaState:
    """How the database's schema stands to this code: two quick queries, so that it can be asked often.

    `ours`: made for each other. `older`: migrations are to be run. `newer`: a newer version of the code has been
    here, or another program. `none`: no migration has ever run.
    """
    versions = schema_versions()
    if not versions:
        return "none"
    heads, known = _revisions()
    if versions == heads:
        return "ours"
    return "older" if versions <= known else "newer"


def schema_versions() -> frozenset[str]:
    """The revisions that the database says it is at; nothing when no migration has ever run."""
    connection = db.session.connection()
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.scalars(select(VERSIONS.c.version_num)))


@lru_cache(1)
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions of this code, and all of them."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return frozenset(scripts.get_heads()), known
