"""The order of relevance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from forum.search.models import Document
from forum.search.queries._words import Term, searchable

TYPICAL_LENGTH = 600  # characters of a text
BM25_K1, BM25_B = 1.2, 0.75
TITLE_WEIGHT = 8  # of a word in the title, against one in the text
TOPIC_TITLE_WEIGHT = 0.02  # of a reply: how much of that its topic's title is worth
# What `rank` needs to know of a hit
RANKED_COLUMNS = (Document.title, Document.folded_title, Document.folded_body)


def rank(hits: Sequence[Any], terms: Sequence[Term]) -> list[int]:
    """The ids of hits, the most relevant first; of equal ones the newest."""
    needles = [
        (
            f" {' '.join(term.words)}" + " " * (not term.is_prefix),
            *(f" {form} " for form in term.inflections),
        )
        for term in terms
    ]
    scores = {hit.id: _relevance(hit, needles) for hit in hits}
    return sorted(scores, key=lambda id: (scores[id], id), reverse=True)


def _relevance(hit: Any, needles: Sequence[Sequence[str]]) -> float:
    """The score of a hit. A reply scores by its own text, and a little by its topic's title, with which its words end."""
    if hit.kind != "post":
        return _score(f" {hit.folded_title} ", f" {hit.folded_body} ", needles)
    title = _folded_title(hit.title)
    own = hit.folded_body.removesuffix(title)
    return _score("", f" {own} ", needles) + TOPIC_TITLE_WEIGHT * _score(f" {title} ", "", needles)


@lru_cache(4096)
def _folded_title(title: str) -> str:
    return searchable(title)


def _score(title: str, body: str, needles: Sequence[Sequence[str]]) -> float:
    """The BM25 score of a text, without the rarity of the words, because every hit contains all of them.

    Each of the `needles` is one term in its forms, which count alike.

    See Robertson and Zaragoza, The Probabilistic Relevance Framework (2009).
    """
    body_saturation = BM25_K1 * (1 - BM25_B + BM25_B * len(body) / TYPICAL_LENGTH)
    score = 0.0
    for forms in needles:
        in_title = sum(map(title.count, forms)) if title else 0
        in_body = sum(map(body.count, forms)) if body else 0
        score += TITLE_WEIGHT * in_title / (in_title + BM25_K1)
        score += in_body / (in_body + body_saturation)
    return score
