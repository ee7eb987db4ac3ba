"""Widening a search: the names in other languages of what its words are a name of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from forum.glossary.queries._known import Known, KnownEntry, SearchedName, is_telling, known
from forum.search.queries import Instead, Query, runs_of, words_only

MAX_WIDENED = 3  # whose names one search looks for
MAX_NAMES = 12  # that one search looks for


@dataclass(frozen=True)
class AlsoNamed:
    """A name that a search looks for in addition to what was typed, and its language."""

    name: str
    language: str


def widened(query: Query) -> tuple[Query, list[AlsoNamed]]:
    """A search that also finds the names in other languages of what its words name, and these names.

    Words in double quotes, and unwanted ones, are left as they are. The longest names take precedence, for at most
    `MAX_WIDENED` entries.
    """
    found = known()
    if not found.by_word:
        return query, []
    instead: list[Instead] = []
    also: list[AlsoNamed] = []
    matches = _chosen(found, runs_of(query.wanted))
    number = sum(len(named) for _words, named in matches)
    for words, named in matches:
        names = _names_of(named, words, MAX_NAMES // number)
        if names:
            instead.append(Instead(tuple(words), tuple(name.name for name in names)))
            also += names
    return replace(query, instead=tuple(instead)), list(dict.fromkeys(also))


def entries_within(typed: str, most: int) -> list[KnownEntry]:
    """At most `most` entries that the words of a search name, in any language; the longest names take precedence."""
    named = (entry for _words, entries in _chosen(known(), runs_of(typed)) for entry in entries)
    return list(dict.fromkeys(named))[:most]


Match = tuple[Sequence[str], dict[KnownEntry, set[str]]]


def _chosen(found: Known, runs: Sequence[Sequence[str]]) -> list[Match]:
    """The words that are names, the longest first, with their entries and the languages of these names.

    Each word of a search is used once: if all its words belong to longer names, a name is not used.
    """
    chosen: list[Match] = []
    known_words: set[str] = set()
    taken: set[tuple[int, int]] = set()
    left = MAX_WIDENED
    for run, start, end in _stretches(runs, found.longest):
        places = {(run, at) for at in range(start, end)}
        words = runs[run][start:end]
        is_new = not taken & places and not known_words.issuperset(words)
        names = found.named(words) if is_new else []
        if names and left:
            named = _by_entry(names, left)
            chosen.append((words, named))
            taken |= places
            known_words.update(words)
            left -= len(named)
    return chosen


def _stretches(runs: Sequence[Sequence[str]], longest: int) -> Iterator[tuple[int, int, int]]:
    """Sequences of consecutive words, as the number of their run, the first and the last position; the longest first."""
    for length in range(min(longest, max(map(len, runs), default=0)), 0, -1):
        for run, words in enumerate(runs):
            for start in range(len(words) - length + 1):
                yield run, start, start + length


def _by_entry(names: Sequence[SearchedName], most: int) -> dict[KnownEntry, set[str]]:
    named: dict[KnownEntry, set[str]] = {}
    for name in names:
        if name.entry in named or len(named) < most:
            named.setdefault(name.entry, set()).add(name.language)
    return named


def _names_of(
    named: dict[KnownEntry, set[str]], typed: Sequence[str], most: int
) -> list[AlsoNamed]:
    """The names of entries in other languages, at most `most` of each: the preferred ones first."""
    names: list[AlsoNamed] = []
    for entry, languages in named.items():
        others = [wording for wording in entry.wordings if wording.language not in languages]
        preferred = [AlsoNamed(wording.names[0], wording.language) for wording in others]
        further = [
            AlsoNamed(name, wording.language) for wording in others for name in wording.names[1:]
        ]
        known_words = {tuple(typed)}
        kept: list[AlsoNamed] = []
        for candidate in [*preferred, *further]:
            words = tuple(words_only(candidate.name).split())
            if len(kept) < most and words not in known_words and is_telling(words):
                known_words.add(words)
                kept.append(candidate)
        names += kept
    return names
