"""`flask check | backup | restore`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from flask import Blueprint, current_app

from forum import backups
from forum.agendas import actions as agendas
from forum.copies import Copier, copier
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Refusal
from forum.permissions import SYSTEM, Person
from forum.search import actions as search
from forum.settings import Settings
from forum.transfer.commands import reindex_some, told
from forum.upkeep import actions, queries
from forum.upkeep.models import Check, Fault

LINES = 20
# So many rows to a transaction: those who write meanwhile wait for a moment only.
BATCH = 50
Mend = Callable[[str, Sequence[int]], object]
Ids = dict[str, "array[int]"]

bp = Blueprint("upkeep_commands", __name__, cli_group=None)


@bp.cli.command("check")
@click.option("--fix", is_flag=True, help="Mend what can be mended from the rows themselves.")
def check(fix: bool) -> None:
    """Say what is wrong in the database, a line for each fault. The forum may run meanwhile."""
    faults = 0
    for one in queries.checks():
        number, ids = _look(one)
        faults += _mended(one, number, ids) if number and fix else number
    click.echo(queries.not_checked())
    if faults:
        raise click.ClickException(_number(faults, "fault") + ".")
    click.echo("Nothing is wrong.")


def _look(one: Check) -> tuple[int, Ids]:
    """Print what a check finds. How much it is, and of which rows by kind."""
    number, ids = 0, Ids()
    for fault in queries.faults_of(one):
        number += 1
        if number <= LINES:
            click.echo(str(fault))
        _keep(ids, fault)
    if number > LINES:
        click.echo(f"… and {number - LINES:,} more of {one.name}")
    return number, ids


def _keep(ids: Ids, fault: Fault) -> None:
    of_kind = ids.setdefault(fault.kind, array("q"))
    if isinstance(fault.id, int) and of_kind[-1:] != array("q", [fault.id]):
        of_kind.append(fault.id)


def _mended(one: Check, number: int, ids: Ids) -> int:
    """Mend what a check has found, and say how much of it is left."""
    if one.mend not in {*MEND, *MEND_ALL}:
        click.echo("This cannot be mended from the rows themselves. Compare with a backup.")
        return number
    with told():
        if one.mend in MEND_ALL:
            MEND_ALL[one.mend](SYSTEM)
        else:
            _mend(MEND[one.mend], ids)
    left, _ids = _look(one)
    click.echo(f"Mended {_number(number - left, 'fault')} of {one.name}.")
    return left


def _mend(mend: Mend, ids: Ids) -> None:
    for kind, of_kind in ids.items():
        for start in range(0, len(of_kind), BATCH):
            mend(kind, of_kind[start : start + BATCH])


def _number(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number:,} {word}s"


# The ways to mend, by the word that a check has for its own


def _by(deed: Callable[..., None]) -> Mend:
    return lambda _kind, ids: deed(SYSTEM, list(ids))


def _reindex(kind: str, ids: Sequence[int]) -> None:
    if kind == "topic":
        reindex_some("post", queries.openings_of(ids))
    else:
        reindex_some(kind, list(ids))


def _forget(kind: str, ids: Sequence[int]) -> None:
    _reindex(kind, ids)
    search.reindex(SYSTEM, {(kind, item_id): None for item_id in queries.missing(kind, ids)})


def _hide_notices(_kind: str, ids: Sequence[int]) -> None:
    topics, posts = queries.told_of(ids)
    dialogue.mend_notices(SYSTEM, topics, posts)


MEND: dict[str, Mend] = {
    "topic": _by(dialogue.mend_topics),
    "post": _by(dialogue.mend_posts),
    "agenda": _by(dialogue.mend_agendas),
    "member": _by(dialogue.mend_members),
    "hosts": _by(agendas.mend_hosting),
    "notices": _hide_notices,
    "documents": _reindex,
    "strays": _forget,
}
MEND_ALL: dict[str, Callable[[Person], None]] = {
    "index": search.rebuild,
    "sequences": actions.set_sequences,
}


# Backups


@bp.cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(target: Path) -> None:
    """Write the whole forum to the file TARGET, and try it by restoring it. The forum may run meanwhile."""
    settings = _settings()
    with _kept_as_it_was("The old backup is kept."), _bar("Copying") as note:
        made, remarks = backups.make(_copier(), settings.data, target, queries.version(), note)
    settings.backed_up_path.touch()
    with suppress(OSError):  # the backup is there all the same
        settings.backed_up_path.touch()
    for remark in remarks:
        click.echo(remark)
    size = target.stat().st_size / 1e6
    click.echo(f"{target}: {_rows(made)}, {size:,.1f} MB. It has been restored once and compared.")
    if "secret-key" not in made.files:
        click.echo("FORUM_SECRET_KEY is not in it: keep it somewhere else.")


@bp.cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(source: Path) -> None:
    """Let an empty forum become the one in the backup SOURCE. Nothing is ever overwritten."""
    with _kept_as_it_was("Nothing was restored."):
        place = _copier()
        made = backups.put_back(place, _settings().data, source, queries.known_revisions())
    click.echo(f"Restored {_rows(made)}, as they were on {made.made_at}.")
    if queries.schema_state() == "older":
        click.echo("The backup is of an older version. Run `flask db upgrade` next.")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _copier() -> Copier:
    db.session.remove()
    db.engine.dispose()  # the command itself holds the database no longer
    return copier(_settings().database_url, _settings().pg_dump)


def _rows(made: backups.Manifest) -> str:
    return f"{sum(made.counts.values()):,} rows in {len(made.counts)} tables"


@contextmanager
def _kept_as_it_was(words: str) -> Iterator[None]:
    """Let whatever goes wrong end the command with a sentence, and say what became of what was there."""
    try:
        yield
    except Refusal as error:
        raise click.ClickException(f"{error.message.rstrip('.')}. {words}") from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}. {words}") from error


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for something that says how much of how much is done."""
    with click.progressbar(length=1, label=label) as bar:

        def note(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield note
