"""What the files of an exported folder are called, and whether all of them are there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import count, islice
from unicodedata import normalize

from forum.errors import Invalid

PEOPLE, README = "people.md", "README.md"
BEGINNINGS = ("agenda-", "dialogue-")
AGENDA = re.compile(r"agenda-([^.]+)\.md")
DIALOGUE = re.compile(r"dialogue-([^.]+)(?:\.([2-9]|[1-9][0-9]+))?\.md")
LISTED = re.compile(r"^- `([^`]+\.md)`$", re.M)  # as README.md names the files
MOST_NAMED = 10


def agenda_name(slug: str) -> str:
    """What the file of an agenda is called."""
    return f"agenda-{slug}.md"


def dialogue_name(slug: str, number: int) -> str:
    """What a file of an agenda's dialogue is called; the first one has no number."""
    return f"dialogue-{slug}{f'.{number}' if number > 1 else ''}.md"


def agendas_in(names: Collection[str], readme: str) -> Mapping[str, list[str]]:
    """The file of each agenda, and those of its dialogue in their order. `readme` says what was exported, if it is there.

    Raises `Invalid` where a part is missing, and for a file that only looks like one: nobody takes half an export for whole.
    """
    numbers: dict[str, list[int]] = {}
    agendas = {found[1] for found in map(AGENDA.fullmatch, names) if found}
    for found in filter(None, map(DIALOGUE.fullmatch, names)):
        numbers.setdefault(found[1], []).append(int(found[2] or 1))
    _refuse_odd(names)
    _refuse_missing([*_missing(agendas, numbers), *_unlisted(names, readme)])
    return {
        agenda_name(slug): [dialogue_name(slug, one) for one in sorted(numbers.get(slug, ()))]
        for slug in sorted(agendas)
    }


def _refuse_odd(names: Collection[str]) -> None:
    ours = (name for name in names if name.startswith(BEGINNINGS) and name.endswith(".md"))
    odd = [one for one in ours if not AGENDA.fullmatch(one) and not DIALOGUE.fullmatch(one)]
    if odd:
        raise Invalid(f"No export has files of these names, take them out: {_some(odd)}.")


def _refuse_missing(missing: list[str]) -> None:
    if missing:
        raise Invalid(f"Parts of the export are missing: {_some(missing)}.")


def _missing(agendas: Collection[str], numbers: Mapping[str, list[int]]) -> Iterator[str]:
    """Agendas of whose dialogue something is there, and the first gap in each dialogue."""
    for slug, known in numbers.items():
        if slug not in agendas:
            yield agenda_name(slug)
        first = next(number for number in count(1) if number not in known)
        if first < max(known):
            yield dialogue_name(slug, first)


def _unlisted(names: Collection[str], readme: str) -> Iterator[str]:
    """What the list of files names and nobody finds; some disks write letters with accents in another way."""
    known = {normalize("NFC", name) for name in names}
    yield from (one for one in LISTED.findall(readme) if normalize("NFC", one) not in known)


def _some(names: Collection[str]) -> str:
    """Names for a sentence: not more than one reads, each once."""
    different = sorted(set(names))
    more = len(different) - MOST_NAMED
    return ", ".join(islice(different, MOST_NAMED)) + (f" and {more} more" if more > 0 else "")
