"""Full-text search over FTS5 (SQLite) and tsvector (PostgreSQL) with one interface; no input is a syntax error."""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    and_,
    any_,
    cast,
    column,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import aliased, defer
from sqlalchemy.orm.interfaces import ORMOption

from forum import permissions
from forum.db import constant, db, inline_text
from forum.markup import SCRIPTS_WITHOUT_SPACES, fold
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.search.models import Document, Retitling

PAGE_SIZE = 20
MIN_TELLING_LENGTH = 4  # characters of a word by which texts are found to be alike
MAX_ALIKE_TERMS = 6  # of a title, for each of which there is a query
MAX_ALIKE_HITS = 100  # of each of them
ALIKE_TITLE_WEIGHT = 3  # of a word in a title, against one in the text
MAX_RANKED = 2_000  # only so many of the newest hits are ordered by relevance
MAX_COUNTED = 1_000  # the total and the facets count up to here, and then say "1,000+"
MAX_OTHERS = 3  # of the same page, named below the first
MAX_WORDS = 12
KINDS = ("topic", "post", "case", "practice", "reading", "member")
MAX_WORD_LENGTH = 100  # characters; longer words are cut, in the index and in queries alike
MAX_TERMS = 60
# In scripts without spaces each two neighbouring characters are indexed as a word (bigrams).
PIECE = re.compile(rf"([{SCRIPTS_WITHOUT_SPACES}]+)|[^{SCRIPTS_WITHOUT_SPACES}\s]+")
# ASCII characters that belong to no word become spaces; a table for `str.translate`.
SEPARATORS = {number: " " for number in range(128) if not chr(number).isalnum()}
SNIPPET_LENGTH = 240
MAX_PHRASE_CANDIDATES = (
    8_000  # texts with all words of a phrase in which PostgreSQL looks for the phrase
)
TYPICAL_LENGTH = 600  # characters of a text, for the ranking
BM25_K1, BM25_B = 1.2, 0.75
TITLE_WEIGHT = 8  # of a word in the title, against one in the text
TOPIC_TITLE_WEIGHT = 0.02  # of a reply: how much of that its topic's title is worth
MIN_INFLECTED_LENGTH = 4  # characters of a word whose plural or singular is looked for
# Endings of words, each with those of the word's other forms; the first that fits counts.
MIN_STEM_LENGTHS = {
    "ing": 4
}  # characters that stay when the ending is taken away; of other endings one
UNINFLECTED = {"news", "series", "species"}
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
MIN_PREFIX_LENGTH = 3  # characters that the last word needs to match longer words, too
MAX_QUERY_LENGTH = 500
SELECTIVE_SHARE = 0.05  # of all texts; a word in fewer is looked up in the index first
FREQUENCIES_SECONDS = 600  # for which the word frequencies are cached
WORD_FREQUENCIES = """
    SELECT most_common_elems::text::text[], most_common_elem_freqs[1:array_length(most_common_elems::text::text[], 1)]
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'document' AND attname = 'words'
"""
FTS = table("document_fts", column("rowid", Integer))
# The facets with their columns. The index holds a word for each value, which begins with "=" and the first letter
# of the facet's name: "=kpost", "=a7", "=len".
FACETS: dict[str, Any] = {
    "kinds": Document.kind,
    "agendas": Document.agenda_id,
    "languages": Document.language,
}


Thing = tuple[str, int]  # kind and item id of a document


def nothing(_things: Sequence[Thing]) -> Container[Thing]:
    """What a reader ignores who ignores nobody."""
    return ()


@dataclass(frozen=True)
class Query:
    """A search: the words as typed, and the chosen values of the facets (none chosen: all)."""

    words: str
    agenda_ids: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_newest_first: bool = False

    def facets(self) -> dict[str, Sequence[Any]]:
        """The chosen values, by facet."""
        return {"kinds": self.kinds, "agendas": self.agenda_ids, "languages": self.languages}


