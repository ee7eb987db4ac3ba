"""`flask demo` and `flask import-agenda FILE`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

import click
from flask import Blueprint, current_app

from forum.errors import Refusal
from forum.members.actions import found_federation, load_cities
from forum.members.commands import city_rows
from forum.members.models import Member
from forum.members.queries import federation
from forum.notifications.actions import make_notices, read_until
from forum.passwords import hash_password
from forum.permissions import ROLES, SYSTEM
from forum.settings import Settings
from forum.transfer import actions
from forum.transfer.forms import read_agenda, read_people
from forum.transfer.models import FaultyFileError
from forum.transfer.queries import counts, members_called

DATA = Path(__file__).parent / "data"
AGENDAS = ("globally-connected", "climate-resilient", "affordable")
NAME = "Interurban"
TAGLINE = "Cities learn fastest from one another."
# Who of the demo's people signs in for each role.
SHOWN = dict(zip(ROLES, ("wanjiru-kamau", "hanne-vestergaard", "ingrid-solberg"), strict=True))

NEWS_SINCE = datetime(2026, 11, 10, tzinfo=UTC)
CURATOR = "hanne-vestergaard"

bp = Blueprint("transfer_commands", __name__, cli_group=None)


@bp.cli.command("demo")
def demo() -> None:
    """Load the demo into its own database (FORUM_DEMO=1) and say how to sign in."""
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demo:
        raise click.ClickException("Set FORUM_DEMO=1: the demo has a database of its own.")
    kept = settings.data / "demo-people.txt"
    known = federation()
    if known and not known.is_demo:
        raise click.ClickException("This database is a real forum. The demo does not go into it.")
    if not known:
        kept.write_text(_load_demo())
        kept.chmod(0o600)
    click.echo(kept.read_text() if kept.exists() else "The demo is loaded; its passwords are lost.")


@bp.cli.command("import-agenda")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--by", required=True, help="Handle of the moderator who answers for the content.")
def import_agenda(file: IO[str], by: str) -> None:
    """Load a whole agenda page from FILE, in the format of docs/content-format.md."""
    try:
        agenda = actions.import_agenda(_member(by), read_agenda(file.read()))
    except FaultyFileError as error:
        for fault in error.faults:
            click.echo(f"{file.name}:{fault}", err=True)
        raise click.ClickException(
            f"{len(error.faults)} things to mend; nothing was loaded."
        ) from None
    except UnicodeDecodeError:
        raise click.ClickException("The file is not UTF-8 text; nothing was loaded.") from None
    except Refusal as error:
        raise click.ClickException(f"{error.message} Nothing was loaded.") from None
    click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


def _load_demo() -> str:
    """Load everything; hands back the text that says how to sign in."""
    passwords = {handle: secrets.token_urlsafe(9) for handle in SHOWN.values()}
    hashes = {handle: hash_password(password) for handle, password in passwords.items()}
    hashes[""] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as the others
    with click.progressbar(_steps(hashes), label="Loading the demo", show_pos=True) as steps:
        for step in steps:
            step()
    click.echo(", ".join(f"{number} {name}" for name, number in counts().items()))
    lines = [f"  {role:14} {SHOWN[role]}@example.org   {passwords[SHOWN[role]]}" for role in ROLES]
    return "\n".join(["Sign in with one of these (made for this machine):", *lines, ""])


def _steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
    """The steps of the demo; the last one marks it as loaded."""
    files = [DATA / f"{part}-{name}.md" for name in AGENDAS for part in ("agenda", "dialogue")]
    return [
        lambda: load_cities(SYSTEM, city_rows()),
        lambda: actions.load_people(SYSTEM, read_people((DATA / "people.md").read_text()), hashes),
        *[partial(_load_agenda, file) for file in files],
        _make_notices,
        lambda: found_federation(SYSTEM, NAME, TAGLINE, is_demo=True),
    ]


def _make_notices() -> None:
    """Tell the people of the demo what happened; all but the latest they have read."""
    while make_notices(SYSTEM):
        pass
    read_until(SYSTEM, NEWS_SINCE)


def _load_agenda(file: Path) -> None:
    actions.import_agenda(_member(CURATOR), read_agenda(file.read_text()))


def _member(handle: str) -> Member:
    found = members_called([handle])
    if handle not in found:
        raise click.ClickException(f"No member has the handle “{handle}”.")
    return found[handle]
