"""`flask import-agenda FILE | import FOLDER`."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path

import click

from forum.errors import Refusal
from forum.members.models import Member
from forum.members.queries import administrators, first_administrator, members_by_handle
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.transfer import actions, queries
from forum.transfer.commands._pictures import kept_pictures, kept_portraits, look_for_pictures
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
    Fault,
    FaultyFileError,
    Originals,
    PeopleFile,
    Values,
    WouldLoad,
)

NOTHING = "Nothing was loaded."
# Of what only loading finds, in a file after the first
START_OVER = "What was before it in the folder is loaded. Mend the file, and begin again with an empty database."
ORDER_FIELD = re.compile(r"^- order: *([0-9]{1,4}) *$", re.M)
HEAD_LENGTH = 4_000  # characters at the beginning of a file that contain its head
LAST_ORDER = 10_000  # the order of agendas without this field
PLURALS = {"reply": "replies"}
LISTED = ("picture", "file")  # several files may list the same one
MAX_SHOWN = 1_000  # characters of a mistake
# Control characters, and those that turn the direction of what follows
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@bp.cli.command("import-agenda")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, dir_okay=False)
)
@click.option(
    "--by", help="Handle of the moderator who answers for it; without it, the first administrator."
)
@click.option(
    "--check", is_flag=True, help="Say what is wrong, or what it would load; load nothing."
)
def import_agenda(files: tuple[str, ...], by: str | None, check: bool) -> None:
    """Load whole agenda pages from each FILE, in the format of docs/content-format.md; all of them, or nothing."""
    curator = _curator(by)
    with ExitStack() as stack, _faults_end_command(files[0]):
        named, wrong = [], dict[str, list[Fault]]()
        for name in files:
            found = _read(Path(name), wrong.setdefault(name, []))
            pictures = stack.enter_context(kept_pictures(found, Path(name).parent))
            named.append((name, found, pictures))
        checked = ((name, found) for name, found, _pictures in named)
        for name, faults in actions.check_files(curator, checked).items():
            wrong[name] += faults
        _end_if_wrong(wrong)
        if check:
            return _check_agendas(curator, named)
        agendas = actions.import_agendas(curator, named)
    for agenda in agendas:
        click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


def _read(path: Path, faults: list[Fault]) -> AgendaFile:
    """An agenda file, which is empty when it is not UTF-8: then that is added to the faults."""
    try:
        return read_agenda(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        faults.append(_no_text(error))
        return AgendaFile(Values(1), is_new=False)


def _no_text(error: UnicodeDecodeError) -> Fault:
    return Fault(1 + error.object.count(b"\n", 0, error.start), "this is not UTF-8")


def _end_if_wrong(wrong: Mapping[str, Sequence[Fault]], then: str = "") -> None:
    """End the command if there are faults in files of these names, with a line for each; `then` as in `_faults_end_command`."""
    number = 0
    for name, faults in wrong.items():
        for fault in sorted(dict.fromkeys(faults), key=attrgetter("line")):
            number += 1
            click.echo(_shown(f"{name}:{fault.line}: {fault.message}"), err=True)
    if number:
        things = "1 thing" if number == 1 else f"{number} things"
        words = f"{things} to mend. {then}" if then else f"{things} to mend; nothing was loaded."
        raise click.ClickException(words) from None


def _shown(words: str) -> str:
    """Words that quote a file, without what a terminal could take for a command, and cut if they are very long."""
    short = words if len(words) <= MAX_SHOWN else f"{words[:MAX_SHOWN]}…"
    return UNPRINTABLE.sub("\ufffd", short)


def _check_agendas(curator: Member, files: Sequence[actions.NamedFile]) -> None:
    try:
        actions.try_agendas(curator, files)
    except WouldLoad as trial:
        said = "Nothing to mend."
        for (title, slug), (_name, file, _pictures) in zip(trial.agendas, files, strict=True):
            what = "the new agenda" if file.is_new else "more for the agenda"
            click.echo(f"{said} This would load {what} “{title}”, /agendas/{slug}:".lstrip())
            for name, number in file.numbers.items():
                if number:
                    words = name if number == 1 else PLURALS.get(name, f"{name}s")
                    click.echo(f"  {number:,} {words}")
            said = ""
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
    """Inside, faults in the named file end the command, with a line for each.

    `then` says what was loaded, and how to go on; without it nothing was loaded.
    """
    try:
        yield
    except FaultyFileError as error:
        _end_if_wrong({error.name or name: error.faults}, then)
    except Refusal as error:
        raise click.ClickException(f"{error.message} {then or NOTHING}") from None


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
    in_order = [
        name
        for agenda in sorted(agendas_there, key=lambda name: _order(folder / name))
        for name in (agenda, *agendas_there[agenda])
    ]
    with ExitStack() as stack:
        people, elsewhere = _check_folder(curator, folder, in_order, stack)
        steps: list[tuple[Path, Callable[[Path], Counter[str]]]] = [
            (folder / PEOPLE, partial(_import_people, people)),
            *((folder / name, partial(_import_file, curator, elsewhere)) for name in in_order),
            *((folder / name, partial(_import_origins, curator)) for name in agendas_there),
        ]
        if (folder / GLOSSARY).exists():
            steps.append((folder / GLOSSARY, partial(_import_glossary, curator)))
        steps.append((folder / PEOPLE, partial(_import_voices, people)))
        loaded = _load(folder, steps)
    mark_all_as_read()
    click.echo(f"Loaded {contents(loaded)}.")
    click.echo("`flask members address HANDLE EMAIL` lets a member ask for a password there.")


def _load(
    folder: Path, steps: Sequence[tuple[Path, Callable[[Path], Counter[str]]]]
) -> Counter[str]:
    loaded = Counter({kind: len(list(folder.glob(f"{kind}/*"))) for kind in FOLDERS})
    with click.progressbar(steps, label="Loading files", show_pos=True) as bar:
        for number, (file, load) in enumerate(bar):
            with _faults_end_command(file.name, START_OVER if number else ""):
                loaded += load(file)
    return loaded


def _check_folder(
    curator: Member, folder: Path, names: Sequence[str], stack: ExitStack
) -> tuple[PeopleFile, Originals]:
    """The people of a folder, with their portraits, and what its agenda files of these names hold.

    Mistakes in any file end the command with a line for each, before anything is loaded.
    """
    wrong: dict[str, list[Fault]] = {name: [] for name in (PEOPLE, *names, GLOSSARY)}
    people = _people_in(folder, wrong[PEOPLE], stack)
    elsewhere = NOTHING_ELSEWHERE
    for name in names:
        elsewhere = elsewhere.with_those_of(_read(folder / name, wrong[name]))
    files = ((name, _read_with_pictures(folder, name)) for name in names)
    with _faults_end_command(folder.name):
        found = dict(actions.check_files(curator, files, people, elsewhere))
    wrong[PEOPLE] += found.pop("", [])
    for name, faults in found.items():
        wrong[name] += faults
    if (folder / GLOSSARY).exists():
        try:
            read_glossary((folder / GLOSSARY).read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            wrong[GLOSSARY].append(_no_text(error))
        except FaultyFileError as error:
            wrong[GLOSSARY] += error.faults
    _end_if_wrong(wrong)
    return people, elsewhere


def _people_in(folder: Path, faults: list[Fault], stack: ExitStack) -> PeopleFile:
    try:
        people = read_people((folder / PEOPLE).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        faults.append(_no_text(error))
        return PeopleFile()
    try:
        return replace(people, portraits=stack.enter_context(kept_portraits(people, folder)))
    except FaultyFileError as error:
        faults += error.faults
    return people


def _read_with_pictures(folder: Path, name: str) -> AgendaFile:
    """An agenda file, with a fault for each picture and file of it that cannot be read; those that can are not opened."""
    file = _read(folder / name, [])
    look_for_pictures(file, folder)
    return file


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


def _order(file: Path) -> tuple[int, str]:
    """The key by which agenda files are sorted: the field “order” of the agenda, and the file name."""
    with file.open(encoding="utf-8", errors="replace") as text:
        found = ORDER_FIELD.search(text.read(HEAD_LENGTH))
    return int(found[1]) if found else LAST_ORDER, file.name


# Each of these loads a file, and returns how much of each kind was in it, as an export counts it


def _import_people(people: PeopleFile, _file: Path) -> Counter[str]:
    actions.import_people(SYSTEM, people, hash_password(secrets.token_urlsafe(32)))
    return Counter(
        organisations=len(people.organisations),
        members=len(people.members),
        portraits=len(people.portraits),
    )


def _import_glossary(curator: Member, file: Path) -> Counter[str]:
    entries = read_glossary(file.read_text(encoding="utf-8"))
    actions.import_glossary(curator, entries)
    return Counter(expressions=len(entries))


def _import_voices(people: PeopleFile, _file: Path) -> Counter[str]:
    actions.import_voices(SYSTEM, people)
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
