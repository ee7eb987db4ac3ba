"""`flask backup | restore | move-database`: whole copies of the forum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import disk_usage

import click
from flask import current_app
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from forum import backups, machine, moving, web
from forum.copies import Copier, copier, put_aside, refuse_if_open
from forum.db import db
from forum.endings import said_of_files
from forum.engines import analyze
from forum.environment import why_no_database
from forum.errors import Refusal
from forum.lazy import library
from forum.logs import without_slow_log
from forum.mail.queries import waiting_letters
from forum.notifications.queries import notices_to_mail_count
from forum.permissions import SYSTEM
from forum.plaintext import single_line
from forum.settings import Settings
from forum.upkeep import queries
from forum.upkeep.commands._shared import bp, place_of_database, said_by, without_secrets

# How much room a backup takes while it is made, in sizes of the database: the copy, and the archive beside it
ROOM = 4 / 3
STOP = "Stop the forum, and whatever else uses it."


@bp.cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(target: Path) -> None:
    """Write the whole forum to the file TARGET, and try it by restoring it. The forum may run meanwhile."""
    settings = web.settings()
    if not target.name:
        raise click.ClickException("TARGET is the name of a file.")
    target = target.absolute()  # messages about it have to say where it is
    if target.exists() and not target.is_file():  # a device would be replaced by the backup
        raise click.ClickException(f"{target} is no file that a backup could take the place of.")
    if target.resolve() in _own_files(settings):
        raise click.ClickException(f"{target} is a file of the forum itself. Name another one.")
    place, words = place_of_database(settings), [_about_room(target)]
    if target.exists():
        words.append("The old backup is kept.")
    with (
        _errors_end_command(" ".join(filter(None, words)), place),
        _progress_bar("Copying") as note,
    ):
        if queries.schema_state() == "none":
            raise Refusal(queries.schema_problem())
        what = _copier(), settings.data, target, queries.version(), note
        made, remarks = backups.make(*what, secret_key=settings.secret_key)
    with suppress(OSError):  # the backup is complete anyway
        settings.backed_up_path.touch()
    for remark in remarks:
        click.echo(remark)
    size = target.stat().st_size / 1e6
    click.echo(
        f"{target}: {_rows_in_words(made.counts)} of {without_secrets(db.engine.url)}, {size:,.1f} MB."
    )
    click.echo("It has been restored once and compared.")
    if backups.KEY not in made.files:
        click.echo("FORUM_SECRET_KEY is not in it: keep it somewhere else.")


def _about_room(target: Path) -> str:
    """For a backup that fails: that there is too little room for it; empty if there is enough, or nobody knows."""
    if db.engine.dialect.name != "sqlite":
        return ""
    try:
        free = disk_usage(target.parent).free / 1e6
        needed = Path(db.engine.url.database or "").stat().st_size / 1e6 * ROOM
    except OSError:
        return ""
    if free > needed:
        return ""
    return f"{target.parent} has {free:,.0f} MB of free room, and a backup needs about {needed:,.0f} while it is made."


@bp.cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, readable=False))
def restore(source: Path) -> None:
    """Let an empty forum become the one in the backup SOURCE. Nothing is ever overwritten.

    Another secret key that lies in FORUM_DATA is put aside as secret-key.before-…
    """
    settings = web.settings()
    with _errors_end_command("Nothing was restored.", place_of_database(settings)):
        _refuse_living_forum(settings)
        backups.refuse_filled(_copier())  # told first: then nobody need stop anything
        if db.engine.dialect.name == "postgresql":
            _refuse_connected(db.engine, "The database")
        what = _copier(), settings.data, source.absolute(), queries.known_revisions()
        made = backups.put_back(*what, keeps_key=not settings.has_new_key)
    click.echo(f"Restored {_rows_in_words(made.counts)}, as they were on {made.made_at}.")
    if words := _about_key(made, settings):
        click.echo(words)
    if words := _about_letters():
        click.echo(words)
    if queries.schema_state() == "older":
        click.echo("The backup is of an older version. Run `flask db upgrade` next.")
    analyze(db.engine)


def _refuse_living_forum(settings: Settings) -> None:
    """Raise `Refusal` while a forum runs here.

    It has the old file open, wherever that was moved, and would go on writing into it; on PostgreSQL it would show pages
    of before, as would servers of other machines, which are connected there.
    """
    worker, server = machine.is_held(settings.heartbeat_path), _is_serving(settings)
    for is_there, what in ((worker, "its worker is at work"), (server, "a server answers")):
        if is_there:
            raise Refusal(f"A forum runs with {settings.data}: {what}. Stop it first.")


def _is_serving(settings: Settings) -> bool:
    """Whether a server answers: also one whose file was deleted, unless it may be that of a demo in the same folder."""
    if machine.is_held(settings.serving_path):
        return True
    return machine.is_held(settings.data) and not machine.is_held(settings.neighbour_serving_path)


def _about_key(made: backups.Manifest, settings: Settings) -> str:
    """A warning if the restored forum may use another secret key than before, or an empty string."""
    if backups.KEY not in made.files:
        why = "The secret key is not in the backup: FORUM_SECRET_KEY has to be the one that the forum had."
    elif settings.has_given_key and not backups.holds_key(settings.data, settings.secret_key):
        why = "FORUM_SECRET_KEY is not the key that was in the backup: take it away, or give that one."
    else:
        return ""
    return f"{why} With another one everybody is signed out, and authenticator apps have to be set up again."


def _about_letters() -> str:
    """What the worker mails that was due when the backup was made, since nobody can know whether the forum went on; or empty."""
    what = "What was to be mailed then"
    if queries.schema_state() == "ours":
        number = waiting_letters(SYSTEM)[0] + notices_to_mail_count()
        if not number:
            return ""
        noun = "letter or notice" if number == 1 else "letters and notices"
        what = f"{what} ({number:,} {noun})"
    return f"{what} is mailed when the worker starts: a second time, if the forum went on after the backup."


def _own_files(settings: Settings) -> set[Path]:
    """What a backup must not replace: the database with its parts, the secret key and whatever else the forum keeps."""
    files = {*settings.own_paths}
    if db.engine.dialect.name == "sqlite":
        files.add(Path(db.engine.url.database or ""))
    parts = ("", "-wal", "-shm", "-journal")
    return {file.with_name(f"{file.name}{part}").resolve() for file in files for part in parts}


def _copier() -> Copier:
    db.session.remove()
    db.engine.dispose()  # so that this process keeps no connection to the database
    return copier(web.settings().database_url, web.settings().pg_dump)


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
    try:
        with _errors_end_command("The source has not changed."), without_slow_log():
            _prepare(source, target, again)
            label = "Copying and comparing"
            with click.progressbar(length=moving.total(source), label=label) as bar:
                counts = moving.move(source, target, bar.update)
    finally:
        target.dispose()
    click.echo(f"{_rows_in_words(counts)} are the same in both databases, each compared.")
    _put_aside(source)
    password = " (with its password)" if target.url.password else ""
    click.echo(
        f"Set FORUM_DATABASE_URL to {without_secrets(target.url)}{password}, also where backups are made, "
        "and start the forum."
    )


def _target_engine(url: str) -> Engine:
    if why := why_no_database(url):
        raise click.ClickException(f"TARGET_URL {why}.")
    return create_engine(url, hide_parameters=True)


def _prepare(source: Engine, target: Engine, again: bool) -> None:
    """Create the tables of the target, unless an earlier, interrupted move has. Raises `Refusal` if the target is in use."""
    if source.url == target.url:
        raise Refusal("This is the database that the forum has already.")
    _refuse_running_forum(source)
    if again and moving.is_under_way(target):
        moving.start_again(target)
    if not moving.is_under_way(target):
        moving.refuse_what_is_in_use(target)
        config = current_app.extensions["migrate"].migrate.get_config()
        config.attributes["engine"] = target
        library("alembic.command").upgrade(config, "heads")
    moving.begin(target, repr(source.url))


def _refuse_running_forum(source: Engine) -> None:
    """Raise `Refusal` while other processes use the database: what they write after the move would be lost."""
    if source.dialect.name != "sqlite":
        return _refuse_connected(source, "The source")
    source.dispose()  # so that this process does not keep the file open
    try:
        refuse_if_open(Path(source.url.database or ""))
    except Refusal as error:
        raise Refusal(f"{error.message} {STOP}") from error


def _refuse_connected(engine: Engine, called: str) -> None:
    db.session.remove()
    engine.dispose()  # so that this process keeps no other connection to the database
    try:
        moving.refuse_if_connected(engine, called)
    except Refusal as error:
        raise Refusal(f"{error.message} {STOP}") from error


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


def _rows_in_words(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values()):,} rows in {len(counts)} tables"


@contextmanager
def _errors_end_command(words: str, place: str = "") -> Iterator[None]:
    """Inside, any failure ends the command with a sentence, followed by `words` on what has not changed.

    `place` says where the database is, if it is the forum's.
    """
    try:
        yield
    except Refusal as error:
        said = single_line(error.message).rstrip(".")
        raise click.ClickException(f"{said}. {words}".rstrip()) from error
    except OSError as error:
        raise click.ClickException(f"{said_of_files(error)} {words}".rstrip()) from error
    except library("alembic.util").CommandError as error:
        raise click.ClickException(f"{error}. {words}".rstrip()) from error
    except DBAPIError as error:
        said = " ".join(filter(None, (said_by(error), place, words)))
        raise click.ClickException(f"The database says: {said}") from error


@contextmanager
def _progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; yields a function that is called with what is done and the total."""
    with click.progressbar(length=1, label=label) as bar:

        def note(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield note
