"""`flask check`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import click
from flask import Blueprint

from forum.agendas import actions as agendas
from forum.dialogue import actions as dialogue
from forum.permissions import SYSTEM, Person
from forum.search import actions as search
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
