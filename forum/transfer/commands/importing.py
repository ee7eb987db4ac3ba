"""`flask import-agenda FILE | import FOLDER`."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

import click

from forum.errors import Refusal
from forum.members.models import Member
from forum.members.queries import administrators, first_administrator, members_by_handle
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.transfer import actions, queries
from forum.transfer.commands._pictures import KeptPictures, kept_pictures, kept_portraits
from forum.transfer.commands._shared import bp, contents, mark_all_as_read
from forum.transfer.forms import (
    FOLDERS,
    GLOSSARY,
    PEOPLE,
    README,
    agendas_in,
    compare_pictures,
    pictures_listed,
    read_agenda,
    read_glossary,
    read_people,
)
from forum.transfer.models import (
    NOTHING_ELSEWHERE,
    AgendaFile,
    FaultyFileError,
    Originals,
    WouldLoad,
)

START_OVER = " Mend the file, and begin again with an empty database."
ORDER_FIELD = re.compile(r"^- order: *([0-9]{1,4}) *$", re.M)
HEAD_LENGTH = 4_000  # characters at the beginning of a file that contain its head
LAST_ORDER = 10_000  # the order of agendas without this field
PLURALS = {"reply": "replies"}
LISTED = ("picture", "file")  # several files may list the same one


@bp.cli.command("import-agenda")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option(
    "--by", help="Handle of the moderator who answers for it; without it, the first administrator."
)
@click.option(
    "--check", is_flag=True, help="Say what is wrong, or what it would load; load nothing."
)
def import_agenda(file: IO[str], by: str | None, check: bool) -> None:
    """Load a whole agenda page from FILE, in the format of docs/content-format.md."""
    with _faults_end_command(file.name):
        curator, found = _curator(by), read_agenda(file.read())
        with kept_pictures(found, Path(file.name).parent) as pictures:
            if check:
                return _check_agenda(curator, found, pictures)
            agenda = actions.import_agenda(curator, found, pictures)
    click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


def _check_agenda(curator: Member, file: AgendaFile, pictures: KeptPictures) -> None:
    try:
        actions.try_agenda(curator, file, pictures)
    except WouldLoad as agenda:
        what = "the new agenda" if file.is_new else "more for the agenda"
        click.echo(
            f"Nothing to mend. This would load {what} “{agenda.title}”, /agendas/{agenda.slug}:"
        )
        for name, number in file.numbers.items():
            if number:
                click.echo(f"  {number:,} {name if number == 1 else PLURALS.get(name, f'{name}s')}")
        click.echo("Nothing was loaded.")


def _curator(handle: str | None) -> Member:
    """The moderator whom the command line names, or else the first administrator."""
    found = _member(handle) if handle else first_administrator()
    if found is None and administrators():
        raise click.ClickException("No administrator may act now. Name a moderator with --by.")
    if found is None:
        raise click.ClickException("There is no administrator yet. Run `flask setup` first.")
    return found


def _member(handle: str) -> Member:
    found = members_by_handle([handle])
    if not found:
        raise click.ClickException(f"No member has the handle “{handle}”.")
    return found[0]


@contextmanager
def _faults_end_command(name: str, then: str = "") -> Iterator[None]:
    """Inside, faults in the named file end the command, with a line for each; `then` is a sentence on how to go on."""
    try:
        yield
    except FaultyFileError as error:
        for fault in error.faults:
            click.echo(f"{name}:{fault.line}: {fault.message}", err=True)
        number = len(error.faults)
        things = "1 thing" if number == 1 else f"{number} things"
        raise click.ClickException(f"{things} to mend; nothing was loaded.{then}") from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        click.echo(f"{name}:{line}: this is not UTF-8", err=True)
        words = "The file is not UTF-8 text; nothing was loaded."
        raise click.ClickException(f"{words}{then}") from None
    except Refusal as error:
        raise click.ClickException(f"{error.message} Nothing was loaded.{then}") from None


@bp.cli.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--by", help="Handle of the moderator who answers for it; without it, the first administrator."
)
def import_folder(folder: Path, by: str | None) -> None:
    """Load an export, FOLDER, into a forum that has been set up and holds nothing else."""
    curator = _curator(by)
    counts = queries.counts()
    if counts["agendas"] or counts["expressions"] or queries.organisation_ids():
        raise click.ClickException("This forum holds something already. Import into a new one.")
    if not (folder / PEOPLE).exists():
        raise click.ClickException(f"There is no {PEOPLE} in {folder}: this is no export.")
    with _faults_end_command(folder.name):
        names = [file.name for file in folder.iterdir()]
        agendas_there = agendas_in(names, _readme_in(folder))
        every_file = [*agendas_there, *chain.from_iterable(agendas_there.values())]
        _compare_pictures(folder, every_file)
    elsewhere = _originals_in(folder, every_file)
    steps = [(folder / PEOPLE, _import_people)]
    for agenda in sorted(agendas_there, key=lambda name: _order(folder / name)):
        every = [agenda, *agendas_there[agenda]]
        steps += [(folder / name, partial(_import_file, curator, elsewhere)) for name in every]
    steps += [(folder / name, partial(_import_origins, curator)) for name in agendas_there]
    if (folder / GLOSSARY).exists():
        steps.append((folder / GLOSSARY, partial(_import_glossary, curator)))
    steps.append((folder / PEOPLE, _import_voices))
    loaded = Counter({kind: len(list(folder.glob(f"{kind}/*"))) for kind in FOLDERS})
    with click.progressbar(steps, label="Loading files", show_pos=True) as bar:
        for file, load in bar:
            with _faults_end_command(file.name, START_OVER):
                loaded += load(file)
    mark_all_as_read()
    click.echo(f"Loaded {contents(loaded)}.")
    click.echo("`flask members address HANDLE EMAIL` lets a member ask for a password there.")


def _readme_in(folder: Path) -> str:
    """The text of README.md; empty if there is none, as in a folder that was written by hand."""
    file = folder / README
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _compare_pictures(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder in which pictures or files are missing, or some that no content file of these names lists."""
    listed: set[str] = set()
    for name in names:
        with (folder / name).open(encoding="utf-8", errors="replace") as lines:
            listed.update(pictures_listed(lines))
    there = [f"{kind}/{path.name}" for kind in FOLDERS for path in folder.glob(f"{kind}/*")]
    compare_pictures(there, listed)