@dataclass(frozen=True)
class Hit:
    """One document that was found, its title and a snippet of its text with the words in `<mark>`.

    `others` are the next best documents of the same page (a topic, case or practice), at most `MAX_OTHERS`, `more` the number of those after them.
    """

    document: Document
    title: Markup
    snippet: Markup
    others: Sequence[Document] = ()
    more: int = 0


@dataclass(frozen=True)
class SearchResults:
    """One page of hits, of each page of the forum one.

    `texts` is the number of all documents that were found, and the facets say how many of these have each of their values
    (`is_capped`: at least so many).
    """

    page: Page[Hit]
    texts: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    agendas: dict[int, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    is_capped: bool = False


def visible_documents(reader: Person) -> Select[Document]:
    """The documents that a reader may find: not hidden, nor their topic, and for an audience of the reader."""
    parent = aliased(Document)
    is_parent_hidden = exists().where(
        parent.id == Document.parent_id, parent.hidden_at.is_not(None)
    )
    return select(Document).where(
        Document.hidden_at.is_(None),
        permissions.read_by(reader, Document.audience),
        ~is_parent_hidden,
    )


def get_document(kind: str, item_id: int) -> Document | None:
    """The document of one thing, or None."""
    return db.session.scalar(select(Document).filter_by(kind=kind, item_id=item_id))


def document_id(kind: str, item_id: int) -> int | None:
    """The id of the document of one thing, or None."""
    return db.session.scalar(select(Document.id).filter_by(kind=kind, item_id=item_id))


def documents_of(things: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Document]:
    """The existing documents of some things, by kind and item id."""
    ids: dict[str, list[int]] = {}
    for kind, item_id in things:
        ids.setdefault(kind, []).append(item_id)
    wanted = (and_(Document.kind == k, Document.item_id.in_(some)) for k, some in ids.items())
    found = db.session.scalars(select(Document).where(or_(false(), *wanted)))
    return {(document.kind, document.item_id): document for document in found}


def next_documents_below(document_id: int, after_id: int, limit: int) -> Sequence[Document]:
    """Up to `limit` documents of a topic's posts with ids after `after_id`. `document_id` is that of the topic."""
    below = select(Document).where(Document.parent_id == document_id, Document.id > after_id)
    return db.session.scalars(below.order_by(Document.parent_id, Document.id).limit(limit)).all()


def next_retitling() -> Retitling | None:
    """A topic whose posts still need its new title, and that no other worker has locked; or None."""
    query = select(Retitling).order_by(Retitling.document_id).limit(1)
    return db.session.scalar(query.with_for_update(skip_locked=True))


def texts_of(kind: str, item_ids: Sequence[int]) -> dict[int, str]:
    """The plain texts of some things of a kind, by item id, for lists that show their beginnings."""
    wanted = select(Document.item_id, Document.body).where(
        Document.kind == kind, Document.item_id.in_(item_ids)
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)} if item_ids else {}


def find(
    reader: Person,
    query: Query,
    number: int = 1,
    ignored: Callable[[Sequence[Thing]], Container[Thing]] = nothing,
) -> SearchResults:
    """Find the documents that contain all words, page `number`; the last word may be a prefix.

    Those of one page (a topic, a practice or case with its comments) are one hit, unless replies alone are wanted. `ignored`
    says which of some documents the reader ignores: they are named after the others of their page, or not.

    A word finds its plural and singular, too, unless it is in quotes. Words in double quotes are a phrase (PostgreSQL knows the positions of the first 16,383 words of a text, and of 256
    occurrences of the same word). The newest `MAX_RANKED` hits are ordered by relevance unless the newest are wanted
    first. Hits after the first `MAX_COUNTED` are on no page: a search for a very common word has to be narrowed.
    """
    words = words_of(query.words)
    if not words:
        return SearchResults(Page([], 1, 1, 0))
    terms = _with_prefix(_parse_terms(query.words), query.words)
    hits = _newest_hits(reader, terms, query, MAX_RANKED, *_FOR_RANKING)
    texts = min(len(hits), MAX_COUNTED)
    ids = [hit.id for hit in hits] if query.is_newest_first else _rank(hits, terms)
    known = {hit.id: hit for hit in hits}
    found = [known[id] for id in ids[:texts]]
    groups = [[hit] for hit in found] if query.kinds == ("post",) else _by_page(found)
    pages = pages_for(len(groups), PAGE_SIZE)
    page_number = clamp(number, pages)
    here = groups[(page_number - 1) * PAGE_SIZE : page_number * PAGE_SIZE]
    to_mark = [*(form for term in terms for form in term.inflections), *words]
    shown = _hits(_without_ignored(here, ignored), to_mark, terms[-1].is_prefix)
    counts = {facet: _facet_counts(reader, terms, query, facet, hits) for facet in FACETS}
    page = Page(shown, page_number, pages, len(groups))
    return SearchResults(page, texts, **counts, is_capped=texts >= MAX_COUNTED)


