"""`flask setup`, `flask forum`, `flask members list` and `flask cities load`."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
from flask import Blueprint

from forum.columns import MAX_ID
from forum.db import db
from forum.engines import checkpoint_wal
from forum.errors import Invalid, NotFound, Refusal
from forum.lazy import library
from forum.logs import without_slow_log
from forum.members import actions, queries
from forum.members.forms import (
    EMAIL_PATTERN,
    MAX_EMAIL,
    MAX_PASSWORD,
    MIN_PASSWORD,
    check_password,
)
from forum.members.queries import CITIES_FILE
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.plaintext import on_one_line
from forum.web import absolute, settings

T = TypeVar("T")

# Files of GeoNames, as https://download.geonames.org/export/dump/readme.txt describes them
GEONAMES_COLUMNS, PEOPLE_COLUMN = 19, 14
# The columns of numbers that a place needs: what each is called, and what it may be
NUMBERS: dict[int, tuple[str, type[int] | type[float], int, int]] = {
    0: ("number", int, 1, MAX_ID),
    4: ("latitude", float, -90, 90),
    5: ("longitude", float, -180, 180),
    PEOPLE_COLUMN: ("population", int, 0, MAX_ID),
}
LEAST_PEOPLE = 500
CITIES_AT_ONCE = 2_000  # loaded in one transaction while the forum runs
MAX_PLACE_NAME = 200  # characters
INHABITED = "P"
# Sections of a place, and those where nobody lives any more
NO_PLACE_OF_ITS_OWN = {"PPLX", "PPLH", "PPLCH", "PPLQ", "PPLW"}
COUNTRY_CODE = re.compile("[A-Z]{2}")
AIRPORT = re.compile(r"[A-Z]{3}")
MAX_OTHER_NAMES = 24  # of one place, as in the data file

bp = Blueprint("members_commands", __name__, cli_group=None)


@bp.cli.command("setup")
@click.option(
    "--language",
    help="Language of the sentence that says what the forum is for, such as fr, if it is not the first one.",
)
def setup(language: str | None) -> None:
    """Make a real, empty forum: tables, cities, its name and its first administrator."""
    library("flask_migrate").upgrade()
    if queries.federation_if_there():
        raise click.ClickException("This forum has been set up already.")
    if language:
        _checked_locale(language)
    name = _ask("Name of the forum", actions.MAX_FORUM_NAME, _checked_forum_name)
    purpose = "What it is for, in one sentence"
    tagline = _ask(purpose, actions.MAX_TAGLINE, is_optional=True)
    if tagline and not language:
        language = _asked_locale()
    person = _ask("Your name, as its first administrator", actions.MAX_NAME, _checked_name)
    if sys.stdin.isatty():
        click.echo("Everybody reads this address on /contact, until you give another one for that.")
    email = _ask("Your e-mail address", MAX_EMAIL, unused_email)
    password = new_password((name, person, email), is_repeated=True)
    if not queries.cities_count():
        load_cities()
    joining = actions.Joining(person, email, hash_password(password))
    locale = language if tagline and language else ""
    member = done(lambda: actions.set_up(SYSTEM, name, tagline, joining, tagline_locale=locale))
    click.echo(f"“{name}” is set up. {member.name} ({member.email}) is its administrator.")
    click.echo("/contact shows everybody that address. `flask forum --contact` gives another one.")
    click.echo(
        f"Once it runs, sign in at {absolute('/sign-in')}: the home page says what to do first."
    )
    checkpoint_wal(db.engine)


@bp.cli.command("forum")
@click.option("--name", help="New name of the forum.")
@click.option("--tagline", help="New sentence that says what the forum is for.")
@click.option(
    "--language", help="Language of that sentence, such as fr, if it is not the first one."
)
@click.option("--contact", help="New e-mail address on /contact, which everybody reads.")
def forum(name: str | None, tagline: str | None, language: str | None, contact: str | None) -> None:
    """Say what the forum is called, what it is for and where it is reached, or change that."""
    offered = settings().locales
    if language and tagline is None:
        raise click.UsageError("--language says in which language --tagline is: give both.")
    if language:
        _checked_locale(language)
    known = queries.federation_if_there()
    said = {"name": name, "contact_email": contact and checked_email(contact)}
    others = {}
    if language and known and language != (known.tagline_locale or offered[0]):
        others[language] = tagline or ""
    else:
        said["tagline"] = tagline
    given = {what: words for what, words in said.items() if words is not None}
    if given or others:
        locale = "" if others else language or ""
        known = done(
            lambda: actions.describe_federation(
                SYSTEM, tagline_locale=locale, taglines=others, **given
            )
        )
    if known is None:
        raise click.ClickException("This forum has not been set up yet.")
    click.echo(f"name: {known.name}")
    for locale, words in {known.tagline_locale: known.tagline, **known.taglines}.items():
        click.echo(f"tagline{f' ({locale})' if locale else ''}: {words}")
    click.echo(f"contact: {known.contact_email}")
    if given or others:
        click.echo("Every page says so from now on; nothing has to be started again.")


@bp.cli.group("members")
def members() -> None:
    """Add and list members, give roles, new passwords and addresses."""


@members.command("list")
def list_members() -> None:
    """Print every account: handle, role, e-mail address, name and number, parted by tabs."""
    for member in queries.all_members():
        state = " (suspended)" if member.is_suspended else ""
        click.echo(
            f"{member.handle}\t{member.role}{state}\t{member.email}\t{member.name}\t{member.id}"
        )


@bp.cli.group("cities")
def cities() -> None:
    """The list of the world's cities."""