def _originals_in(folder: Path, names: Iterable[str]) -> Originals:
    """What the files of a folder hold from which commitments in any of them may come."""
    found = NOTHING_ELSEWHERE
    for name in names:
        with _faults_end_command(name):
            found = found.with_those_of(read_agenda((folder / name).read_text(encoding="utf-8")))
    return found


def _order(file: Path) -> tuple[int, str]:
    """The key by which agenda files are sorted: the field “order” of the agenda, and the file name."""
    with file.open(encoding="utf-8", errors="replace") as text:
        found = ORDER_FIELD.search(text.read(HEAD_LENGTH))
    return int(found[1]) if found else LAST_ORDER, file.name


# Each of these loads a file, and returns how much of each kind was in it, as an export counts it


def _import_people(file: Path) -> Counter[str]:
    people = read_people(file.read_text(encoding="utf-8"))
    with kept_portraits(people, file.parent) as portraits:
        hashed = hash_password(secrets.token_urlsafe(32))
        actions.import_people(SYSTEM, replace(people, portraits=portraits), hashed)
        return Counter(
            organisations=len(people.organisations),
            members=len(people.members),
            portraits=len(portraits),
        )


def _import_glossary(curator: Member, file: Path) -> Counter[str]:
    entries = read_glossary(file.read_text(encoding="utf-8"))
    actions.import_glossary(curator, entries)
    return Counter(expressions=len(entries))


def _import_voices(file: Path) -> Counter[str]:
    actions.import_voices(SYSTEM, read_people(file.read_text(encoding="utf-8")))
    return Counter()


def _import_file(curator: Member, elsewhere: Originals, file: Path) -> Counter[str]:
    found = read_agenda(file.read_text(encoding="utf-8"))
    with kept_pictures(found, file.parent) as pictures:
        actions.import_agenda(curator, found, pictures, elsewhere=elsewhere)
    there = found.numbers
    posts = sum(there.pop(name) for name in ("reply", "comment")) + there["topic"]
    told = Counter({f"{name}s": number for name, number in there.items() if name not in LISTED})
    return told + Counter(agendas=int(found.is_new), posts=posts)


def _import_origins(curator: Member, file: Path) -> Counter[str]:
    actions.import_origins(curator, read_agenda(file.read_text(encoding="utf-8")))
    return Counter()
