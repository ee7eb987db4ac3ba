"""The order of relevance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from forum.search.models import PART_KINDS, Document
from forum.search.queries._words import Term, searchable

TYPICAL_LENGTH = 600  # characters of a text
BM25_K1, BM25_B = 1.2, 0.75
TITLE_WEIGHT = 8  # of a word in the title, relative to one in the text
TOPIC_TITLE_WEIGHT = 0.02  # for a reply: the weight of its topic's title, relative to that
# The columns of a hit that its score needs
RANKED_COLUMNS = (Document.title, Document.folded_title, Document.folded_body)


Score = tuple[bool, float]  # whether a hit contains the words themselves, and its relevance


def scorer(terms: Sequence[Term]) -> Callable[[Any], Score]:
    """A function that scores a row for these terms: the higher, the more relevant.

    Hits with the words themselves come before hits with only alternative names.
    """
    needles, typed = [term.needles for term in terms], [term.own_needles for term in terms]
    is_widened = needles != typed

    def score(hit: Any) -> Score:
        is_typed = not is_widened or _has_all(hit, typed)
        return is_typed, _relevance(hit, typed if is_typed else needles)

    return score


def _has_all(hit: Any, needles: Sequence[Sequence[str]]) -> bool:
    """Whether a hit contains a form of each term."""
    said = f" {hit.folded_title} {hit.folded_body} "
    return all(any(form in said for form in forms) for forms in needles)


def has_own_words(hit: Any, terms: Sequence[Term]) -> bool:
    """Whether a hit itself contains one of the terms: a reply is also found by the title of its topic."""
    if hit.kind not in PART_KINDS:
        return True
    own = f" {_own_words(hit)} "
    return any(needle in own for term in terms for needle in term.needles)


def _relevance(hit: Any, needles: Sequence[Sequence[str]]) -> float:
    """The score of a hit. A reply is scored by its own text, and a little by its topic's title; so are other parts of a page."""
    if hit.kind not in PART_KINDS:
        return _score(f" {hit.folded_title} ", f" {hit.folded_body} ", needles)
    title = f" {_folded_title(hit.title)} "
    own = f" {_own_words(hit)} "
    return _score("", own, needles) + TOPIC_TITLE_WEIGHT * _score(title, "", needles)


def _own_words(reply: Any) -> str:
    """The folded words of a reply without those of its topic's title, which are at their end."""
    return str(reply.folded_body.removesuffix(_folded_title(reply.title)))


@lru_cache(4096)
def _folded_title(title: str) -> str:
    return searchable(title)


def _score(title: str, body: str, needles: Sequence[Sequence[str]]) -> float:
    """The BM25 score of a text, without the rarity of the words, because every hit contains all of them.

    Each of the `needles` is one term in its forms, which count equally. See Robertson and Zaragoza, The Probabilistic
    Relevance Framework (2009).
    """
    body_saturation = BM25_K1 * (1 - BM25_B + BM25_B * len(body) / TYPICAL_LENGTH)
    score = 0.0
    for forms in needles:
        in_title = sum(map(title.count, forms)) if title else 0
        in_body = sum(map(body.count, forms)) if body else 0
        score += TITLE_WEIGHT * in_title / (in_title + BM25_K1)
        score += in_body / (in_body + body_saturation)
    return score
