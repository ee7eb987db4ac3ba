"""Words as the index has them: folded, truncated, as pairs of characters in scripts without spaces; and the terms of a search."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from forum.plaintext import SCRIPTS_WITHOUT_SPACES, fold

MAX_QUERY_LENGTH = 500
MAX_WORDS = 12
MAX_TERMS = 60
MAX_FORMS = 4  # of a name in singular and plural that are searched for
MAX_WORD_LENGTH = 100  # characters; longer words are truncated, both in the index and in queries
# In scripts without spaces, every two adjacent characters are indexed as a word (bigrams).
PIECE = re.compile(rf"([{SCRIPTS_WITHOUT_SPACES}]+)|[^{SCRIPTS_WITHOUT_SPACES}\s]+")
# A word or a phrase in double quotes right after a hyphen must not be in a text. A hyphen inside a word, before a digit
# (-5 °C), between spaces or in quotes says nothing.
UNWANTED = re.compile(r'(?<!\S)-("[^"]*"?|[^\W\d_][^\s"]*)|"[^"]*"?|[^\s"]+|\s+')
# ASCII characters that are not part of a word become spaces; a table for `str.translate`.
SEPARATORS = {number: " " for number in range(128) if not chr(number).isalnum()}
# Letters that people type for each other, since keyboards and habits differ: Arabic final forms, Persian letters on Arabic
# keyboards. The line that stretches Arabic words goes, and digits of these scripts become those of ASCII.
SPELLINGS = str.maketrans("ىیةک", "ييهك", "ـ") | {
    zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6) for digit in range(10)
}
MIN_INFLECTED_LENGTH = 4  # characters of a word whose plural or singular is searched for
UNINFLECTED = {"news", "series", "species"}
# Endings of words, each with those of the word's other forms; the first match applies.
INFLECTED_ENDINGS = {
    **{f"{letter}{letter}ing": (letter, letter + letter) for letter in "bdgmnprt"},
    "ing": ("", "s", "e"),
    "ics": (),
    "ies": ("y", "ie"),
    **{f"{ending}es": (ending,) for ending in ("ss", "x", "ch", "sh")},
    **dict.fromkeys(("ss", "us", "is"), ()),
    "s": ("",),
    **{f"{vowel}y": (f"{vowel}ys",) for vowel in "aeou"},
    "y": ("ies",),
    **{ending: (f"{ending}es",) for ending in ("x", "ch", "sh")},
    "": ("s",),
}
# Minimum number of characters before these endings; before other endings one
MIN_STEM_LENGTHS = {"ing": 4}


def words_of(typed: str) -> list[str]:
    """The words of a search: folded as in the index, each once, at most `MAX_WORDS`."""
    return list(dict.fromkeys(words_only(typed[:MAX_QUERY_LENGTH]).split()))[:MAX_WORDS]


def split_unwanted(typed: str) -> tuple[str, tuple[str, ...]]:
    """A search without the words that must not be in a text, and these as typed, each once; phrases with their quotes.

    If no other word is left they are words like all others.
    """
    parts = [(part[0], part[1] or "") for part in UNWANTED.finditer(typed[:MAX_QUERY_LENGTH])]
    wanted = "".join(part for part, unwanted in parts if not words_only(unwanted).split()).strip()
    if not words_only(wanted).split():
        return typed, ()
    unwanted = (unwanted for _part, unwanted in parts if words_only(unwanted).split())
    return wanted, tuple(dict.fromkeys(unwanted))[:MAX_WORDS]


def unwanted_term(typed: str) -> Term:
    """The term for what must not be in a text: of a single word without quotes also its plural and singular."""
    words = words_only(typed).split()[:MAX_WORDS]
    is_plain = len(words) == 1 and not typed.startswith('"')
    return replace(_phrase(words), inflections=inflections(words[0]) if is_plain else ())


@dataclass(frozen=True)
class Term:
    """One or several words that follow each other in a text; the last may be a prefix.

    `inflections` are other forms of a single word, any of which matches. So does any of the terms in `others`:
    alternative names of what the word and its neighbours are a name of; these neighbours have the same `others`.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    inflections: tuple[str, ...] = ()
    others: tuple[Term, ...] = ()

    @cached_property
    def own_needles(self) -> tuple[str, ...]:
        """Its forms, with a space before and after: the folded words of a text contain one of them if it contains the term."""
        end = "" if self.is_prefix else " "
        return (f" {' '.join(self.words)}{end}", *(f" {form} " for form in self.inflections))

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """`own_needles`, and those of `others`."""
        return (*self.own_needles, *(form for other in self.others for form in other.own_needles))


@dataclass(frozen=True)
class Instead:
    """Folded words of a search that together are a name, and alternative names of the same thing."""

    words: tuple[str, ...]
    names: tuple[str, ...]


def parse_terms(typed: str, instead: Sequence[Instead] = ()) -> list[Term]:
    """The terms of a search: each typed word, and each phrase in double quotes, once; words may have alternatives (`instead`).

    A word that belongs to two names is a term of each, so that either name can be replaced as a whole.
    """
    others: dict[str, list[tuple[Term, ...]]] = {}
    for replacement in instead:
        names = _other_terms(replacement.names)
        for word in replacement.words:
            others.setdefault(word, []).append(names)
    terms: dict[Term, None] = {}
    for words, in_quotes in _parts(typed):
        if in_quotes:
            terms[_phrase(words)] = None
        else:
            terms |= {
                replace(term, others=names): None
                for word in words
                for term in _terms_of_word(word)
                for names in others.get(word, [()])
            }
    return list(terms)[:MAX_TERMS]


