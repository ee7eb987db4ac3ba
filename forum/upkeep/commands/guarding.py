"""Error handling around all commands: a sentence when the database is not available, or has another version's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import click
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy.exc import DBAPIError

from forum.endings import FAILURES, WRONG_USAGES, is_about_files, said_of_files
from forum.engines import is_away
from forum.upkeep import queries
from forum.upkeep.commands._shared import place_of_database, said_by

# These commands check or create the schema themselves, or do not need it.
FOR_ANY_SCHEMA = {"db", "setup", "fill", "backup", "restore", "routes", "run", "shell"}


def guard(group: click.Group) -> None:
    """Make all commands of a group end with a sentence when the database is not available or has another version's schema."""
    for name, command in group.commands.items():
        guarded = command if name in FOR_ANY_SCHEMA else _with_schema_check(command)
        group.commands[name] = _with_readable_errors(
            guarded, FAILURES.get(name, click.ClickException), WRONG_USAGES.get(name)
        )


def _with_schema_check(command: click.Command) -> click.Command:
    """A copy that checks the schema, because all applications of this process share the command; for a group, in each subcommand.

    A group's own callback runs before `--help` of a subcommand, which must work without a database.
    """
    guarded: click.Command = copy(command)
    if isinstance(guarded, click.Group):
        guarded.commands = {
            name: _with_schema_check(command) for name, command in guarded.commands.items()
        }
        return guarded

    @with_appcontext
    def checking_schema(*args: Any, **kwargs: Any) -> Any:
        if words := queries.schema_problem():
            raise click.ClickException(words)
        return command.callback(*args, **kwargs) if command.callback else None

    guarded.callback = checking_schema
    return guarded


def _with_readable_errors(
    command: click.Command,
    ending: type[click.ClickException],
    wrong_usage: type[click.UsageError] | None,
) -> click.Command:
    """A copy of a command that ends with a sentence, as an `ending`, when the database or the disk fails."""
    readable = copy(command)

    def make_context(*args: Any, **kwargs: Any) -> click.Context:
        try:
            context = command.make_context(*args, **kwargs)
        except click.UsageError as error:
            if wrong_usage is None:
                raise
            raise wrong_usage(error.format_message(), error.ctx) from error
        context.with_resource(_outages_end_command(context, ending))
        return context

    # This covers subcommands too, which may be loaded only when needed, such as those of `db`.
    readable.make_context = make_context  # type: ignore[method-assign]  # of this copy alone
    return readable


@contextmanager
def _outages_end_command(
    context: click.Context, ending: type[click.ClickException]
) -> Iterator[None]:
    try:
        yield
    except click.UsageError:
        raise
    except click.ClickException as error:
        raise ending(error.message) from error
    except DBAPIError as error:
        if not is_away(error):
            raise
        settings = context.ensure_object(ScriptInfo).load_app().extensions["settings"]
        place = place_of_database(settings)
        raise ending(f"The database cannot be used: {_words_of(error)} {place}") from error
    except OSError as error:
        if not is_about_files(error):
            raise
        raise ending(said_of_files(error)) from error


def _words_of(error: DBAPIError) -> str:
    """What the database says; SQLite calls it an I/O error when its disk has no room for the files beside the database."""
    is_disk = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_IOERR")
    words = said_by(error)
    return f"{words} Is the disk full?" if is_disk else words
