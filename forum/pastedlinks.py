"""Addresses of this forum's pictures and files in texts, as people paste them, and the same texts with links that use these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from forum.illustrations import (
    ANY_PATH,
    ESCAPED,
    SIGNS,
    USED,
    address_of,
    beginning_of,
    is_file,
    may_show,
    names_in,
)
from forum.markdown import MAX_SOURCE, bare_links, is_hostile, lines_of, nesting, tokens_of

# Begins the names in the copy that is parsed; no name of a picture or file does
NUMBERED = "f" * 16
DIGITS = 8  # of the number that follows
CODE = len(NUMBERED) + DIGITS  # characters with which names begin


class Pasted(NamedTuple):
    """A link to a picture or file that its text does not use yet: the name, its place, and whether it has words of its own."""

    name: str
    start: int
    stop: int
    has_words: bool


def pasted_links(source: str, home: str) -> list[Pasted]:
    """The links of a text, outside of quotes, to pictures and files by their addresses at `home` that it does not use yet.

    To learn where each address stands, the parser is given a copy of the text in which each has a number of its own.
    """
    if not may_show(source) or is_hostile(source) or NUMBERED in source:
        return []
    address = re.compile(rf"(?P<home>(?i:{beginning_of(home)}))?(?P<path>{ANY_PATH})")
    places = [*address.finditer(source)]
    tokens = tokens_of(_numbered(source, places))
    found: dict[int, Pasted] = {}
    shown = set()
    for typed, kind in addresses_in(tokens):
        numbered = address.fullmatch(typed)
        number = _number_in(_named(numbered)) if numbered else None
        if number is None or number >= len(places):
            continue
        if kind == "image":
            shown.add(_named(places[number]))
        elif link := _pasted(source, places[number], kind):
            found[number] = link
    return [link for _, link in sorted(found.items()) if link.name not in shown]


def with_used(source: str, links: Sequence[Pasted], words: Mapping[str, str]) -> str:
    """The text in which those of its links that `words` names use their pictures and files.

    An address without words gets those of its name; if these are empty, the address itself. The text stays as it is if it
    would become too long, or show less than before.
    """
    changed = source
    for name, start, stop, has_words in reversed(links):
        if name in words:
            link = address_of(name) + ("" if is_file(name) else USED)
            if not has_words:
                typed = source[start:stop].strip("<>")
                link = f"[{SIGNS.sub(ESCAPED, words[name] or typed)}]({link})"
            changed = f"{changed[:start]}{link}{changed[stop:]}"
    is_whole = len(changed) <= MAX_SOURCE and {*names_in(source)} <= {*names_in(changed)}
    return changed if is_whole else source


def _numbered(source: str, places: Iterable[re.Match[str]]) -> str:
    parts, end = [], 0
    for number, found in enumerate(places):
        start = found.end("path") - len(found["path"].rpartition("/")[2])
        parts += [source[end:start], f"{NUMBERED}{number:0{DIGITS}x}"]
        end = start + CODE
    return "".join([*parts, source[end:]])


def _number_in(name: str) -> int | None:
    """The number in a name; None for one that was written with character references, such as `&#48;`, and got no number."""
    return int(name[len(NUMBERED) : CODE], 16) if name.startswith(NUMBERED) else None


def _named(found: re.Match[str]) -> str:
    return found["path"].rpartition("/")[2].removesuffix(".webp")


def addresses_in(tokens: Iterable[Token]) -> Iterator[tuple[str, str]]:
    """The addresses of images, links, and text in no link, each with which of them it is."""
    for children in lines_of(tokens):
        links = 0
        for token in children:
            links += nesting(token, "link")
            if token.type == "image":
                yield str(token.attrs.get("src", "")), "image"
            elif token.type == "link_open":
                yield str(token.attrs.get("href", "")), token.markup or "link"
            elif token.type == "text" and not links:
                yield from ((address, "text") for _start, address in bare_links(token.content))


def _pasted(source: str, found: re.Match[str], kind: str) -> Pasted | None:
    """What stands at the place of an address; None for a link that uses its file already, and where a `!` would make it an image."""
    name, start, stop = _named(found), *found.span()
    if kind == "link":
        if found["home"] is None and is_file(name):
            return None
        return Pasted(name, start, stop, has_words=True)
    if kind == "autolink":
        start, stop = start - 1, stop + 1
    return None if source[start - 1 : start] == "!" else Pasted(name, start, stop, has_words=False)
