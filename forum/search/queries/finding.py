"""Searching: one hit for each page of the forum, by relevance or newest first, with the facets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import defer
from sqlalchemy.orm.interfaces import ORMOption

from forum.db import db
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.search.models import (
    FAILURE,
    IN_LANGUAGE,
    PAGE_KINDS,
    TRANSLATION_KINDS,
    Document,
    Thing,
)
from forum.search.queries._marking import mark, snippet
from forum.search.queries._matching import FACETS, MAX_RANKED, Query, newest_hits, with_prefix
from forum.search.queries._ranking import RANKED_COLUMNS, Score, has_own_words, scorer
from forum.search.queries._words import Term, forms_of, parse_terms, term_naming, words_of
from forum.search.queries.alike import hits_of_some, is_telling, most_alike, telling_terms
from forum.search.queries.documents import documents_by_id, language_of_title

KINDS = (
    *("topic", "post", "case", "practice", FAILURE, "reading"),
    *(*TRANSLATION_KINDS, "meeting", "declaration", "commitment"),
)
PAGE_SIZE = 20
MAX_COUNTED = 1_000  # the total and the facets count up to here, and then say "1,000+"
# Hits that are read to count up to that limit, because some do not contain the words themselves
FACET_PORTION = 1_250
MAX_PORTIONS = 5  # of hits that are read to find some that contain the words themselves
# Hits that are read for each page that is wanted, because some belong to the same page
NAMING_PORTION = 10
MAX_OTHERS = 3  # further documents of the same page below the first
NEWER_PORTION = 100  # hits that are read at once when looking for newer ones
OWN_WORDS_COLUMNS = (Document.title, Document.folded_body)  # the columns that `has_own_words` needs
# The columns of a hit that `find` needs besides its facets
HIT_COLUMNS = (Document.item_id, Document.parent_id, Document.address, *RANKED_COLUMNS)

UNSCORED: Score = (False, 0.0)  # the score of hits that are sorted by their ids


class Found(NamedTuple):
    """What is kept of a row of the index, without texts. `is_own` is the result of `has_own_words`."""

    id: int
    agenda_id: int | None
    kind: str
    finer_kind: str | None
    language: str
    item_id: int
    parent_id: int | None
    address: str
    is_own: bool
    score: Score


def nothing(_things: Sequence[Thing]) -> Container[Thing]:
    """What a reader ignores who ignores nobody."""
    return ()


@dataclass(frozen=True)
class Hit:
    """One document that was found, its title and a snippet of its text with the words in `<mark>`.

    `others` are the next best documents of the same page (a topic, case or practice), at most `MAX_OTHERS`, with the
    case or practice itself before its comments; `more` is the number of further ones, and if there are any,
    `topic_id` is the topic that contains them.
    """

    document: Document
    title: Markup
    snippet: Markup
    others: Sequence[Document] = ()
    more: int = 0
    topic_id: int | None = None


@dataclass(frozen=True)
class SearchResults:
    """One page of hits, one for each page of the forum.

    `texts` is the number of all documents that were found, and the facets say how many of these have each of their
    values (`is_capped`: at least so many), finer kinds instead of the one that they are parts of. `translated` are the libraries of which translations were found, by the first
    part of their addresses. Of the texts from before `unread_before` (none: of all) nobody knows whether they match:
    see `find`.
    """

    page: Page[Hit]
    texts: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    agendas: dict[int, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    translated: Set[str] = frozenset()
    is_capped: bool = False
    unread_before: datetime | None = None


def find(
    reader: Person,
    query: Query,
    number: int = 1,
    ignored: Callable[[Sequence[Thing]], Container[Thing]] = nothing,
    *added: ORMOption,
) -> SearchResults:
    """Find the documents that contain all words, page `number`; the last word may be a prefix.

    The title of a topic counts for its replies, but they must contain one of the words themselves. Documents of one
    page (a topic, a practice or case with its comments) are one hit, unless only replies, or only one topic, are
    searched. `ignored` says which of some documents the reader ignores: they come after the others of their page, or
    are left out. `added` are loader options for the first document of each page.

    A word also finds its plural and singular, unless it is in quotes, and words that are a name find its alternatives
    in `query.instead`. Texts with an unwanted word are left out, and so are all replies of a topic with one in its
    title. Words in double quotes are a phrase (PostgreSQL knows the positions of the first 16,383 words of a text, and
    of 256 occurrences of the same word, and looks for phrases, and for texts without a word, among the newest
    `MAX_CANDIDATES`). The newest `MAX_RANKED` hits are ordered by relevance, unless the newest are wanted first. Hits
    after the first `MAX_COUNTED` are on no page: a search for a very common word has to be narrowed.
    """
    words = words_of(query.wanted)
    if not words:
        return SearchResults(Page([], 1, 1, 0))
    terms = with_prefix(parse_terms(query.wanted, query.instead), query.wanted)
    keep = _keeper(terms, None if query.is_newest_first else scorer(terms))
    newest = _newest_own_hits(reader, terms, query, MAX_RANKED, keep)
    hits = newest.hits
    texts = min(len(hits), MAX_COUNTED)
    found = _newest(hits) if query.is_newest_first else _ranked(hits)
    found = found[:texts]
    is_apart = query.kinds == ("post",) or query.topic_id is not None
    groups = [[hit] for hit in found] if is_apart else _by_page(found)
    pages = pages_for(len(groups), PAGE_SIZE)
    page_number = clamp(number, pages)
    here = groups[(page_number - 1) * PAGE_SIZE : page_number * PAGE_SIZE]
    to_mark = _to_mark(query, terms, words)
    shown = _hits(_without_ignored(here, ignored), to_mark, terms[-1].is_prefix, added)
    counts = {facet: _facet_counts(reader, terms, query, facet, hits) for facet in FACETS}
    page = Page(shown, page_number, pages, len(groups))
    return SearchResults(
        page,
        texts,
        **counts,
        translated=_translated(hits),
        is_capped=texts >= MAX_COUNTED or not newest.is_all,
        unread_before=newest.unread_before,
    )


def find_partly(
    reader: Person,
    query: Query,
    limit: int,
    ignored: Callable[[Sequence[Thing]], Container[Thing]] = nothing,
    *added: ORMOption,
) -> list[Hit]:
    """Documents with some words of a search, for when none has all: the most similar first (see `find_alike`), one per page.

    Documents that the reader ignores are left out; `ignored` and `added` as in `find`. Replies are searched
    separately, because those of one long topic may be the newest hundred of all that have a word.
    """
    terms = telling_terms(query.wanted, query.instead)
    kinds = tuple(kind for kind in KINDS if kind != "post"), ("post",)
    among = [Query(query.words, kinds=group) for group in kinds]
    found = hits_of_some(reader, terms, among, *HIT_COLUMNS)
    own = [(group, [hit for hit in hits if has_own_words(hit, group)]) for group, hits in found]
    pages = _by_page(most_alike(own))[: limit * NAMING_PORTION]
    hushed = ignored([(hit.kind, hit.item_id) for group in pages for hit in group]) if pages else ()
    told = [[hit for hit in group if (hit.kind, hit.item_id) not in hushed] for group in pages]
    groups = [group[:1] for group in told if group][:limit]
    telling = [word for word in words_of(query.wanted) if is_telling(word)]
    return _hits(groups, _to_mark(query, terms, telling), False, added)


def _translated(hits: Sequence[Found]) -> Set[str]:
    return {hit.address.split("/")[1] for hit in hits if hit.kind in TRANSLATION_KINDS}


def _to_mark(query: Query, terms: Sequence[Term], typed: Sequence[str]) -> list[str]:
    """The words that are marked in results: those typed, their forms, and their alternatives."""
    names = [
        " ".join(form)
        for replacement in query.instead
        for name in replacement.names
        for form in forms_of(name)
    ]
    forms = [form for term in terms for form in term.inflections]
    return [*names, *forms, *typed]


def newest_naming(reader: Person, names: Sequence[str], limit: int) -> Sequence[Document]:
    """The newest documents that contain one of these names, in singular or plural; of each page the newest."""
    term = term_naming(names)
    if term is None:
        return []
    newest = newest_hits(reader, [term], Query(""), limit * NAMING_PORTION, *HIT_COLUMNS)
    groups = _by_page([hit for hit in newest.rows if has_own_words(hit, [term])])
    return documents_by_id([group[0].id for group in groups[:limit]])


def newer_hits(
    reader: Person, query: Query, after_id: int, until_id: int
) -> Iterator[Sequence[Any]]:
    """The hits of `find` with ids after `after_id` and up to `until_id`: rows with id, kind, item_id and written_at.

    The newest first, in batches that are read when needed; at most the newest `MAX_PORTIONS * NEWER_PORTION`
    documents with the words are examined.
    """
    if not words_of(query.wanted):
        return
    terms = with_prefix(parse_terms(query.wanted, query.instead), query.wanted)
    columns = (Document.item_id, Document.written_at, *OWN_WORDS_COLUMNS)
    below = until_id + 1
    for _number in range(MAX_PORTIONS):
        hits = newest_hits(
            reader, terms, query, NEWER_PORTION, *columns, below=below, above=after_id
        ).rows
        yield [hit for hit in hits if has_own_words(hit, terms)]
        if len(hits) < NEWER_PORTION:
            return
        below = hits[-1].id


def _keeper(terms: Sequence[Term], score: Callable[[Any], Score] | None) -> Callable[[Any], Found]:
    """A function that converts a row with `HIT_COLUMNS` into what is kept of it."""

    def keep(row: Any) -> Found:
        return Found(
            row.id,
            row.agenda_id,
            row.kind,
            row.finer_kind,
            row.language,
            row.item_id,
            row.parent_id,
            row.address,
            has_own_words(row, terms),
            score(row) if score else UNSCORED,
        )

    return keep


def _facet_keeper(terms: Sequence[Term]) -> Callable[[Any], Found]:
    """A function that converts a row with `OWN_WORDS_COLUMNS` into what is kept of it for counting."""

    def keep(row: Any) -> Found:
        is_own = has_own_words(row, terms)
        facets = row.agenda_id, row.kind, row.finer_kind, row.language
        return Found(row.id, *facets, 0, None, "", is_own, UNSCORED)

    return keep


def _newest(hits: Sequence[Found]) -> list[Found]:
    """The latest first, in whichever order they were read."""
    return sorted(hits, key=lambda hit: hit.id, reverse=True)


def _ranked(hits: Sequence[Found]) -> list[Found]:
    """The most relevant first; the newest among equals."""
    return sorted(hits, key=lambda hit: (hit.score, hit.id), reverse=True)


class OwnHits(NamedTuple):
    """Hits that contain a word themselves, whether these are all that there are, and `unread_before` as in `SearchResults`."""

    hits: Sequence[Found]
    is_all: bool
    unread_before: datetime | None = None


def _newest_own_hits(
    reader: Person,
    terms: Sequence[Term],
    query: Query,
    portion: int,
    keep: Callable[[Any], Found],
    *,
    columns: Sequence[Any] = HIT_COLUMNS,
    but: str = "",
) -> OwnHits:
    """The newest hits that contain a word themselves, read in batches.

    All replies in a topic with a word in its title are hits, so thousands may come before one that contains it
    itself. If there is none in the newest `MAX_PORTIONS` batches, the hits of the first batch count as they are.
    """
    first: Sequence[Found] = ()
    found: list[Found] = []
    below = None
    for _number in range(MAX_PORTIONS):
        newest, unread_before = newest_hits(
            reader, terms, query, portion, *columns, but=but, below=below, keep=keep
        )
        first = first or newest
        found += [hit for hit in newest if hit.is_own]
        if len(newest) < portion:
            return OwnHits(found, unread_before is None, unread_before)
        if len(found) >= MAX_COUNTED:
            break
        below = newest[-1].id
    return OwnHits((found or list(first))[:portion], is_all=False)


def _by_page(hits: Sequence[Any]) -> list[list[Any]]:
    """The rows grouped by the page that shows them, in the position of the first of each.

    Replies name their topic's document. That of a case's or a practice's topic has no words, and the address of its
    page.
    """
    homes: dict[int, str] = {}
    if any(hit.kind in PAGE_KINDS for hit in hits):
        parents = {hit.parent_id for hit in hits if hit.parent_id}
        wordless = select(Document.id, Document.address).where(
            Document.id.in_(parents), Document.title == ""
        )
        homes = {row.id: row.address for row in db.session.execute(wordless)}
    pages: dict[int | str, list[Any]] = {}
    for hit in hits:
        where = homes.get(hit.parent_id) or hit.parent_id or hit.id
        is_of_page = hit.kind in PAGE_KINDS
        page = _page_of(hit) if is_of_page else where
        pages.setdefault(page, []).append(hit)
    return list(pages.values())


def _page_of(hit: Any) -> str:
    """The address of the page of a text of `PAGE_KINDS`; for a translation that of its original."""
    address: str = hit.address.partition("#")[0]
    return address.partition(IN_LANGUAGE)[0] if hit.kind in TRANSLATION_KINDS else address


def _without_ignored(
    groups: Sequence[Sequence[Any]], ignored: Callable[[Sequence[Thing]], Container[Thing]]
) -> list[Sequence[Any]]:
    """The groups without rows that the reader ignores; of a group that is completely ignored, the first row."""
    hushed = ignored([(hit.kind, hit.item_id) for group in groups for hit in group])
    shown = []
    for group in groups:
        others = [hit for hit in group if (hit.kind, hit.item_id) not in hushed]
        shown.append(others or group[:1])
    return shown


def _facet_counts(
    reader: Person, terms: Sequence[Term], query: Query, facet: str, hits: Sequence[Found]
) -> dict[Any, int]:
    """How many of the newest hits have each value of a facet, as if none of its values was chosen."""
    if query.facets()[facet]:
        hits = _newest_own_hits(
            reader,
            terms,
            query,
            FACET_PORTION,
            _facet_keeper(terms),
            columns=OWN_WORDS_COLUMNS,
            but=facet,
        ).hits
    name = FACETS[facet].key
    values = Counter(
        (name == "kind" and hit.finer_kind) or getattr(hit, name) for hit in hits[:MAX_COUNTED]
    )
    return {value: count for value, count in values.items() if value not in (None, "")}


def _hits(
    groups: Sequence[Sequence[Any]],
    words: Sequence[str],
    has_prefix: bool,
    added: Sequence[ORMOption],
) -> list[Hit]:
    """The hits for rows grouped by page: the first of each group, with the words marked."""
    groups = [[first, *_own_text_first(rest)] for first, *rest in groups]
    firsts = documents_by_id([group[0].id for group in groups], language_of_title(), *added)
    named = [hit.id for group in groups for hit in group[1 : 1 + MAX_OTHERS]]
    long = (group for group in groups if len(group) > 1 + MAX_OTHERS)
    homes = {group[0].id: number for group in long if (number := _home(group))}
    more = documents_by_id([*named, *homes.values()], defer(Document.body, raiseload=True))
    known = {document.id: document for document in (*more, *firsts)}
    shown = []
    for first, *rest in groups:
        document, home = known.get(first.id), known.get(homes.get(first.id, 0))
        if document is None:
            continue  # it was deleted meanwhile
        texts = document.title, snippet(document.body, words, has_prefix)
        title, piece = (mark(text, words, has_prefix) for text in texts)
        others = [known[other.id] for other in rest[:MAX_OTHERS] if other.id in known]
        topic_id = home.item_id if home else None
        shown.append(Hit(document, title, piece, others, len(rest[MAX_OTHERS:]), topic_id))
    return shown


def _own_text_first(hits: Sequence[Any]) -> list[Any]:
    """The rows of a page, the case or practice itself first; a search within its topic finds only the comments."""
    return sorted(hits, key=lambda hit: (hit.kind not in PAGE_KINDS, hit.kind in TRANSLATION_KINDS))


def _home(group: Sequence[Any]) -> int:
    """The id of the document of the topic that several rows belong to; 0 where none of them is a reply."""
    return next((int(hit.parent_id) for hit in group if hit.kind == "post"), 0)
