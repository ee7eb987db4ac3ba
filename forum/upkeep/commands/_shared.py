"""What the commands of this room share: the blueprint, how a refusal ends a long command, and databases in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Blueprint
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from forum.errors import Refusal
from forum.settings import Settings

# Query parameters of a database address that must not be printed
SECRET_PARAMETERS = ("password", "sslpassword")

bp = Blueprint("upkeep_commands", __name__, cli_group=None)


@contextmanager
def refusals_end_command() -> Iterator[None]:
    """Inside, a refusal ends a long command with a sentence. What it has done so far is kept."""
    try:
        yield
    except Refusal as error:
        words = error.message or "The database was busy for too long."
        raise click.ClickException(f"{words} Start the command again to finish it.") from error


def without_secrets(url: URL) -> str:
    """The address of a database without passwords, for printing."""
    return url.difference_update_query(SECRET_PARAMETERS).render_as_string()


def place_of_database(settings: Settings) -> str:
    """A sentence that names the setting by which the database was looked for, without passwords."""
    if settings.has_usual_database:
        return f"FORUM_DATA is {settings.data}."
    return f"FORUM_DATABASE_URL is {without_secrets(make_url(settings.database_url))}."


def said_by(error: DBAPIError) -> str:
    """What the database says of an error, in sentences on one line."""
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    return " ".join(line if line.endswith((".", "?")) else f"{line}." for line in lines)
