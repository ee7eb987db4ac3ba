"""Finding documents that are similar to a title, or have all of its words in theirs."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func

from forum.db import db
from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries._matching import Query, newest_hits_of_each, titled
from forum.search.queries._words import (
    Instead,
    Term,
    is_in_script_without_spaces,
    parse_terms,
    searchable,
)
from forum.search.queries.documents import documents_by_id

MIN_TELLING_LENGTH = 4  # characters of a word by which similar texts are found
MAX_ALIKE_TERMS = 6  # of a title, with a query for each
MAX_ALIKE_HITS = 100  # of each query
ALIKE_TITLE_WEIGHT = 3  # of a word in a title, relative to one in the text


def find_alike(
    reader: Person, title: str, among: Query, limit: int, audience: str = ""
) -> Sequence[Document]:
    """The documents that share words with a title, the most similar first; `among` are the searches (kinds, agendas).

    Only the longest words of the title are used, and for each only the newest documents that have it. A word counts
    for more the fewer documents have it, and for more in their titles. Documents with less than half the score of the
    first are left out; one common word is enough for a title of two words. With an `audience` only documents for it are
    compared.
    """
    terms = telling_terms(title)
    shared = hits_of_some(reader, terms, [among], Document.folded_title, Document.audience)
    if audience:
        shared = [
            (group, [hit for hit in hits if hit.audience == audience]) for group, hits in shared
        ]
    found = most_alike(shared)
    return documents_by_id([hit.id for hit in found[:limit]])


def find_titled(
    reader: Person, typed: str, among: Query, limit: int, audience: str
) -> Sequence[Document]:
    """The documents for an audience that have all of these words in their title, the title of fewest other words first.

    However old they are: all that match are compared. Where no title has all of them, those with all words that tell
    something (see `is_telling`) are found. `among` is the search (kinds, agendas).
    """
    every = parse_terms(typed.replace('"', " "))
    telling = [term for term in every if is_telling(term.words[0])]
    for terms in (every, telling) if telling not in ([], every) else (every,):
        found = titled(reader, terms, among).where(Document.audience == audience)
        is_whole = Document.folded_title == searchable(typed)
        best = found.order_by(
            is_whole.desc(), func.length(Document.folded_title), Document.id.desc()
        )
        ids = db.session.scalars(best.limit(limit)).all() if terms else ()
        if ids:
            return documents_by_id(ids)
    return []


def telling_terms(typed: str, instead: Sequence[Instead] = ()) -> list[Term]:
    """The longest words of a text by which similar ones are found, at most `MAX_ALIKE_TERMS`; `instead` as in `Query`."""
    terms = [
        term for term in parse_terms(typed.replace('"', " "), instead) if is_telling(term.words[0])
    ]
    return sorted(terms, key=lambda term: len(term.words[0]), reverse=True)[:MAX_ALIKE_TERMS]


# Pairs of terms and the hits that have all of these terms
SomeHits = Sequence[tuple[Sequence[Term], Sequence[Any]]]


def hits_of_some(
    reader: Person, terms: Sequence[Term], among: Sequence[Query], *columns: Any
) -> SomeHits:
    """The newest hits that have all of the terms, and those that have one; up to `MAX_ALIKE_HITS` of each search in `among`."""
    # The newest hits for a common word need not contain the others
    together = [terms] if len(terms) > 1 else []
    wanted = [*together, *([term] for term in terms)]
    searches = [(group, query) for group in wanted for query in among]
    hits = iter(newest_hits_of_each(reader, searches, MAX_ALIKE_HITS, *columns))
    return [(group, [hit for _query in among for hit in next(hits)]) for group in wanted]


def most_alike(found: SomeHits) -> list[Any]:
    """The hits that share the most words, in their order; see `find_alike`."""
    scores: dict[int, float] = defaultdict(float)
    shared: Counter[int] = Counter()
    known: dict[int, Any] = {}
    for group, hits in found:
        rarity = math.log(1 + 2 * MAX_ALIKE_HITS / (1 + len(hits)))
        forms = {form for term in group for form in (*term.words, *term.inflections)}
        for hit in hits:
            is_in_title = not forms.isdisjoint(hit.folded_title.split())
            scores[hit.id] += rarity * (ALIKE_TITLE_WEIGHT if is_in_title else 1)
            shared[hit.id] += len(group)
            known[hit.id] = hit
    enough = 2 if len({term for group, _hits in found for term in group}) > 2 else 1
    alike = [number for number in scores if shared[number] >= enough]
    least = max((scores[number] for number in alike), default=0) / 2
    best = sorted(alike, key=lambda number: (scores[number], number), reverse=True)
    return [known[number] for number in best if scores[number] >= least]


def is_telling(word: str) -> bool:
    """Whether a word may say what a text is about; short words of scripts with spaces seldom do."""
    return len(word) >= MIN_TELLING_LENGTH or is_in_script_without_spaces(word)
