"""The meaningful words of a question, and where members use them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from forum.plaintext import fold
from forum.search.queries import words_of

MAX_WORDS = 8
MIN_WORD_LENGTH = 4
MIN_STEM_LENGTH = 5
# Words of titles that say nothing about the subject. Other words that many members use weigh little anyway.
STOP_WORDS = frozenset(
    [
        "about",
        "after",
        "again",
        "also",
        "among",
        "aussi",
        "avec",
        "before",
        "being",
        "best",
        "better",
        "between",
        "both",
        "cities",
        "city",
        "comment",
        "como",
        "could",
        "dans",
        "does",
        "doing",
        "during",
        "each",
        "entre",
        "every",
        "first",
        "from",
        "good",
        "great",
        "have",
        "having",
        "here",
        "into",
        "large",
        "little",
        "long",
        "make",
        "many",
        "more",
        "most",
        "much",
        "nicht",
        "oder",
        "other",
        "otro",
        "outra",
        "over",
        "para",
        "people",
        "plus",
        "pour",
        "quand",
        "quel",
        "quelle",
        "same",
        "short",
        "should",
        "since",
        "small",
        "some",
        "such",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "things",
        "this",
        "those",
        "through",
        "town",
        "towns",
        "under",
        "until",
        "used",
        "using",
        "very",
        "want",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "whom",
        "whose",
        "will",
        "with",
        "within",
        "without",
        "work",
        "would",
        "year",
        "years",
        "your",
    ]
)


def stems_of(title: str, themes: Iterable[str]) -> list[str]:
    """The stems of the meaningful words of themes and of a title: those of the themes first, then the longest; at most `MAX_WORDS`."""
    of_themes = [word for name in themes for word in words_of(name)]
    of_title = sorted(words_of(title), key=len, reverse=True)
    stems = dict.fromkeys(stem_of(word) for word in [*of_themes, *of_title] if _is_meaningful(word))
    return list(stems)[:MAX_WORDS]


def stem_of(word: str) -> str:
    """The beginning that other forms of a word share, roughly and in any language: "flood" for flooding and floods."""
    return word[: max(MIN_STEM_LENGTH, len(word) - 3)]


def _is_meaningful(word: str) -> bool:
    return word not in STOP_WORDS and not word.isdigit() and len(word) >= MIN_WORD_LENGTH


def is_named(name: str, stems: Sequence[str]) -> bool:
    """Whether the stems include those of all words of a name, such as that of a theme."""
    words = words_of(name)
    return bool(words) and all(stem_of(word) in stems for word in words)


def matching_words(text: str, stems: Iterable[tuple[str, bool]]) -> dict[str, bool]:
    """The words of a text that begin with one of the stems, as written there: {word: whether its stem is common}."""
    words = {fold(word): word for word in reversed(re.findall(r"\w+", text))}
    found = (
        (words[key], is_common)
        for key in reversed(words)
        for stem, is_common in stems
        if key.startswith(stem)
    )
    return dict(found)
