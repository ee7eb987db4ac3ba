"""All names of all entries, cached in this process: for the index, and for finding entries by a name.

They are read once after each change (`cached`), so that a search without any of these names needs no query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import select

from forum.db import execute_core
from forum.glossary.models import Entry, EntryTheme, Wording
from forum.languages import common_words
from forum.plaintext import fold
from forum.search.queries import inflections, is_in_script_without_spaces, words_only
from forum.versions import cached

# Letters and digits of a name that search looks for; one less in scripts without spaces
MIN_NAME_LENGTH = 3
LETTER_OF_OTHERS = "#"  # the letter of names that begin with a digit or sign


@dataclass(frozen=True)
class KnownWording:
    """The names of an entry in one language, the preferred one first."""

    language: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class KnownEntry:
    """An entry with what lists and searches need; `themes` are ids."""

    id: int
    slug: str
    wordings: tuple[KnownWording, ...]
    themes: frozenset[int] = frozenset()

    def in_language(self, language: str) -> KnownWording:
        """Its names in a language; without any, those in English, or else the first."""
        by_language = {wording.language: wording for wording in self.wordings}
        return by_language.get(language) or by_language.get("en") or self.wordings[0]

    def beside(self, language: str) -> list[KnownWording]:
        """Its names in the languages other than the one that `in_language` returns."""
        shown = self.in_language(language)
        return [wording for wording in self.wordings if wording is not shown]

    @cached_property
    def folded(self) -> str:
        """All its names as search compares them, one per line."""
        return "\n".join(fold(name) for wording in self.wordings for name in wording.names)


@dataclass(frozen=True)
class SearchedName:
    """A name that a search may contain: its folded words, and the positions of its entry and language in the glossary."""

    words: tuple[str, ...]
    entry: KnownEntry
    language: str


@dataclass
class Known:
    """The whole glossary in memory. `by_word` contains the names that can be searched for, by each form of their first word."""

    entries: Sequence[KnownEntry]
    by_word: dict[str, list[SearchedName]] = field(default_factory=dict)
    longest: int = 0  # the number of words of the longest name

    def add_names(self) -> None:
        """Index the names by their first words."""
        by_word: dict[str, list[SearchedName]] = defaultdict(list)
        for entry in self.entries:
            for wording in entry.wordings:
                for name in wording.names:
                    words = tuple(words_only(name).split())
                    if not is_telling(words):
                        continue
                    self.longest = max(self.longest, len(words))
                    for form in {words[0], *inflections(words[0])}:
                        by_word[form].append(SearchedName(words, entry, wording.language))
        self.by_word = dict(by_word)

    def named(self, words: Sequence[str]) -> list[SearchedName]:
        """The names that consist of these folded words, in the singular or plural."""
        first, number = words[0], len(words)
        forms = (first, *inflections(first))
        found = (name for form in forms for name in self.by_word.get(form, ()))
        fitting = (
            name
            for name in found
            if len(name.words) == number and all(map(is_form_of, name.words, words))
        )
        return list(dict.fromkeys(fitting))


def is_form_of(word: str, other: str) -> bool:
    """Whether two folded words are the same, or one is the plural of the other."""
    return word == other or other in inflections(word) or word in inflections(other)


def is_telling(words: Sequence[str]) -> bool:
    """Whether a search looks for a name: a single character, or a frequent word such as “the”, would match everything."""
    signs = sum(map(len, words))
    if any(is_in_script_without_spaces(word) for word in words):
        return signs >= MIN_NAME_LENGTH - 1
    return signs >= MIN_NAME_LENGTH and not common_words().issuperset(words)


def known() -> Known:
    """The glossary as it is now."""
    return cached("glossary", _read)


def _read() -> Known:
    wordings: dict[int, list[KnownWording]] = defaultdict(list)
    themes: dict[int, set[int]] = defaultdict(set)
    in_use = Entry.removed_at.is_(None)
    rows = execute_core(
        select(Wording.entry_id, Wording.language, Wording.name, Wording.other_names)
        .join(Entry, Entry.id == Wording.entry_id)
        .where(in_use)
        .order_by(Wording.entry_id, Wording.language)
    )
    for entry_id, language, name, others in rows:
        wordings[entry_id].append(KnownWording(language, (name, *others)))
    if not wordings:
        return Known(())
    for entry_id, theme_id in execute_core(select(EntryTheme.entry_id, EntryTheme.theme_id)):
        themes[entry_id].add(theme_id)
    slugs = execute_core(select(Entry.id, Entry.slug).where(in_use).order_by(Entry.id))
    entries = tuple(
        KnownEntry(entry_id, slug, tuple(wordings[entry_id]), frozenset(themes[entry_id]))
        for entry_id, slug in slugs
        if wordings[entry_id]
    )
    found = Known(entries)
    found.add_names()
    return found


def by_name(entries: Iterable[KnownEntry], language: str) -> list[KnownEntry]:
    """Entries sorted by their names in a language."""
    return sorted(entries, key=lambda entry: (_sort_key(entry, language), entry.id))


def letter_of(entry: KnownEntry, language: str) -> str:
    """The letter of the index under which an entry is listed."""
    first = _sort_key(entry, language)[:1].upper()
    return first if first.isalpha() else LETTER_OF_OTHERS


def _sort_key(entry: KnownEntry, language: str) -> str:
    return fold(entry.in_language(language).names[0])


def entries_named(words: Sequence[str]) -> Iterator[KnownEntry]:
    """The entries of which these folded words are a name, each once."""
    names = known().named(words) if words else []
    return iter(dict.fromkeys(name.entry for name in names))


def entries_in(text: str, language: str, most: int) -> list[KnownEntry]:
    """At most `most` entries whose names in a language occur in a text, in its order; longer names take precedence."""
    found, words, named = known(), words_only(text).split(), dict[KnownEntry, None]()
    at = 0
    while found.by_word and at < len(words) and len(named) < most:
        step = 1
        for length in range(min(found.longest, len(words) - at), 0, -1):
            names = found.named(words[at : at + length])
            if entries := [name.entry for name in names if name.language == language]:
                named |= dict.fromkeys(entries)
                step = length
                break
        at += step
    return list(named)[:most]
