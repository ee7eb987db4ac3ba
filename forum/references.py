"""References for programs that manage literature, in the format that all of them read (RIS)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from forum.plaintext import on_one_line

CONTENT_TYPE = "application/x-research-info-systems; charset=utf-8"
# The format's names for kinds of works
BOOK, REPORT, ARTICLE, WEBSITE, FILM, OTHER = "BOOK", "RPRT", "JOUR", "ELEC", "MPCT", "GEN"
LINE_END = "\r\n"
BETWEEN_AUTHORS = re.compile("[;；؛]")
COMMA = re.compile(r"\s{0,9}[,，،]\s{0,9}")
# Schemes that programs open as an address.
WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


class Author(NamedTuple):
    """An author of a work: a person, last name first if that is known, or an organisation."""

    name: str
    is_body: bool = False


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A work as it is cited. Empty values are left out.

    `site` is the website of the page. `abstract` is the work's own, `note` is what others say about it.
    """

    kind: str
    title: str
    authors: tuple[Author, ...] = ()
    published_on: date | None = None
    year: int | None = None
    site: str = ""
    publisher: str = ""
    address: str = ""
    language: str = ""
    abstract: str = ""
    note: str = ""
    keywords: tuple[str, ...] = ()


def authors_in(line: str) -> tuple[Author, ...]:
    """The authors in a typed line: people, last name first, and organisations, separated by semicolons."""
    names = [COMMA.sub(", ", on_one_line(part)).strip(" ,") for part in BETWEEN_AUTHORS.split(line)]
    return tuple(Author(name, "," not in name) for name in names if name)


def ris(references: Iterable[Reference]) -> bytes:
    """The references as the content of a file."""
    return "".join(_record(reference) for reference in references).encode()


def _record(reference: Reference) -> str:
    lines = (f"{tag}  - {value}{LINE_END}" for tag, value in _filled_tags(reference))
    return "".join(lines) + f"ER  - {LINE_END}"


def _filled_tags(reference: Reference) -> Iterator[tuple[str, str]]:
    """The tags of a reference with a value, each on one line, because a further line could be read as a tag."""
    yield "TY", reference.kind
    for tag, value in _tags(reference):
        if words := _cleaned(value):
            yield tag, words


def _tags(reference: Reference) -> Iterator[tuple[str, str]]:
    yield from (("AU", _name(author)) for author in reference.authors)
    yield "TI", reference.title
    yield "T2", reference.site
    yield "PB", reference.publisher
    yield "PY", str(reference.year or "")
    if day := reference.published_on:
        yield "DA", f"{day.year:04}/{day.month:02}/{day.day:02}"
    yield "LA", reference.language
    if WEB_ADDRESS.fullmatch(reference.address):
        yield "UR", reference.address
    yield "AB", reference.abstract
    yield "N1", reference.note
    yield from (("KW", word) for word in reference.keywords)


def _name(author: Author) -> str:
    """A name as programs read it: the part before a comma is the family name, or else the last word is.

    So the name of an organisation gets a comma at its end, and keeps none inside.
    """
    return f"{COMMA.sub(' ', author.name).strip()}," if author.is_body else author.name


def _cleaned(value: str) -> str:
    """A text on one line, without any control character."""
    return "".join(c for c in on_one_line(value) if unicodedata.category(c) != "Cc")
