"""The migrations: Flask-Migrate and Alembic, loaded on first use, and the revisions that this code knows.

The two take 8 MB and a tenth of the time to start a process, and no page needs them.
"""

from __future__ import annotations

import re
from ast import literal_eval
from functools import lru_cache
from pathlib import Path
from typing import Any

import click
from flask import Flask

from forum.db import db
from forum.lazy import library

FOLDER = Path(__file__).parent.parent / "migrations"
REVISION = re.compile(r"^(down_)?revision = (.+)$", re.MULTILINE)


class Migrations:
    """A proxy for Flask-Migrate's extension object, which it loads when an attribute is asked for."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        migrate = library("flask_migrate").Migrate(directory=str(FOLDER))
        migrate.init_app(self._app, db, render_as_batch=True)
        return getattr(self._app.extensions["migrate"], name)


class Commands(click.Command):
    """`flask db …`, as Flask-Migrate has it."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of Flask-Migrate's own command group, which is loaded now."""
        group: click.Group = library("flask_migrate.cli").db
        return group.make_context(info_name, args, parent, **extra)


def init_app(app: Flask) -> None:
    """Give an application its migrations and `flask db`."""
    app.extensions["migrate"] = Migrations(app)
    app.cli.add_command(Commands("db", short_help="Perform database migrations."))


@lru_cache(1)
def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions, and all of them, read from the migrations' text; Alembic would import each file."""
    known, followed = set[str](), set[str]()
    for path in FOLDER.glob("versions/*.py"):
        for is_before, written in REVISION.findall(path.read_text()):
            names = literal_eval(written) or ()
            (followed if is_before else known).update([names] if isinstance(names, str) else names)
    return frozenset(known - followed), frozenset(known)
