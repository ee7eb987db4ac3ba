"""`flask check | backup | restore | move-database`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from forum import backups, moving
from forum.agendas import actions as agendas
from forum.copies import Copier, copier, put_aside
from forum.db import analyze, db, is_away
from forum.dialogue import actions as dialogue
from forum.errors import Refusal
from forum.lazy import library
from forum.logs import without_slow_log
from forum.machine import is_shut
from forum.mail.commands import EX_TEMPFAIL, EX_USAGE
from forum.members import actions as members
from forum.permissions import SYSTEM, Person
from forum.search import actions as search
from forum.settings import Settings, WrongSetting, why_no_database
from forum.transfer.commands import refusals_end_command, reindex_batch
from forum.upkeep import actions, queries
from forum.upkeep.models import Check, Fault

MAX_LINES = 20  # faults printed for each check
# Query parameters of a database address that must not be printed
SECRET_PARAMETERS = ("password", "sslpassword")
BATCH_SIZE = 50  # rows mended in one transaction: few, so that others who write meanwhile wait only for a moment
BY_HAND = "by hand"  # the `mend` of checks whose faults no command can repair
Mend = Callable[[str, Sequence[int]], object]
Ids = dict[str, "array[int]"]


class TryAgain(click.ClickException):
    """A temporary failure of a command that a mail server calls: by the exit code it delivers the message again later."""

    exit_code = EX_TEMPFAIL


class WrongUsage(click.UsageError):
    """Wrong arguments of a command that a mail server calls, with the exit code that it knows."""

    exit_code = EX_USAGE


EXCEPTIONS: dict[str, type[click.ClickException]] = {"mail-in": TryAgain}
WRONG_USAGES: dict[str, type[click.UsageError]] = {"mail-in": WrongUsage}

bp = Blueprint("upkeep_commands", __name__, cli_group=None)


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
    # A copy, because all applications of this process share the command.
    guarded: click.Command = copy(command)

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
    readable.make_context = make_context  # type: ignore[method-assign]
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
        for one in (*queries.checks(), *of_folder):
            number, ids = _report(one)
            faults += _mend_and_report(one, number, ids) if number and fix else number
        if fix:
            _mend_full_text_index()
    if words := queries.not_checked(has_mended=fix):
        click.echo(words)
    if faults:
        raise click.ClickException(_count_of(faults, "fault") + ".")
    click.echo("Nothing is wrong.")


def _files_left_behind() -> Iterator[Fault]:
    for path in backups.abandoned(_settings().data):
        yield Fault("file", path, "was left by a backup or a restore that was killed")


def _unwritable_files() -> Iterator[Fault]:
    """Files of the forum that it cannot write, because another user ran a command: letters would wait for ever."""
    for path in filter(is_shut, _settings().own_paths):
        yield Fault("file", path, "cannot be written. Give it to the user that runs the forum")


def _report(one: Check) -> tuple[int, Ids]:
    """Print what a check finds; returns the number of faults, and the ids of the rows by kind."""
    number, ids = 0, Ids()
    for fault in queries.faults_of(one):
        number += 1
        if number <= MAX_LINES:
            click.echo(str(fault))
        _collect_id(ids, fault)
    if number > MAX_LINES:
        click.echo(f"… and {number - MAX_LINES:,} more of {one.name}")
    return number, ids


def _collect_id(ids: Ids, fault: Fault) -> None:
    of_kind = ids.setdefault(fault.kind, array("q"))
    if isinstance(fault.id, int) and of_kind[-1:] != array("q", [fault.id]):
        of_kind.append(fault.id)


def _mend_and_report(one: Check, number: int, ids: Ids) -> int:
    """Mend what a check has found, print how much was mended, and return the number of faults left."""
    if one.mend == BY_HAND:  # the printed line says how
        return number
    if one.mend not in {*MEND, *MEND_ALL}:
        click.echo("This cannot be mended from the rows themselves. Compare with a backup.")
        return number
    with refusals_end_command():
        is_whole = _mend_all(one) if one.mend in MEND_ALL else _mend_in_batches(one, ids)
    left, _ids = _report(one)
    click.echo(f"Mended {_count_of(number - left, 'fault')} of {one.name}.")
    if not is_whole:
        click.echo("Rows that these lead to are missing. Compare with a backup.")
    return left


def _mend_full_text_index() -> None:
    with refusals_end_command():
        if search.mend_index(SYSTEM):
            click.echo("full-text index: held other words than the documents. It was made anew.")


def _mend_all(one: Check) -> bool:
    """Mend all that a check can find; returns False if nothing was mended, because the database refuses it."""
    try:
        MEND_ALL[one.mend](SYSTEM)
    except IntegrityError:
        return False
    return True


def _mend_in_batches(one: Check, ids: Ids) -> bool:
    """Mend the rows that a check has found; returns whether the database has refused none of them."""
    mend = MEND[one.mend]
    done = [
        _mend_batch(mend, kind, of_kind[start : start + BATCH_SIZE])
        for kind, of_kind in ids.items()
        for start in range(0, len(of_kind), BATCH_SIZE)
    ]
    return all(done)


def _mend_batch(mend: Mend, kind: str, ids: Sequence[int]) -> bool:
    """Mend some rows; where the database refuses one, because of a key that leads nowhere, all but that one."""
    try:
        mend(kind, ids)
    except IntegrityError:
        if len(ids) == 1:
            return False
        done = [_mend_batch(mend, kind, [one]) for one in ids]
        return all(done)
    return True


def _count_of(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number:,} {word}s"


# The repairs, by `Check.mend`


def _by_ids(deed: Callable[..., None]) -> Mend:
    return lambda _kind, ids: deed(SYSTEM, list(ids))


def _reindex(kind: str, ids: Sequence[int]) -> None:
    if kind == "topic":
        reindex_batch("post", queries.opening_post_ids(ids))
    else:
        reindex_batch(kind, list(ids))


def _reindex_or_unindex(kind: str, ids: Sequence[int]) -> None:
    _reindex(kind, ids)
    search.reindex(SYSTEM, {(kind, item_id): None for item_id in queries.missing_ids(kind, ids)})


def _hide_notices(_kind: str, ids: Sequence[int]) -> None:
    topics, posts = queries.subjects_of_notices(ids)
    dialogue.mend_notices(SYSTEM, topics, posts)


MEND: dict[str, Mend] = {
    "topic": _by_ids(dialogue.mend_topics),
    "post": _by_ids(dialogue.mend_posts),
    "agenda": _by_ids(dialogue.mend_agendas),
    "member": _by_ids(dialogue.mend_members),
    "hosts": _by_ids(agendas.mend_hosting),
    "ignored": _by_ids(members.repair_ignored_ids),
    "notices": _hide_notices,
    "quotes": _by_ids(dialogue.mend_quotes),
    "documents": _reindex,
    "strays": _reindex_or_unindex,
}
MEND_ALL: dict[str, Callable[[Person], None]] = {
    "index": search.rebuild,
    "shelves": dialogue.mend_counts,
    "sequences": actions.set_sequences,
    "files": lambda _system: backups.delete_abandoned(_settings().data),
}


# Backups


@bp.cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(target: Path) -> None:
    """Write the whole forum to the file TARGET, and try it by restoring it. The forum may run meanwhile."""
    settings = _settings()
    if not target.name:
        raise click.ClickException("TARGET is the name of a file.")
    kept = "The old backup is kept." if target.exists() else ""
    with _errors_end_command(kept), _progress_bar("Copying") as note:
        if queries.schema_state() == "none" and (words := queries.moved_away_problem()):
            raise Refusal(words)
        what = _copier(), settings.data, target, queries.version(), note
        made, remarks = backups.make(*what, secret_key=settings.secret_key)
    with suppress(OSError):  # the backup is complete all the same
        settings.backed_up_path.touch()
    for remark in remarks:
        click.echo(remark)
    size = target.stat().st_size / 1e6
    click.echo(
        f"{target}: {_rows_in_words(made.counts)} of {_without_secrets(db.engine.url)}, {size:,.1f} MB."
    )
    click.echo("It has been restored once and compared.")
    if backups.KEY not in made.files:
        click.echo("FORUM_SECRET_KEY is not in it: keep it somewhere else.")


@bp.cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(source: Path) -> None:
    """Let an empty forum become the one in the backup SOURCE. Nothing is ever overwritten.

    Another secret key that lies in FORUM_DATA is put aside as secret-key.before-…
    """
    with _errors_end_command("Nothing was restored."):
        settings = _settings()
        what = _copier(), settings.data, source, queries.known_revisions()
        made = backups.put_back(*what, keeps_key=not settings.has_new_key)
    click.echo(f"Restored {_rows_in_words(made.counts)}, as they were on {made.made_at}.")
    if queries.schema_state() == "older":
        click.echo("The backup is of an older version. Run `flask db upgrade` next.")
    analyze(db.engine)


@bp.cli.command("move-database")
@click.argument("target_url")
@click.option("--again", is_flag=True, help="Begin a move anew that was begun before.")
def move_database(target_url: str, again: bool) -> None:
    """Copy everything into the empty database TARGET_URL, and compare every row. Stop the forum first.

    Nobody can write meanwhile. Killed and started again it goes on where it was. A SQLite file that has been moved is
    renamed, so that nothing takes it for the forum any more.
    """
    source, target = db.engine, _target_engine(target_url)
    if queries.schema_state() != "ours":
        raise click.ClickException("Run `flask db upgrade` first: only today's schema is moved.")
    db.session.remove()
    with _errors_end_command("The source has not changed."), without_slow_log():
        _prepare(source, target, again)
        with click.progressbar(length=moving.total(source), label="Copying and comparing") as bar:
            counts = moving.move(source, target, bar.update)
    click.echo(f"{_rows_in_words(counts)} are the same in both databases, each compared.")
    _put_aside(source)
    click.echo(
        f"Set FORUM_DATABASE_URL to {_without_secrets(target.url)} (with its password), also where backups are made, "
        "and start the forum."
    )


def _put_aside(source: Engine) -> None:
    if source.dialect.name != "sqlite":
        return
    file = Path(source.url.database or "")
    source.dispose()  # so that this process does not keep the file open
    try:
        click.echo(f"The old file is {put_aside(file)} now.")
    except (Refusal, OSError) as error:
        why = error.message if isinstance(error, Refusal) else f"{file}: {error.strerror}."
        click.echo(f"{why} Move it away yourself: it must not be taken for the forum.")


def _without_secrets(url: URL) -> str:
    """The address of a database without passwords, for printing."""
    return url.difference_update_query(SECRET_PARAMETERS).render_as_string()


def _target_engine(url: str) -> Engine:
    if why := why_no_database(url):
        raise click.ClickException(f"TARGET_URL {why}.")
    return create_engine(url, hide_parameters=True)


def _prepare(source: Engine, target: Engine, again: bool) -> None:
    """Create the tables of the target, unless an earlier, interrupted move has. Raises `Refusal` if the target is in use."""
    if source.url == target.url:
        raise Refusal("This is the database that the forum has already.")
    if again and moving.is_under_way(target):
        moving.start_again(target)
    if not moving.is_under_way(target):
        moving.refuse_what_is_in_use(target)
        config = current_app.extensions["migrate"].migrate.get_config()
        config.attributes["engine"] = target
        library("alembic.command").upgrade(config, "heads")
    moving.begin(target, repr(source.url))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _copier() -> Copier:
    db.session.remove()
    db.engine.dispose()  # so that this process keeps no connection to the database
    return copier(_settings().database_url, _settings().pg_dump)


def _rows_in_words(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values()):,} rows in {len(counts)} tables"


@contextmanager
def _errors_end_command(words: str) -> Iterator[None]:
    """Let any failure end the command with a sentence, followed by another one on what has not changed."""
    try:
        yield
    except Refusal as error:
        said = " ".join(error.message.split()).rstrip(".")
        raise click.ClickException(f"{said}. {words}".rstrip()) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        said = f"{where}{error.strerror or error}"
        raise click.ClickException(f"{said}. {words}".rstrip()) from error
    except library("alembic.util").CommandError as error:
        raise click.ClickException(f"{error}. {words}".rstrip()) from error
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise click.ClickException(f"The database says: {said}. {words}".rstrip()) from error


@contextmanager
def _progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; yields a function that is called with what is done and the total."""
    with click.progressbar(length=1, label=label) as bar:

        def note(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield note