def _by_page(hits: Sequence[Any]) -> list[list[Any]]:
    """The rows that one page shows together, in the place of the first of them.

    Replies name their topic's document. That of a case's or a practice's topic has no words, and the address of its page.
    """
    homes: dict[int, str] = {}
    if any(hit.kind in ("case", "practice") for hit in hits):
        parents = {hit.parent_id for hit in hits if hit.parent_id}
        wordless = select(Document.id, Document.address).where(
            Document.id.in_(parents), Document.title == ""
        )
        homes = {row.id: row.address for row in db.session.execute(wordless)}
    pages: dict[int | str, list[Any]] = {}
    for hit in hits:
        own = hit.address if hit.kind in ("case", "practice") else hit.id
        pages.setdefault(homes.get(hit.parent_id) or hit.parent_id or own, []).append(hit)
    return list(pages.values())


def _without_ignored(
    groups: Sequence[Sequence[Any]], ignored: Callable[[Sequence[Thing]], Container[Thing]]
) -> list[list[int]]:
    """The ids of rows by group, without what the reader ignores; of a group that is ignored as a whole the first."""
    hushed = ignored([(hit.kind, hit.item_id) for group in groups for hit in group])
    shown = []
    for group in groups:
        others = [hit.id for hit in group if (hit.kind, hit.item_id) not in hushed]
        shown.append(others or [group[0].id])
    return shown


def find_alike(reader: Person, title: str, among: Query, limit: int) -> Sequence[Document]:
    """The documents that share words with a title, the most alike first; `among` says of which kinds and agendas.

    Only the longest words of the title are looked for, and each only in the newest documents that have it. A word counts
    for more the fewer documents have it, and more in their titles. What is not half as much alike as the first is left out; one
    word in common is enough for a title of two words.
    """
    terms = [term for term in _parse_terms(title.replace('"', " ")) if _is_telling(term)]
    terms = sorted(terms, key=lambda term: len(term.words[0]), reverse=True)[:MAX_ALIKE_TERMS]
    scores: dict[int, float] = defaultdict(float)
    shared: Counter[int] = Counter()
    together = (
        [terms] if len(terms) > 1 else []
    )  # the newest with a common word need not have the others
    for some in [*together, *([term] for term in terms)]:
        hits = _newest_hits(reader, some, among, MAX_ALIKE_HITS, Document.folded_title)
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
    return _documents([found for found in best if scores[found] >= least][:limit])


def _is_telling(term: Term) -> bool:
    """Whether a word may say what a text is about: short ones of scripts with spaces seldom do."""
    word = term.words[0]
    return len(word) >= MIN_TELLING_LENGTH or _is_in_script_without_spaces(word)


def words_of(typed: str) -> list[str]:
    """The words of a search: folded as in the index, each once, at most `MAX_WORDS`."""
    return list(dict.fromkeys(_words_only(typed[:MAX_QUERY_LENGTH]).split()))[:MAX_WORDS]


