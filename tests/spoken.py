"""In which language a screen reader speaks the titles on a page, as `lang` says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import html5lib

MUTE = {
    "head",
    "script",
    "style",
    "textarea",
    "svg",
}  # nobody hears these, or they take no other language
TYPED = {"prose", "diff"}  # classes of members' texts, which may name titles of others


def runs_of(page: str) -> list[tuple[str, str]]:
    """The text of a page, in pieces each of one language: (words, language)."""
    root = html5lib.parse(page, namespaceHTMLElements=False)
    runs: list[tuple[str, str]] = []
    for words, language in _pieces(root, ""):
        if runs and runs[-1][1] == language:
            runs[-1] = (runs[-1][0] + words, language)
        else:
            runs.append((words, language))
    return [(re.sub(r"\s+", " ", words), language) for words, language in runs]


def _pieces(element: Any, around: str) -> Iterator[tuple[str, str]]:
    language = element.get("lang") or around
    if element.tag in MUTE or TYPED.intersection((element.get("class") or "").split()):
        return
    yield element.text or "", language
    for child in element:
        if isinstance(child.tag, str):
            yield from _pieces(child, language)
        yield child.tail or "", language


def misspoken(page: str, titles: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """The titles on a page that would be spoken in another language than their own: (title, its language, that one)."""
    return {
        (title, wanted, language)
        for words, language in runs_of(page)
        for title, wanted in titles.items()
        if title in words and language != wanted
    }
