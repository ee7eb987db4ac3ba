"""What is like a title."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries._matching import Query, newest_hits
from forum.search.queries._words import Term, is_in_script_without_spaces, parse_terms
from forum.search.queries.documents import documents_by_id

MIN_TELLING_LENGTH = 4  # characters of a word by which texts are found to be alike
MAX_ALIKE_TERMS = 6  # of a title, for each of which there is a query
MAX_ALIKE_HITS = 100  # of each of them
ALIKE_TITLE_WEIGHT = 3  # of a word in a title, against one in the text


def find_alike(reader: Person, title: str, among: Query, limit: int) -> Sequence[Document]:
    """The documents that share words with a title, the most alike first; `among` says of which kinds and agendas.

    Only the longest words of the title are looked for, and each only in the newest documents that have it. A word counts
    for more the fewer documents have it, and more in their titles. What is not half as much alike as the first is left out; one
    word in common is enough for a title of two words.
    """
    terms = [term for term in parse_terms(title.replace('"', " ")) if _is_telling(term)]
    terms = sorted(terms, key=lambda term: len(term.words[0]), reverse=True)[:MAX_ALIKE_TERMS]
    scores: dict[int, float] = defaultdict(float)
    shared: Counter[int] = Counter()
    # The newest with a common word need not have the others
    together = [terms] if len(terms) > 1 else []
    for some in [*together, *([term] for term in terms)]:
        hits = newest_hits(reader, some, among, MAX_ALIKE_HITS, Document.folded_title)
        rarity = math.log(1 + 2 * MAX_ALIKE_HITS / (1 + len(hits)))
        forms = {form for term in some for form in (*term.words, *term.inflections)}
        for hit in hits:
            is_in_title = not forms.isdisjoint(hit.folded_title.split())
            scores[hit.id] += rarity * (ALIKE_TITLE_WEIGHT if is_in_title else 1)
            shared[hit.id] += len(some)
    enough = 2 if len(terms) > 2 else 1
    alike = [found for found in scores if shared[found] >= enough]
    least = max((scores[found] for found in alike), default=0) / 2
    best = sorted(alike, key=lambda found: (scores[found], found), reverse=True)
    return documents_by_id([found for found in best if scores[found] >= least][:limit])


def _is_telling(term: Term) -> bool:
    """Whether a word may say what a text is about: short ones of scripts with spaces seldom do."""
    word = term.words[0]
    return len(word) >= MIN_TELLING_LENGTH or is_in_script_without_spaces(word)
