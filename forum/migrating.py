"""The migrations: Flask-Migrate and Alembic, loaded on first use, and the revisions that this code knows.

The two take 8 MB and a tenth of the time to start a process, and no page needs them.
"""

from __future__ import annotations

import re
from ast import literal_eval
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import Boolean, column, inspect, select, table

from forum.db import db
from forum.engines import filled_table
from forum.lazy import library

FOLDER = Path(__file__).parent.parent / "migrations"
# Not the model: the database may have the schema of any version
FEDERATION = table("federation", column("is_demo", Boolean))
REAL_FORUM = select(~FEDERATION.c.is_demo).limit(1)
REVISION = re.compile(r"^(down_)?revision = (.+)$", re.MULTILINE)


class Migrations:
    """A proxy for Flask-Migrate's extension object, which it loads when an attribute is read."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        migrate = library("flask_migrate").Migrate(directory=str(FOLDER))
        ours = self._app.cli.commands["db"]
        # Without batches, which rebuild a table in SQLite: that drops the triggers of the full-text indexes
        migrate.init_app(self._app, db, render_as_batch=False)
        self._app.cli.add_command(ours)  # in place of Flask-Migrate's own
        return getattr(self._app.extensions["migrate"], name)


class Commands(click.Command):
    """`flask db …` of Flask-Migrate, with a `downgrade` that warns before it loses rows, and an `upgrade` that says what it did."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of Flask-Migrate's own command group, which is loaded now."""
        group: click.Group = copy(library("flask_migrate.cli").db)
        downgrade = _careful(group.commands["downgrade"])
        upgrade = _telling(group.commands["upgrade"])
        group.commands = {**group.commands, "downgrade": downgrade, "upgrade": upgrade}
        return group.make_context(info_name, args, parent, **extra)


def _telling(upgrade: click.Command) -> click.Command:
    """A copy of `flask db upgrade` that says from which revision to which it has upgraded, or that there was nothing to do.

    With FORUM_DEMO=1 it refuses a real forum, which is then meant by another setting, or by mistake.
    """
    telling = copy(upgrade)

    @with_appcontext
    def upgrade_and_tell(sql: bool, **options: Any) -> Any:
        if current_app.extensions["settings"].is_demo:
            _refuse_real_forum()
        before = _revision()
        ended = upgrade.callback(sql=sql, **options) if upgrade.callback else None
        after = _revision()
        if before != after:
            click.echo(f"The database is upgraded: from {before} to {after}.")
        elif not sql:  # with --sql, the output is for another program
            click.echo(f"The database is at {after} already. Nothing was done.")
        return ended

    telling.callback = upgrade_and_tell
    return telling


def _refuse_real_forum() -> None:
    with db.engine.connect() as connection:
        if inspect(connection).has_table(FEDERATION.name) and connection.scalar(REAL_FORUM):
            raise click.ClickException(
                "This database is a real forum, and FORUM_DEMO=1 means the demo. Take one of the two settings away:"
                " FORUM_DEMO or FORUM_DATABASE_URL. Nothing was changed."
            )


def _revision() -> str:
    with db.engine.connect() as connection:
        context = library("alembic.runtime.migration").MigrationContext.configure(connection)
        return ", ".join(context.get_current_heads()) or "nothing"


def _careful(downgrade: click.Command) -> click.Command:
    """A copy of `flask db downgrade` that refuses a database with rows, unless its new option is given."""
    careful = copy(downgrade)
    words = "Go down although there are rows. What the older schema has no place for is deleted."
    careful.params = [*downgrade.params, click.Option(["--lose-data"], is_flag=True, help=words)]

    @with_appcontext
    def downgrade_carefully(lose_data: bool, **options: Any) -> Any:
        if not lose_data:
            _refuse_rows()
        return downgrade.callback(**options) if downgrade.callback else None

    careful.callback = downgrade_carefully
    return careful


def _refuse_rows() -> None:
    with db.engine.connect() as connection:
        if filled := filled_table(connection):
            raise click.ClickException(
                f"The database holds rows, in {filled}. What the older schema has no place for would be deleted, and going "
                "all the way down deletes everything. Make a backup, then say --lose-data."
            )


def init_app(app: Flask) -> None:
    """Give an application its migrations and `flask db`."""
    app.extensions["migrate"] = Migrations(app)
    app.cli.add_command(Commands("db", short_help="Perform database migrations."))


@lru_cache(1)
def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions, and all of them, read from the text of the migrations; Alembic would import each file."""
    known, followed = set[str](), set[str]()
    for path in FOLDER.glob("versions/*.py"):
        for is_before, written in REVISION.findall(path.read_text()):
            names = literal_eval(written) or ()
            (followed if is_before else known).update([names] if isinstance(names, str) else names)
    return frozenset(known - followed), frozenset(known)