def looked_for(typed: str) -> tuple[object, ...]:
    """A value that is equal for two searches that find the same.

    It consists of the terms, the last word, which may be a prefix, with whether it is in quotes, and what must not be
    in a text.
    """
    wanted, unwanted = split_unwanted(typed)
    words, is_in_quotes = next(iter([*_parts(wanted)][::-1]), ([""], False))
    return (*parse_terms(wanted), words[-1], is_in_quotes, frozenset(map(unwanted_term, unwanted)))


def runs_of(typed: str) -> list[list[str]]:
    """The folded words of a search that follow each other, without those in double quotes."""
    return [words for words, in_quotes in _parts(typed) if not in_quotes]


def _parts(typed: str) -> Iterator[tuple[list[str], bool]]:
    """The words of a search, and whether they are in double quotes."""
    for number, part in enumerate(typed[:MAX_QUERY_LENGTH].split('"')):
        if words := words_only(part).split()[:MAX_WORDS]:
            yield words, bool(number % 2)


def _other_terms(names: Sequence[str]) -> tuple[Term, ...]:
    forms = (form for name in names for form in forms_of(name))
    return tuple(dict.fromkeys(_phrase(form) for form in forms))


def term_naming(names: Sequence[str]) -> Term | None:
    """The term for any of these names; None if no name has a word."""
    forms = _other_terms(names)
    return replace(forms[0], others=forms[1:]) if forms else None


def forms_of(name: str) -> list[tuple[str, ...]]:
    """The folded words of a name, and of its plural and singular forms: of its first word, its last one, and all of them."""
    words = tuple(words_only(name).split()[:MAX_WORDS])
    if not words:
        return []
    *before, last = words
    first, *after = words
    every = tuple(next(iter(inflections(word)), word) for word in words)
    forms = [words]
    forms += [(*before, form) for form in inflections(last)]
    forms += [(form, *after) for form in inflections(first)]
    return list(dict.fromkeys([*forms, every]))[:MAX_FORMS]


def _terms_of_word(word: str) -> Iterator[Term]:
    for piece, has_no_spaces in _split_scripts(spelt_alike(word) or word):
        pairs = _bigrams(piece)
        if not has_no_spaces:
            yield Term((piece[:MAX_WORD_LENGTH],), inflections=inflections(piece))
        elif len(pairs) == 1:
            yield Term((piece,), is_prefix=True)
        else:
            yield from (Term((pair,)) for pair in pairs[:-1])


def _phrase(words: Sequence[str]) -> Term:
    """The term of a phrase. The text goes on after the phrase, so the bigram that begins with its last character is unknown."""
    indexed = searchable(" ".join(words)).split() or list(words)
    last, has_no_spaces = list(_split_scripts(words[-1]))[-1]
    if has_no_spaces and len(last) > 1:
        del indexed[-1]
    return Term(tuple(indexed), is_prefix=has_no_spaces and len(last) == 1)


@lru_cache(4096)
def inflections(word: str) -> tuple[str, ...]:
    """The plural or singular of a folded word, and the base of an English form in -ing; such a word may not exist.

    Only regular English endings, some of which other European languages share; a text in another language is found by
    its exact forms. Words of other scripts and short ones have none.
    """
    if len(word) < MIN_INFLECTED_LENGTH or not (word.isascii() and word.isalpha()):
        return ()
    if word in UNINFLECTED:
        return ()
    ending = next(
        ending
        for ending in INFLECTED_ENDINGS
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LENGTHS.get(ending, 1)
    )
    stem = word.removesuffix(ending)
    return tuple(stem + other for other in INFLECTED_ENDINGS[ending])


def searchable(text: str) -> str:
    """A text as the index takes it: its folded words separated by spaces, so that both databases see the same words."""
    words = spelt_alike(words_only(text))
    if words.isascii():  # same result as below, several times as fast
        return " ".join(word[:MAX_WORD_LENGTH] for word in words.split())
    return " ".join(
        " ".join(_bigrams(piece)) if has_no_spaces else piece[:MAX_WORD_LENGTH]
        for piece, has_no_spaces in _split_scripts(words)
    )


def folded_words(title: str, body: str, byline: str, has_parent: bool) -> tuple[str, str]:
    """The folded words of a document: those of its own title, which weigh more, and all others.

    A post `has_parent`: the title is that of its topic, and its words are among the others.
    """
    rest = f"{body} {byline}"
    if has_parent:
        return "", searchable(f"{rest} {title}")
    return searchable(title), searchable(rest)


def words_only(text: str) -> str:
    """The folded words of a text, with spaces between."""
    folded = fold(text)
    if folded.isascii():
        return folded.translate(SEPARATORS)
    return "".join(sign if is_word_character(sign) else " " for sign in folded)


def spelt_alike(folded: str) -> str:
    """Folded words as the index spells them: letters that are typed for each other are the same (`SPELLINGS`)."""
    return folded if folded.isascii() else folded.translate(SPELLINGS)


def _split_scripts(words: str) -> Iterator[tuple[str, bool]]:
    return ((match.group(), bool(match.group(1))) for match in PIECE.finditer(words))


def _bigrams(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run))]


@lru_cache(4096)
def is_word_character(sign: str) -> bool:
    """Whether it is a letter, a digit, or a combining mark such as the vowel signs of some scripts."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


def is_in_script_without_spaces(word: str) -> bool:
    """Whether a word is written, at least in part, in a script that has no spaces between words."""
    return any(has_no_spaces for _piece, has_no_spaces in _split_scripts(word))
