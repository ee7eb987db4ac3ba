"""Differences between two texts, word by word, in bounded time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

Piece = tuple[str, str]  # its state, "same", "gone" or "new", and its text
MAX_COMPARED = 150  # lines or words on each side; more are shown as replaced as a whole


def changes(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order, each `same`, `gone` or `new`."""
    pieces = _compare(_lines(before), _lines(after), is_by_words=True)
    joined = groupby(pieces, key=lambda piece: piece[0])
    return [(state, "".join(text for _, text in group)) for state, group in joined]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)


def _compare(before: Sequence[str], after: Sequence[str], is_by_words: bool) -> Iterator[Piece]:
    start, end = _common_ends(before, after)
    yield from _piece("same", before[:start])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > MAX_COMPARED:
        yield from _replaced(old, new, is_by_words=False)
    else:
        yield from _aligned(old, new, is_by_words)
    yield from _piece("same", before[len(before) - end :])


def _common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many items both have in common at the beginning, and at the end of the rest."""
    start, most = 0, min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end


def _aligned(old: Sequence[str], new: Sequence[str], is_by_words: bool) -> Iterator[Piece]:
    """Both texts aligned; words are equal whatever white space follows them."""
    keys = (
        (old, new)
        if is_by_words
        else ([word.rstrip() for word in old], [word.rstrip() for word in new])
    )
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for was, now_is in zip(old[i1:i2], new[j1:j2], strict=True):
                yield from _same(was, now_is)
        else:
            yield from _replaced(old[i1:i2], new[j1:j2], is_by_words)


def _same(was: str, now_is: str) -> Iterator[Piece]:
    """A line or word that both have, and the white space after it if that has changed."""
    if was == now_is:
        yield "same", was
        return
    word = was.rstrip()
    yield from _piece("same", [word] if word else [])
    yield from _piece("gone", [was[len(word) :]] if was != word else [])
    yield from _piece("new", [now_is[len(word) :]] if now_is != word else [])


def _replaced(old: Sequence[str], new: Sequence[str], is_by_words: bool) -> Iterator[Piece]:
    if is_by_words and old and new:
        yield from _compare(_words("".join(old)), _words("".join(new)), is_by_words=False)
        return
    yield from _piece("gone", old)
    yield from _piece("new", new)


def _piece(state: str, texts: Sequence[str]) -> Iterator[Piece]:
    if texts:
        yield state, "".join(texts)
