"""`flask check`: finding inconsistencies in the database, and repairing them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

import click
from sqlalchemy.exc import IntegrityError

from forum import backups, web
from forum.agendas import actions as agendas
from forum.commitments import actions as commitments
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.logs import without_slow_log
from forum.machine import is_shut
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.permissions import SYSTEM, Person
from forum.search import actions as search
from forum.search.models import FAILURE, TRANSLATED_FAILURE
from forum.upkeep import actions, queries
from forum.upkeep.commands._shared import bp, refusals_end_command
from forum.upkeep.commands.rebuilding import RERENDER, reindex_batch
from forum.upkeep.models import BY_HAND, Check, Fault

NO_REMEDY = "This cannot be mended from the rows themselves. Compare with a backup."
MADE_ANEW = "`flask rerender` makes it anew. Until then they are shown as before."
MAX_LINES = 20  # faults printed per check
# Rows repaired in one transaction: few, so that others who write meanwhile wait only for a moment
BATCH_SIZE = 50
Mend = Callable[[str, Sequence[int]], object]
Ids = dict[str, "array[int]"]


@bp.cli.command("check")
@click.option("--fix", is_flag=True, help="Mend what can be mended from the rows themselves.")
def check(fix: bool) -> None:
    """Say what is wrong in the database, a line for each fault. The forum may run meanwhile."""
    faults = 0
    with without_slow_log():
        of_folder = (
            Check("files", _files_left_behind, "files"),
            Check("owners", _unwritable_files, BY_HAND),
        )
        for check in (*queries.checks(), *of_folder):
            number, ids = _report(check)
            if number and not fix:
                _report_remedy(check)
            faults += _mend_and_report(check, number, ids) if number and fix else number
        if fix:
            _mend_full_text_index()
    if words := queries.not_checked(has_mended=fix):
        click.echo(words)
    if outdated := sum(map(queries.outdated_count, RERENDER)):
        click.echo(f"Texts whose HTML is of an older version: {outdated:,}. {MADE_ANEW}")
    if faults:
        raise click.ClickException(_number_of(faults) + ".")
    click.echo("Nothing is wrong.")


def _files_left_behind() -> Iterator[Fault]:
    for path in backups.abandoned(web.settings().data):
        yield Fault("file", path, "was left by a backup or a restore that was killed")


def _unwritable_files() -> Iterator[Fault]:
    """Files that the forum cannot write because another user ran a command; because of them, letters would wait for ever."""
    for path in filter(is_shut, web.settings().own_paths):
        yield Fault("file", path, "cannot be written. Give it to the user that runs the forum")


def _report(check: Check) -> tuple[int, Ids]:
    """Print what a check finds; returns the number of faults, and the ids of the rows by kind."""
    number, ids = 0, Ids()
    for fault in queries.faults_of(check):
        number += 1
        if number <= MAX_LINES:
            click.echo(str(fault))
        _collect_id(ids, fault)
    if number > MAX_LINES:
        click.echo(f"… and {number - MAX_LINES:,} more of {check.name}")
    return number, ids


def _report_remedy(check: Check) -> None:
    """Print which command repairs what a check has found."""
    if check.mend in MEND_BY_REINDEX:
        click.echo(f"{check.name}: `flask reindex` or `flask check --fix` mends this.")
    elif check.mend in {*MEND, *MEND_ALL}:
        click.echo(f"{check.name}: `flask check --fix` mends this.")
    elif check.mend != BY_HAND:
        click.echo(f"{check.name}: {NO_REMEDY}")


def _collect_id(ids: Ids, fault: Fault) -> None:
    of_kind = ids.setdefault(fault.kind, array("q"))
    if isinstance(fault.id, int) and of_kind[-1:] != array("q", [fault.id]):
        of_kind.append(fault.id)


def _mend_and_report(check: Check, number: int, ids: Ids) -> int:
    """Repair what a check has found, print how much was repaired, and return the number of remaining faults."""
    if check.mend == BY_HAND:  # the printed line says how to repair it
        return number
    if check.mend not in {*MEND, *MEND_ALL}:
        click.echo(NO_REMEDY)
        return number
    with refusals_end_command():
        is_whole = _mend_all(check) if check.mend in MEND_ALL else _mend_in_batches(check, ids)
    left, _ids = _report(check)
    click.echo(f"Mended {_number_of(number - left)} of {check.name}.")
    if not is_whole:
        click.echo("Rows that these lead to are missing. Compare with a backup.")
    return left


def _mend_full_text_index() -> None:
    with refusals_end_command():
        if search.mend_index(SYSTEM):
            click.echo("full-text index: held other words than the documents. It was made anew.")


def _mend_all(check: Check) -> bool:
    """Repair everything that a check can find; returns False if the database refused it, so that nothing was repaired."""
    try:
        MEND_ALL[check.mend](SYSTEM)
    except IntegrityError:
        return False
    return True


def _mend_in_batches(check: Check, ids: Ids) -> bool:
    """Repair the rows that a check has found; returns whether the database has refused none of them."""
    mend = MEND[check.mend]
    done = [
        _mend_batch(mend, kind, of_kind[start : start + BATCH_SIZE])
        for kind, of_kind in ids.items()
        for start in range(0, len(of_kind), BATCH_SIZE)
    ]
    return all(done)


def _mend_batch(mend: Mend, kind: str, ids: Sequence[int]) -> bool:
    """Repair some rows; if the database refuses one because of a dangling foreign key, all others."""
    try:
        mend(kind, ids)
    except IntegrityError:
        if len(ids) == 1:
            return False
        done = [_mend_batch(mend, kind, [row_id]) for row_id in ids]
        return all(done)
    return True


def _number_of(faults: int) -> str:
    return "1 fault" if faults == 1 else f"{faults:,} faults"


# The repairs, by `Check.mend`


def _by_ids(deed: Callable[..., None]) -> Mend:
    return lambda _kind, ids: deed(SYSTEM, list(ids))


def _reindex(kind: str, ids: Sequence[int]) -> None:
    if kind == "topic":
        reindex_batch("post", queries.opening_post_ids(ids))
    elif kind == FAILURE:
        reindex_batch("practice", list(ids))
    elif kind == TRANSLATED_FAILURE:
        reindex_batch("translation", list(ids))
    else:
        reindex_batch(kind, list(ids))


def _reindex_or_unindex(kind: str, ids: Sequence[int]) -> None:
    _reindex(kind, ids)
    search.reindex(SYSTEM, {(kind, item_id): None for item_id in queries.missing_ids(kind, ids)})


def _hide_notices(_kind: str, ids: Sequence[int]) -> None:
    topics, posts = queries.subjects_of_notices(ids)
    dialogue.mend_notices(SYSTEM, topics, posts)


def _copy_pages(kind: str, ids: Sequence[int]) -> None:
    """Each in a transaction of its own, because rows of several kinds are locked for each."""
    for page_id in ids:
        library.mend_discussion(SYSTEM, kind, page_id)


MEND: dict[str, Mend] = {
    "topic": _by_ids(dialogue.mend_topics),
    "post": _by_ids(dialogue.mend_posts),
    "poll": _by_ids(dialogue.mend_polls),
    "poll_option": _by_ids(dialogue.mend_poll_options),
    "agenda": _by_ids(dialogue.mend_agendas),
    "signatures": _by_ids(declarations.mend_declarations),
    "declarations": _by_ids(declarations.mend_agendas),
    "member": _by_ids(dialogue.mend_members),
    "commitment": _by_ids(commitments.mend_commitments),
    "meeting": _by_ids(meetings.mend_counts),
    "hosts": _by_ids(agendas.mend_hosting),
    "ignored": _by_ids(members.repair_ignored_ids),
    "discussions": _copy_pages,
    "notices": _hide_notices,
    "quotes": _by_ids(dialogue.mend_quotes),
    "documents": _reindex,
    "strays": _reindex_or_unindex,
}
MEND_BY_REINDEX = ("documents", "strays", "index")
MEND_ALL: dict[str, Callable[[Person], None]] = {
    "index": search.rebuild,
    "shelves": dialogue.mend_counts,
    "sequences": actions.set_sequences,
    "files": lambda _system: backups.delete_abandoned(web.settings().data),
}
