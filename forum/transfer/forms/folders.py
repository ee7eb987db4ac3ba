"""The names of the files of an export, and checking that all of them are there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count, islice
from unicodedata import normalize

from forum.errors import Invalid
from forum.illustrations import FILE_NAME, NAME, PICTURE_NAME, is_file

PEOPLE, GLOSSARY, README = "people.md", "expressions.md", "README.md"
PREFIXES = ("agenda-", "dialogue-")
AGENDA = re.compile(r"agenda-([^.]+)\.md")
DIALOGUE = re.compile(r"dialogue-([^.]+)(?:\.([2-9]|[1-9][0-9]+))?\.md")
LISTED = re.compile(r"^- `([^`]+\.md)`$", re.M)  # as README.md names the files
PICTURES, FILES = FOLDERS = ("pictures", "files")  # the folders with them
PICTURE = re.compile(rf"{PICTURES}/({PICTURE_NAME})\.webp|{FILES}/({FILE_NAME})")
PORTRAITS = "portraits"  # the folder with the pictures of members, which the people file names
LISTED_PICTURE = re.compile(rf"### +({NAME})\s*")
LISTS = (["##", "Pictures"], ["##", "Files"])
MAX_NAMED = 10


def agenda_name(slug: str) -> str:
    """The name of an agenda's file."""
    return f"agenda-{slug}.md"


def dialogue_name(slug: str, number: int) -> str:
    """The name of the `number`th file of an agenda's dialogue; the first one has no number in it."""
    return f"dialogue-{slug}{f'.{number}' if number > 1 else ''}.md"


def picture_name(name: str) -> str:
    """The path at which a picture or file lies."""
    return f"{FILES}/{name}" if is_file(name) else f"{PICTURES}/{name}.webp"


def portrait_name(name: str) -> str:
    """The path at which the picture of a member lies."""
    return f"{PORTRAITS}/{name}.webp"


def pictures_listed(lines: Iterable[str]) -> Iterator[str]:
    """The names of the pictures and files that a content file lists."""
    is_list = False
    for line in lines:
        if line.startswith("## "):
            is_list = line.split() in LISTS
        elif is_list and (found := LISTED_PICTURE.fullmatch(line)):
            yield found[1]


def compare_pictures(paths: Collection[str], listed: Collection[str]) -> None:
    """Raise `Invalid` unless the folders of pictures and files contain exactly what the content files list."""
    found = {match[1] or match[2] for match in map(PICTURE.fullmatch, paths) if match}
    if odd := [path for path in paths if not PICTURE.fullmatch(path)]:
        raise Invalid(f"No export has files of these names, take them out: {_some(odd)}.")
    _refuse_missing([picture_name(picture) for picture in set(listed) - found])
    if unlisted := [picture_name(picture) for picture in found.difference(listed)]:
        raise Invalid(f"No file says whose these are, take them out: {_some(unlisted)}.")


def agendas_in(names: Collection[str], readme: str) -> Mapping[str, list[str]]:
    """The files of each agenda's dialogue in order, by the name of the agenda's file.

    `names` are those of all files in the folder; `readme` is the text of README.md, which lists them, or empty.
    Raises `Invalid` when a file is missing, or has a name that is only similar to those of an export.
    """
    numbers: dict[str, list[int]] = {}
    agendas = {found[1] for found in map(AGENDA.fullmatch, names) if found}
    for found in filter(None, map(DIALOGUE.fullmatch, names)):
        numbers.setdefault(found[1], []).append(int(found[2] or 1))
    _refuse_unknown(names)
    _refuse_missing([*_missing(agendas, numbers), *_unlisted(names, readme)])
    return {
        agenda_name(slug): [dialogue_name(slug, number) for number in sorted(numbers.get(slug, ()))]
        for slug in sorted(agendas)
    }


def _refuse_unknown(names: Collection[str]) -> None:
    ours = (name for name in names if name.startswith(PREFIXES) and name.endswith(".md"))
    odd = [name for name in ours if not AGENDA.fullmatch(name) and not DIALOGUE.fullmatch(name)]
    if odd:
        raise Invalid(f"No export has files of these names, take them out: {_some(odd)}.")


def _refuse_missing(missing: list[str]) -> None:
    if missing:
        raise Invalid(f"Parts of the export are missing: {_some(missing)}.")


def _missing(agendas: Collection[str], numbers: Mapping[str, list[int]]) -> Iterator[str]:
    """Missing files of agendas that have a dialogue, and the first gap in each dialogue."""
    for slug, found in numbers.items():
        if slug not in agendas:
            yield agenda_name(slug)
        first = next(number for number in count(1) if number not in found)
        if first < max(found):
            yield dialogue_name(slug, first)


def _unlisted(names: Collection[str], readme: str) -> Iterator[str]:
    """Files that README.md lists but that are missing. Some file systems normalise accents differently."""
    known = {normalize("NFC", name) for name in names}
    yield from (name for name in LISTED.findall(readme) if normalize("NFC", name) not in known)


def _some(names: Collection[str]) -> str:
    """Names for a message, each once, at most `MAX_NAMED`."""
    different = sorted(set(names))
    more = len(different) - MAX_NAMED
    return ", ".join(islice(different, MAX_NAMED)) + (f" and {more} more" if more > 0 else "")