@cities.command("load")
@click.option(
    "--more",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of GeoNames, such as CH.txt or cities500.txt, whose smaller places are added.",
)
@click.option(
    "--people",
    type=click.IntRange(min=1),
    help=f"From that file: only places with at least so many people; {LEAST_PEOPLE}, if not given.",
)
def load(more: Path | None, people: int | None) -> None:
    """Load the cities of the data file, or bring those that are known up to date; or add smaller places."""
    if more is None and people is not None:
        raise click.UsageError("Say with --more of which file.")
    people = LEAST_PEOPLE if people is None else people
    if more is None:
        click.echo(f"{load_cities(at_once=CITIES_AT_ONCE)} cities are loaded.")
    elif number := load_cities(smaller_places(more, people), at_once=CITIES_AT_ONCE):
        click.echo(f"Places of {more.name} that are loaded: {number}. Members can choose them now.")
    else:
        least = f"of {people} people or more that the forum does not bring with it"
        raise click.ClickException(f"{more.name} has no place {least}.")


def load_cities(found: Iterable[actions.CityRow] | None = None, *, at_once: int = 0) -> int:
    """Load cities, those of the data file if no others are given, and show how far it is; returns how many there are.

    One transaction loads `at_once`, so that others can write in between; without that all of them, so that the first list
    of a forum is there or not.
    """
    rows = sorted(city_rows() if found is None else found, key=lambda row: -row[5])
    cities = click.progressbar(length=len(rows), label="Loading the cities")
    with without_slow_log(), cities as bar:
        for first in range(0, len(rows), at_once or len(rows) or 1):
            batch = rows[first : first + at_once] if at_once else rows
            done(partial(actions.load_cities, SYSTEM, batch, bar.update))
    return len(rows)


def city_rows() -> Iterator[actions.CityRow]:
    """The cities of the data file, as the action takes them."""
    with gzip.open(CITIES_FILE, "rt", encoding="utf-8") as file:
        next(file)
        for line in file:
            number, name, country, north, east, people, _region, names = line.rstrip("\n").split(
                "\t"
            )
            row = int(number), name, country, float(north), float(east), int(people)
            yield (*row, names.split("|"))


def smaller_places(path: Path, people: int) -> Collection[actions.CityRow]:
    """The places in a file of GeoNames with so many people or more that the data file has not, each once.

    They keep their numbers at GeoNames, so that another forum which has the same file knows them, too. A line that is
    none of GeoNames, or a place that cannot be, ends the command before anything is loaded.
    """
    known = {row[0] for row in city_rows()}
    found = {}
    for where, line in _lines(path):
        if _is_inhabited(line) and _number(where, line, PEOPLE_COLUMN) >= people:
            row = _place(where, line)
            found[row[0]] = row
    return [row for number, row in found.items() if number not in known]


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The columns of each line, with the words that say which line it is."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            columns, where = line.rstrip("\r\n").split("\t"), f"Line {number} of {path.name}"
            if len(columns) != GEONAMES_COLUMNS or not columns[PEOPLE_COLUMN].isdecimal():
                said = f"{where} is none of GeoNames"
                raise click.ClickException(f"{said}: unpack the archive, and give the large file.")
            yield where, columns


def _is_inhabited(line: list[str]) -> bool:
    _number, _name, _ascii, _others, _north, _east, kind, code, country, *_more = line
    is_place = kind == INHABITED and code not in NO_PLACE_OF_ITS_OWN
    return is_place and COUNTRY_CODE.fullmatch(country) is not None


def _place(where: str, line: list[str]) -> actions.CityRow:
    number, north, east, people = (_number(where, line, column) for column in NUMBERS)
    name = on_one_line(line[1])
    if not 0 < len(name) <= MAX_PLACE_NAME or "\ufffd" in name:
        raise _no_place(where, "name", line[1])
    return int(number), name, line[8], north, east, int(people), _other_names(line[3])