def searchable(text: str) -> str:
    """A text as the index takes it: its folded words with spaces between, so that both databases see the same words."""
    words = _words_only(text)
    if words.isascii():  # has the same result as below, several times as fast
        return " ".join(word[:MAX_WORD_LENGTH] for word in words.split())
    return " ".join(
        " ".join(_bigrams(piece)) if has_no_spaces else piece[:MAX_WORD_LENGTH]
        for piece, has_no_spaces in _split_scripts(words)
    )


def folded_words(title: str, body: str, byline: str, has_parent: bool) -> tuple[str, str]:
    """The words of a document, folded: those of its own title, which weigh more, and all others.

    A post `has_parent`: the title is that of its topic, and its words are among the others.
    """
    rest = f"{body} {byline}"
    if has_parent:
        return "", searchable(f"{rest} {title}")
    return searchable(title), searchable(rest)


def documents_with_stale_words() -> Iterator[tuple[str, int]]:
    """Kind and item id of the documents whose folded words differ from those of their text. Reads all documents."""
    said = (Document.title, Document.body, Document.byline, Document.parent_id.is_not(None))
    known = (Document.folded_title, Document.folded_body)
    rows = select(Document.kind, Document.item_id, *known, *said).order_by(Document.id)
    for kind, item_id, title, body, *of_text in _stream(rows):
        if (title, body) != folded_words(*of_text):
            yield kind, item_id


def _stream(rows: Executable) -> Iterator[Any]:
    yield from db.session.execute(rows.execution_options(yield_per=1_000))


def _words_only(text: str) -> str:
    folded = fold(text)
    if folded.isascii():
        return folded.translate(SEPARATORS)
    return "".join(sign if _is_word_character(sign) else " " for sign in folded)


def _split_scripts(words: str) -> Iterator[tuple[str, bool]]:
    return ((found.group(), bool(found.group(1))) for found in PIECE.finditer(words))


def _bigrams(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run))]


@lru_cache(4096)
def _is_word_character(sign: str) -> bool:
    """Whether it is a letter, a digit, or a combining mark such as the vowel signs of some scripts."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


# Asking the index


@dataclass(frozen=True)
class Term:
    """One or several words that follow each other in a text; the last may be a prefix.

    `inflections` are other forms of a single word, any of which will do.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    inflections: tuple[str, ...] = ()


def _parse_terms(typed: str) -> list[Term]:
    """The terms of a search: each word typed, and each phrase in double quotes, once."""
    terms: dict[Term, None] = {}
    for number, part in enumerate(typed[:MAX_QUERY_LENGTH].split('"')):
        words = _words_only(part).split()[:MAX_WORDS]
        if number % 2 and words:
            terms[_phrase(words)] = None
        elif words:
            terms |= dict.fromkeys(term for word in words for term in _terms_of_word(word))
    return list(terms)[:MAX_TERMS]


def _terms_of_word(word: str) -> Iterator[Term]:
    for piece, has_no_spaces in _split_scripts(word):
        pairs = _bigrams(piece)
        if not has_no_spaces:
            yield Term((piece[:MAX_WORD_LENGTH],), inflections=inflections(piece))
        elif len(pairs) == 1:
            yield Term((piece,), is_prefix=True)
        else:
            yield from (Term((pair,)) for pair in pairs[:-1])


