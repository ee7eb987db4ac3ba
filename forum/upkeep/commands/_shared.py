"""What the commands of this room share: the blueprint, and how a refusal ends a long command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Blueprint

from forum.errors import Refusal

bp = Blueprint("upkeep_commands", __name__, cli_group=None)


@contextmanager
def refusals_end_command() -> Iterator[None]:
    """Inside, a refusal ends a long command with a sentence. What it has done so far is kept."""
    try:
        yield
    except Refusal as error:
        words = error.message or "The database was busy for too long."
        raise click.ClickException(f"{words} Start the command again to finish it.") from error
