"""Marking the searched words in a text, and the snippet around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from forum.plaintext import fold, in_one_line
from forum.search.queries._matching import MIN_PREFIX_LENGTH
from forum.search.queries._words import is_in_script_without_spaces, is_word_character, spelt_alike

SNIPPET_LENGTH = 240
BETWEEN_WORDS = r"[\W_]+"  # of a name that is marked as a whole
# If a longer word follows, the first words of the name may still be marked
END_OF_NAME = r"(?![^\W_])"


def mark(plain: str, words: Sequence[str], has_prefix: bool = True) -> Markup:
    """A plain text, escaped, with the words in `<mark>`, ignoring case and accents, and names of several words.

    With `has_prefix`, longer words that begin with the last one are marked too.
    """
    parts, position = [], 0
    for start, end in _word_spans(plain, words, has_prefix):
        parts.append(escape(plain[position:start]))
        parts.append(Markup("<mark>{}</mark>").format(plain[start:end]))
        position = end
    return Markup("").join([*parts, escape(plain[position:])])


def snippet(plain: str, words: Sequence[str], has_prefix: bool) -> str:
    """The part of a text around the first of the words, cut between words where there are spaces."""
    plain = in_one_line(plain)
    first, after = next(_word_spans(plain, words, has_prefix), (0, 0))
    start = max(0, first - SNIPPET_LENGTH // 3)
    end = start + SNIPPET_LENGTH
    # A script without spaces between words may have none near, and the words themselves must stay.
    if start:
        start = plain.find(" ", start, first) + 1 or _whole_sign(plain, start)
    if end >= len(plain):
        return ("… " if start else "") + plain[start:]
    end = max(plain.rfind(" ", max(after, start + SNIPPET_LENGTH // 2), end), 0) or end
    return ("… " if start else "") + plain[start:end] + "…"


def _whole_sign(plain: str, start: int) -> int:
    """The first position from `start` on that is not in the middle of a character with its combining marks."""
    return next(
        (at for at in range(start, len(plain)) if unicodedata.category(plain[at])[0] != "M"), start
    )


def _word_spans(plain: str, words: Sequence[str], has_prefix: bool) -> Iterator[tuple[int, int]]:
    """Start and end of each word in a text. `origins` maps each folded character to the index of its original."""
    origins: Sequence[int]
    if plain.isascii():
        folded, origins = fold(plain), range(len(plain))
    else:
        signs = [_fold_sign(sign) for sign in plain]
        folded = "".join(signs)
        origins = [index for index, parts in enumerate(signs) for _sign in parts]
    for first, last in _whole_words(folded, words, has_prefix):
        start, end = origins[first], origins[last - 1] + 1
        while end < len(plain) and unicodedata.combining(plain[end]):
            end += 1
        yield start, end


@lru_cache(4096)
def _fold_sign(sign: str) -> str:
    return spelt_alike(fold(sign))


def _whole_words(folded: str, words: Sequence[str], has_prefix: bool) -> Iterator[tuple[int, int]]:
    """Start and end of each of the words in a folded text, the last word possibly as a prefix; they never overlap."""
    words = [spelt_alike(word) or word for word in words]
    prefix = words[-1] if words and has_prefix and len(words[-1]) >= MIN_PREFIX_LENGTH else ""
    escaped = (re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = "|".join(
        word.replace(r"\ ", BETWEEN_WORDS) + END_OF_NAME * (r"\ " in word) for word in escaped
    )
    position = 0
    for found in re.finditer(pattern or r"(?!)", folded):
        start, end = found.span()
        if start >= position and (end := _end_of_word(folded, start, end, prefix)):
            yield start, end
            position = end


def _end_of_word(folded: str, start: int, end: int, prefix: str) -> int:
    """The end of the word that begins at `start`, or 0 when the match is only a part of another word."""
    word = folded[start:end]
    if is_in_script_without_spaces(word):
        return end
    if _is_inside_word(folded, start) or (_is_inside_word(folded, end) and word != prefix):
        return 0
    while _is_inside_word(folded, end):
        end += 1
    return end


def _is_inside_word(text: str, index: int) -> bool:
    """Whether the characters before and at an index belong to one word."""
    return (
        0 < index < len(text)
        and is_word_character(text[index - 1])
        and is_word_character(text[index])
    )
