"""What is around all commands: a sentence when the database is not available, or its schema of another version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from forum.engines import is_away
from forum.mail.commands import EX_TEMPFAIL, EX_USAGE
from forum.settings import WrongSetting
from forum.upkeep import queries


class TryAgain(click.ClickException):
    """A temporary failure of a command that a mail server calls: by the exit code it delivers the message again later."""

    exit_code = EX_TEMPFAIL


class WrongUsage(click.UsageError):
    """Wrong arguments of a command that a mail server calls, with the exit code that it knows."""

    exit_code = EX_USAGE


EXCEPTIONS: dict[str, type[click.ClickException]] = {"mail-in": TryAgain}
WRONG_USAGES: dict[str, type[click.UsageError]] = {"mail-in": WrongUsage}
# These commands check or create the schema themselves, or do not need it.
FOR_ANY_SCHEMA = {"db", "setup", "fill", "backup", "restore", "routes", "run", "shell"}


def guard(app: Flask) -> None:
    """Let all commands end with a sentence when the database is not available or its schema is of another version."""
    for name, command in app.cli.commands.items():
        guarded = command if name in FOR_ANY_SCHEMA else _with_schema_check(command)
        app.cli.commands[name] = _with_readable_errors(
            guarded, EXCEPTIONS.get(name, click.ClickException), WRONG_USAGES.get(name)
        )


@contextmanager
def wrong_settings_end_command(words: Sequence[str]) -> Iterator[None]:
    """Let a wrong setting end the command that is among these words of a command line with that command's exit code.

    Settings are read to make the application, before anybody knows its commands.
    """
    try:
        yield
    except WrongSetting as error:
        for name, ending in EXCEPTIONS.items():
            if name in words:
                raise ending(error.message) from error
        raise


def _with_schema_check(command: click.Command) -> click.Command:
    """A copy, because all applications of this process share the command; of a group, with a check in each subcommand.

    A group's own callback runs before `--help` of a subcommand, which is read by whoever does not know yet what to do.
    """
    guarded: click.Command = copy(command)
    if isinstance(guarded, click.Group):
        guarded.commands = {name: _with_schema_check(one) for name, one in guarded.commands.items()}
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
        context.with_resource(_outages_end_command(ending))
        return context

    # This covers subcommands too, which may be loaded only when they are needed, as those of `db`.
    readable.make_context = make_context  # type: ignore[method-assign]  # of this copy alone
    return readable


@contextmanager
def _outages_end_command(ending: type[click.ClickException]) -> Iterator[None]:
    try:
        yield
    except click.UsageError:
        raise
    except click.ClickException as error:
        raise ending(error.message) from error
    except DBAPIError as error:
        if not is_away(error):
            raise
        words = " ".join(str(error.orig).split())
        raise ending(f"The database cannot be used: {words}") from error
    except OSError as error:
        if error.filename is None:
            raise
        raise ending(f"{error.filename}: {error.strerror}.") from error