@lru_cache(4096)
def inflections(word: str) -> tuple[str, ...]:
    """The plural or singular of a folded word, and what an English form in -ing is made of; there may be no such word.

    Only the regular endings of English, which many other European languages share in part; a text in another language
    is found by its own forms. Words of other scripts and short ones have none.
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


def _phrase(words: Sequence[str]) -> Term:
    """The term of a phrase. A text goes on after the phrase, so the bigram that begins with its last character is unknown."""
    indexed = searchable(" ".join(words)).split()
    last, has_no_spaces = list(_split_scripts(words[-1]))[-1]
    if has_no_spaces and len(last) > 1:
        del indexed[-1]
    return Term(tuple(indexed), is_prefix=has_no_spaces and len(last) == 1)


def _with_prefix(terms: Sequence[Term], typed: str) -> Sequence[Term]:
    """The terms with the last one as a prefix, unless it is short, in quotes, or a word of many texts."""
    *others, last = terms
    parts = enumerate(typed[:MAX_QUERY_LENGTH].split('"'))
    (*_before, word), in_quotes = [
        (words, number % 2) for number, part in parts if (words := _words_only(part).split())
    ][-1]
    is_last = last.words == (word[:MAX_WORD_LENGTH],)
    if in_quotes or not is_last or len(word) < MIN_PREFIX_LENGTH or _is_common(last):
        return terms
    return [*others, replace(last, is_prefix=True)]


def _is_common(term: Term) -> bool:
    """Whether so many texts contain a word that those with longer words would change nothing."""
    some = _matching(select(Document.id), [term], []).limit(constant(MAX_RANKED))
    return len(db.session.scalars(some).all()) == MAX_RANKED


def _newest_hits(
    reader: Person, terms: Sequence[Term], query: Query, limit: int, *more: Any, but: str = ""
) -> Sequence[Any]:
    """Rows of the newest documents that match the terms and facets: id, the columns of the facets, and those of `more`.

    `but` is a facet whose chosen values are ignored.
    """
    wanted = [_facet_words(name, values) for name, values in query.facets().items() if name != but]
    wanted = [group for group in wanted if group]
    documents = visible_documents(reader)
    documents = documents.with_only_columns(Document.id, *FACETS.values(), *more)
    if not _is_sqlite() and any(len(term.words) > 1 for term in terms):
        return _newest_phrase_hits(documents, terms, wanted, limit)
    found = _matching(documents, terms, wanted)
    newest_first = FTS.c.rowid.desc() if _is_sqlite() else Document.id.desc()
    return db.session.execute(found.order_by(newest_first).limit(constant(limit))).all()


def _newest_phrase_hits(
    documents: Select[Any], terms: Sequence[Term], wanted: Sequence[Sequence[str]], limit: int
) -> Sequence[Any]:
    """The same for phrases on PostgreSQL, which reads each text with the words: at most the newest `MAX_PHRASE_CANDIDATES`."""
    apart = [
        term if len(term.words) == 1 else Term((word,), term.is_prefix and word == term.words[-1])
        for term in terms
        for word in term.words
    ]
    with_words = _matching(documents.add_columns(_vector().label("words")), apart, wanted)
    some = with_words.order_by(Document.id.desc()).limit(constant(MAX_PHRASE_CANDIDATES)).subquery()
    rows = select(*(column for column in some.c if column.name != "words"))
    together = rows.where(some.c.words.op("@@")(_tsquery(terms, [])))
    return db.session.execute(together.order_by(some.c.id.desc()).limit(constant(limit))).all()


def _matching(
    documents: Select[Any], terms: Sequence[Term], facets: Sequence[Sequence[str]]
) -> Select[Any]:
    """Those of the documents that hold all the terms, and a word of each facet."""
    if not _is_sqlite():
        matches = _vector().op("@@")(_tsquery(terms, facets))
        return documents.where(
            _by_index_alone(matches) if _is_selective(terms, facets) else matches
        )
    # The plus keeps SQLite from scanning all documents and asking the index about each.
    found = documents.join(FTS, Document.id == literal_column("+document_fts.rowid"))
    return found.where(text("document_fts MATCH :match")).params(match=_fts5_query(terms, facets))


def _by_index_alone(matches: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same condition, as one that PostgreSQL answers from the full-text index alone, before any other."""
    found = select(Document.id).where(matches).correlate(None)
    return Document.id == any_(func.array(found.scalar_subquery()))