def _number(where: str, line: list[str], column: int) -> float:
    called, kind, least, most = NUMBERS[column]
    try:
        number = kind(line[column])
    except ValueError:
        raise _no_place(where, called, line[column]) from None
    if not least <= number <= most:  # nor is it “nan”
        raise _no_place(where, called, line[column])
    return number


def _no_place(where: str, called: str, value: str) -> click.ClickException:
    return click.ClickException(
        f"{where} gives a place the {called} “{value[:40]}”, which cannot be. Nothing was loaded."
    )


def _other_names(names: str) -> list[str]:
    """Names beside the usual one as the data file has them: other scripts first, and no codes of airports."""
    named = filter(None, map(on_one_line, names.split(",")))
    others = {name for name in named if not AIRPORT.fullmatch(name)}
    return sorted(others, key=lambda name: (name.isascii(), name))[:MAX_OTHER_NAMES]


def done(deed: Callable[[], T]) -> T:
    """Run an action; a refusal ends the command with its message."""
    try:
        return deed()
    except NotFound as error:
        more = "`flask members list` prints the handles of all."
        raise click.ClickException(f"{error.message} {more}") from error
    except Refusal as error:
        raise click.ClickException(error.message) from error


def checked_email(email: str) -> str:
    """A typed e-mail address; an invalid one ends the command."""
    if not re.match(EMAIL_PATTERN, email) or len(email) > MAX_EMAIL:
        raise click.ClickException("This is not an e-mail address.")
    return email


def unused_email(email: str) -> str:
    """A typed e-mail address; one that is invalid or belongs to an account ends the command."""
    if queries.is_email_taken(checked_email(email)):
        raise click.ClickException("There is an account with this address.")
    return email


def new_password(own: tuple[str, ...], is_repeated: bool = False) -> str:
    """A password that may be used and is not made from `own` words; at a terminal `is_repeated`, or asked for again."""

    def asked() -> str:
        password = _checked_password(_password(), own)
        if is_repeated and sys.stdin.isatty() and password != _hidden("The same password again"):
            raise click.ClickException("The two passwords differ.")
        return password

    return _accepted(asked)


def _ask(
    question: str, most: int, check: Callable[[str], str] = str, is_optional: bool = False
) -> str:
    """Ask for an answer of at most `most` characters that passes `check`: see `_accepted`."""

    def asked() -> str:
        answer = _line(question, is_optional).strip()
        if len(answer) > most:
            raise click.ClickException(f"{question}: write at most {most} characters.")
        return check(answer) if answer or not is_optional else answer

    return _accepted(asked)


def _accepted(ask: Callable[[], str]) -> str:
    """The answer that `ask` returns once it raises no `ClickException`.

    At a terminal, the error is printed and the question repeated, until the input ends. Otherwise the command ends,
    because the next line of standard input answers another question.
    """
    while True:
        try:
            return ask()
        except click.ClickException as error:
            if not sys.stdin.isatty():
                raise
            error.show()


def _asked_locale() -> str:
    """The language of the forum's sentence, asked for at a terminal where it could be one of several; else empty."""
    offered = settings().locales
    if len(offered) == 1 or not sys.stdin.isatty():
        return ""
    choice = click.Choice(offered)
    return str(click.prompt("In which language that is", type=choice, default=offered[0]))


def _checked_locale(locale: str) -> None:
    """Raise `UsageError` for a language that the pages are not in."""
    offered = settings().locales
    if locale not in offered:
        raise click.UsageError(f"The languages of this forum are: {', '.join(offered)}.")


def _line(question: str, is_optional: bool) -> str:
    """One typed line, or the next one of standard input."""
    if sys.stdin.isatty():
        default = "" if is_optional else None
        return str(click.prompt(question, default=default, show_default=False))
    answer = sys.stdin.readline().strip()
    if not answer and not is_optional:
        raise click.ClickException(f"Standard input has no answer to: {question}")
    return answer


def _checked_forum_name(name: str) -> str:
    if not any(map(str.isalnum, name)):
        raise click.ClickException("Give the forum a name.")
    return name


def _checked_name(name: str) -> str:
    return done(lambda: actions.check_name(SYSTEM, name, is_official=True))


def _password() -> str:
    return _hidden("Password") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _hidden(question: str) -> str:
    return str(click.prompt(question, hide_input=True))


def _checked_password(password: str, own: tuple[str, ...]) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise click.ClickException(
            f"The password has to have {MIN_PASSWORD} to {MAX_PASSWORD} characters."
        )
    try:
        check_password(password, own)
    except Invalid as error:
        raise click.ClickException(error.message) from error
    return password
