"""`flask demo`: loads the demo into a database of its own, once."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask import current_app

from forum import web
from forum.backups import workshop
from forum.db import db
from forum.errors import Refusal
from forum.lazy import library
from forum.members.queries import federation_if_there
from forum.passwords import hash_password
from forum.transfer import queries
from forum.transfer.commands._demo_steps import ACCOUNTS, demo_steps
from forum.transfer.commands._shared import bp


@bp.cli.command("demo")
def demo() -> None:
    """Load the demo into its own database (FORUM_DEMO=1) and say how to sign in."""
    settings = web.settings()
    if not settings.is_demo:
        raise click.ClickException("Set FORUM_DEMO=1: the demo has a database of its own.")
    kept = settings.data / "demo-people.txt"
    known = federation_if_there()
    if known and not known.is_demo:
        raise click.ClickException("This database is a real forum. The demo does not go into it.")
    if not known:
        _load_once(kept, settings.data / "demo-begun")
    click.echo(kept.read_text() if kept.exists() else "The demo is loaded; its passwords are lost.")


def _load_once(kept: Path, begun: Path) -> None:
    """Load the demo and write the file `kept`, unless another process does, or has done so meanwhile."""
    try:
        with workshop(kept) as shop:
            db.session.remove()  # so that it sees what another process has written
            if federation_if_there():
                return
            _reset_interrupted_demo(begun)
            made = shop / kept.name
            made.touch(mode=0o600)
            made.write_text(_load_demo())
            made.replace(kept)
            begun.unlink()
    except Refusal as error:
        raise click.ClickException(error.message) from None


def _reset_interrupted_demo(begun: Path) -> None:
    """Empty the database if loading the demo was interrupted, as the file `begun` shows; create that file.

    Raises `click.ClickException` when the database has members, but not from the demo.
    """
    if queries.counts()["members"]:
        if not begun.exists():
            raise click.ClickException("This database is not empty. The demo does not go into it.")
        config, command = current_app.extensions["migrate"].migrate.get_config(), "alembic.command"
        db.session.remove()
        library(command).downgrade(config, "base")
        library(command).upgrade(config, "heads")
    begun.touch()


def _load_demo() -> str:
    """Load everything; returns a text that says how to sign in."""
    passwords = {handle: secrets.token_urlsafe(9) for handle in ACCOUNTS.values()}
    hashes = {handle: hash_password(password) for handle, password in passwords.items()}
    hashes[""] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as one of the others
    for step in demo_steps(hashes):
        step()
    click.echo(", ".join(f"{number} {name}" for name, number in queries.counts().items()))
    lines = [
        f"  {role:14} {handle}@example.org   {passwords[handle]}"
        for role, handle in ACCOUNTS.items()
    ]
    return "\n".join(["Sign in with one of these (made for this machine):", *lines, ""])