def _is_selective(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> bool:
    """Whether one of several words is in few texts, so that PostgreSQL's index finds all hits quickly.

    The planner assumes that words are independent. Where they hardly ever occur together (a word of one language, and
    another language as a facet) it would scan from the newest text to the oldest: five seconds among a million.
    """
    known = _word_frequencies(str(db.engine.url), int(time.monotonic() // FREQUENCIES_SECONDS))
    shares = [sum(known.get(value, 0.0) for value in values) for values in facets]
    for term in terms:
        shares += [
            known.get(word, 0.0) + sum(known.get(form, 0.0) for form in term.inflections)
            for word in term.words
            if not term.is_prefix
        ]
    return (
        bool(known) and len(terms) + len(facets) > 1 and min(shares, default=1.0) <= SELECTIVE_SHARE
    )


@lru_cache(maxsize=8)
def _word_frequencies(_database: str, _moment: int) -> dict[str, float]:
    """The share of texts that contain each of the commonest words, by PostgreSQL's last ANALYZE; empty before it.

    The parameters are the key of the cache: a database and a period of `FREQUENCIES_SECONDS`.
    """
    row = db.session.execute(text(WORD_FREQUENCIES)).first()
    return dict(zip(*row, strict=True)) if row and row[0] else {}


def _facet_words(name: str, values: Sequence[Any]) -> list[str]:
    """The words in the index for values of a facet."""
    return [f"={name[0]}{''.join(filter(str.isalnum, str(value).lower()))}" for value in values]


def _fts5_query(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> str:
    """The terms and facets in the syntax of MATCH. Each term is quoted, so that nothing typed is an operator."""
    parts = []
    for term in terms:
        forms = [f'"{" ".join(term.words)}"' + "*" * term.is_prefix]
        forms += [f'"{form}"' for form in term.inflections]
        parts.append(f"({' OR '.join(forms)})")
    parts += ["(" + " OR ".join(f'"{value}"' for value in values) + ")" for values in facets]
    return " AND ".join(parts)


def _tsquery(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> ColumnElement[Any]:
    """The terms and facets as a tsquery. Terms consist of letters, digits and marks, so that nothing typed is an operator."""
    parts = []
    for term in terms:
        forms = ["<->".join(f"'{word}'" for word in term.words) + ":*" * term.is_prefix]
        forms += [f"'{form}'" for form in term.inflections]
        parts.append(f"({' | '.join(forms)})")
    wanted: ColumnElement[Any] = func.to_tsquery(constant("simple"), inline_text(" & ".join(parts)))
    for values in facets:
        some = inline_text(" | ".join(f"'{value}'" for value in values))
        wanted = wanted.op("&&")(cast(some, TSQUERY))
    return wanted


def _vector() -> ColumnElement[Any]:
    return literal_column("document.words", TSVECTOR)


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def _facet_counts(
    reader: Person, terms: Sequence[Term], query: Query, facet: str, hits: Sequence[Any]
) -> dict[Any, int]:
    """How many of the newest hits have each value of a facet, as if none of its values was chosen."""
    if query.facets()[facet]:
        hits = _newest_hits(reader, terms, query, MAX_COUNTED, but=facet)
    values = Counter(getattr(hit, FACETS[facet].key) for hit in hits[:MAX_COUNTED])
    return {value: count for value, count in values.items() if value not in (None, "")}


# Order of relevance


def _rank(hits: Sequence[Any], terms: Sequence[Term]) -> list[int]:
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


def _documents(ids: Sequence[int], *without: ORMOption) -> list[Document]:
    if not ids:
        return []
    rows = db.session.scalars(
        select(Document).where(Document.id.in_(ids)).options(*_WITHOUT_FOLDED, *without)
    )
    known = {document.id: document for document in rows}
    return [known[id] for id in ids if id in known]  # one may have been deleted meanwhile


_FOLDED = (Document.folded_title, Document.folded_body)
_FOR_RANKING = (
    Document.item_id,
    Document.parent_id,
    Document.address,
    Document.title,
    *_FOLDED,
)
_WITHOUT_FOLDED = tuple(defer(column, raiseload=True) for column in _FOLDED)


# Marking the words


def _hits(groups: Sequence[Sequence[int]], words: Sequence[str], has_prefix: bool) -> list[Hit]:
    """The hits for documents in groups by page, of each group the first, with the words marked."""
    firsts = _documents([group[0] for group in groups])
    more = [found for group in groups for found in group[1 : 1 + MAX_OTHERS]]
    others_named = _documents(more, defer(Document.body, raiseload=True))
    known = {document.id: document for document in (*firsts, *others_named)}
    shown = []
    for first, *rest in groups:
        if first not in known:
            continue  # deleted meanwhile
        document = known[first]
        piece = _snippet(document.body, words, has_prefix)
        title, snippet = (mark(part, words, has_prefix) for part in (document.title, piece))
        others = [known[other] for other in rest[:MAX_OTHERS] if other in known]
        shown.append(Hit(document, title, snippet, others, len(rest[MAX_OTHERS:])))
    return shown


def mark(plain: str, words: Sequence[str], has_prefix: bool = True) -> Markup:
    """A plain text, escaped, with the words in `<mark>`, whatever their case and accents.

    With `has_prefix`, longer words that begin with the last one are marked too.
    """
    parts, position = [], 0
    for start, end in _word_spans(plain, words, has_prefix):
        parts.append(escape(plain[position:start]))
        parts.append(Markup("<mark>{}</mark>").format(plain[start:end]))
        position = end
    return Markup("").join([*parts, escape(plain[position:])])


def _word_spans(plain: str, words: Sequence[str], has_prefix: bool) -> Iterator[tuple[int, int]]:
    """Start and end of each word in a text. `origins` maps each folded character to the index of its original."""
    origins: Sequence[int]
    if plain.isascii():
        folded, origins = fold(plain), range(len(plain))
    else:
        signs = [_fold_sign(sign) for sign in plain]
        folded = "".join(signs)
        origins = [index for index, some in enumerate(signs) for _sign in some]
    for first, last in _whole_words(folded, words, has_prefix):
        start, end = origins[first], origins[last - 1] + 1
        while end < len(plain) and unicodedata.combining(plain[end]):
            end += 1
        yield start, end


_fold_sign = lru_cache(4096)(fold)


def _whole_words(folded: str, words: Sequence[str], has_prefix: bool) -> Iterator[tuple[int, int]]:
    """Start and end of each of the words in a folded text, the last word perhaps as a prefix; they never overlap."""
    prefix = words[-1] if words and has_prefix and len(words[-1]) >= MIN_PREFIX_LENGTH else ""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    position = 0
    for found in re.finditer(pattern or r"(?!)", folded):
        start, end = found.span()
        if start >= position and (end := _end_of_word(folded, start, end, prefix)):
            yield start, end
            position = end


def _end_of_word(folded: str, start: int, end: int, prefix: str) -> int:
    """Where the word ends that begins at `start`, or 0 when the match is only a part of another word."""
    word = folded[start:end]
    if _is_in_script_without_spaces(word):
        return end
    if _is_inside_word(folded, start) or (_is_inside_word(folded, end) and word != prefix):
        return 0
    while _is_inside_word(folded, end):
        end += 1
    return end


def _is_in_script_without_spaces(word: str) -> bool:
    return any(has_no_spaces for _piece, has_no_spaces in _split_scripts(word))


def _is_inside_word(text: str, index: int) -> bool:
    """Whether the characters before and at an index belong to one word."""
    return (
        0 < index < len(text)
        and _is_word_character(text[index - 1])
        and _is_word_character(text[index])
    )


def _snippet(plain: str, words: Sequence[str], has_prefix: bool) -> str:
    """The part of a text around the first of the words, cut between words."""
    plain = " ".join(plain.split())
    start = next((start for start, _end in _word_spans(plain, words, has_prefix)), 0)
    start = max(0, start - SNIPPET_LENGTH // 3)
    start = plain.find(" ", start) + 1 if start else 0
    piece = plain[start : start + SNIPPET_LENGTH]
    tail = "…" if start + SNIPPET_LENGTH < len(plain) else ""
    return ("… " if start else "") + (piece.rsplit(" ", 1)[0] if tail else piece) + tail
