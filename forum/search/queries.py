"""Finding documents: FTS5 and tsvector behind one interface, which answers whatever is typed."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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

from forum import permissions
from forum.db import constant, db, inline_text
from forum.markup import fold
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.search.models import Document, Retitling

PAGE = 20
RANKED = 2_000  # so many of the newest hits are put in order of relevance
COUNTED = 1_000  # facets count so many of the newest hits and then say "1,000+"
MAX_WORDS = 12
KINDS = ("topic", "post", "case", "practice", "reading", "member")
LONGEST = 100  # signs of a word; longer ones are cut alike when indexed and when looked for
MAX_TERMS = 60
# Scripts that put no space between words: every two neighbouring signs are indexed as a word.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
PIECE = re.compile(rf"([{UNSPACED}]+)|[^{UNSPACED}\s]+")
# What of the commonest signs belongs to no word, as `str.translate` takes it
BETWEEN = {number: " " for number in range(128) if not chr(number).isalnum()}
SNIPPET = 240
READ = 8_000  # so many texts with all the words of a phrase are read for the phrase, where that must be
USUAL_LENGTH = 600  # signs of a text
TITLE_WEIGHS = 8
TITLE_OF_OTHERS = 0.02  # of what a title weighs, where it is the one that somebody replied to
SHORTEST_BEGINNING = 3  # signs of a word that may be the beginning of others
LONGEST_TYPED = 500
NARROW = 0.05  # of all texts: so few are found by the index and put in order in no time
SHARES_SECONDS = 600
SHARES = """
    SELECT most_common_elems::text::text[], most_common_elem_freqs[1:array_length(most_common_elems::text::text[], 1)]
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'document' AND attname = 'words'
"""
FTS = table("document_fts", column("rowid", Integer))
# The facets, each with its column. The first letter of a name is that of its words in the index.
FACETS: dict[str, Any] = {
    "kinds": Document.kind,
    "agendas": Document.agenda_id,
    "languages": Document.language,
}


@dataclass(frozen=True)
class Query:
    """What is looked for: words, and the facets that narrow the answer."""

    words: str
    agenda_ids: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_newest_first: bool = False

    def facets(self) -> dict[str, Sequence[Any]]:
        """The values that are chosen, by facet."""
        return {"kinds": self.kinds, "agendas": self.agenda_ids, "languages": self.languages}


@dataclass(frozen=True)
class Hit:
    """One document found, its title and a piece of its text with the words marked."""

    document: Document
    title: Markup
    snippet: Markup


@dataclass(frozen=True)
class Found:
    """One page of hits, and how many there are under each value of each facet (`is_capped`: at least)."""

    page: Page[Hit]
    kinds: dict[str, int] = field(default_factory=dict)
    agendas: dict[int, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    is_capped: bool = False


def visible_documents(reader: Person) -> Select[Document]:
    """The documents that a reader may find: neither they nor their topic hidden, of the reader's audiences."""
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
    """The document of one thing, or None when it has none."""
    return db.session.scalar(select(Document).filter_by(kind=kind, item_id=item_id))


def document_id(kind: str, item_id: int) -> int | None:
    """The id of the same."""
    return db.session.scalar(select(Document.id).filter_by(kind=kind, item_id=item_id))


def documents_of(things: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Document]:
    """The documents that there are of some things, by kind and item id."""
    ids: dict[str, list[int]] = {}
    for kind, item_id in things:
        ids.setdefault(kind, []).append(item_id)
    wanted = (and_(Document.kind == k, Document.item_id.in_(some)) for k, some in ids.items())
    found = db.session.scalars(select(Document).where(or_(false(), *wanted)))
    return {(document.kind, document.item_id): document for document in found}


def next_documents_below(document_id: int, after_id: int, limit: int) -> Sequence[Document]:
    """The next documents of a topic's posts, by their ids. `document_id` is the topic's own."""
    below = select(Document).where(Document.parent_id == document_id, Document.id > after_id)
    return db.session.scalars(below.order_by(Document.parent_id, Document.id).limit(limit)).all()


def next_retitling() -> Retitling | None:
    """A topic whose posts are still to get its new title, that no other worker has in hand."""
    query = select(Retitling).order_by(Retitling.document_id).limit(1)
    return db.session.scalar(query.with_for_update(skip_locked=True))


def texts_of(kind: str, item_ids: Sequence[int]) -> dict[int, str]:
    """The plain texts of some things of a kind, by their ids, for lists that show how they begin."""
    wanted = select(Document.item_id, Document.body).where(
        Document.kind == kind, Document.item_id.in_(item_ids)
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)} if item_ids else {}


def find(reader: Person, query: Query, number: int = 1) -> Found:
    """Find documents that hold all the words (the last one may be a beginning). Anything typed gives an answer.

    Words in double quotes are found where they stand together (PostgreSQL knows the places of the first 16,383 words of
    a text, and of 256 times the same one). The newest `RANKED` hits are put in order of
    relevance unless the newest are wanted first, and those behind them cannot be paged to: who looks for a very common
    word narrows the search.
    """
    words = words_of(query.words)
    if not words:
        return Found(Page([], 1, 1, 0))
    terms = _with_beginning(_terms(query.words), query.words)
    hits = _newest(reader, terms, query, RANKED, *_FOLDED)
    total = min(len(hits), COUNTED)
    page_number = clamp(number, pages_for(total, PAGE))
    ids = [hit.id for hit in hits] if query.is_newest_first else _ranked(hits, terms)
    best = ids[:total][(page_number - 1) * PAGE : page_number * PAGE]
    shown = [_hit(row, words, terms[-1].is_beginning) for row in _documents(best)]
    page = Page(shown, page_number, pages_for(total, PAGE), total)
    counts = {facet: _counts(reader, terms, query, facet, hits) for facet in FACETS}
    return Found(page, **counts, is_capped=total >= COUNTED)


def words_of(typed: str) -> list[str]:
    """The words to look for: folded as the index is, at most twelve, each once."""
    return list(dict.fromkeys(_only_words(typed[:LONGEST_TYPED]).split()))[:MAX_WORDS]


def searchable(text: str) -> str:
    """A text as it goes into the index: its folded words and nothing else, so that both databases see the same."""
    words = _only_words(text)
    if words.isascii():  # the same, several times as fast
        return " ".join(word[:LONGEST] for word in words.split())
    return " ".join(
        " ".join(_pairs(piece)) if is_unspaced else piece[:LONGEST]
        for piece, is_unspaced in _pieces(words)
    )


def folded_and_sort_key(title: str, body: str, byline: str, is_below: bool) -> tuple[str, str]:
    """The words of a document: those that weigh more, and the rest. What `is_below` a topic has its title, which weighs less."""
    rest = f"{body} {byline}"
    if is_below:
        return "", searchable(f"{rest} {title}")
    return searchable(title), searchable(rest)


def documents_of_other_words() -> Iterator[tuple[str, int]]:
    """Kind and item id of the documents whose words are not those of the text that they show. Reads all of them."""
    said = (Document.title, Document.body, Document.byline, Document.parent_id.is_not(None))
    known = (Document.folded_title, Document.folded_body)
    rows = select(Document.kind, Document.item_id, *known, *said).order_by(Document.id)
    for kind, item_id, title, body, *of_text in _stream(rows):
        if (title, body) != folded_and_sort_key(*of_text):
            yield kind, item_id


def _stream(rows: Executable) -> Iterator[Any]:
    yield from db.session.execute(rows.execution_options(yield_per=1_000))


def _only_words(text: str) -> str:
    folded = fold(text)
    if folded.isascii():
        return folded.translate(BETWEEN)
    return "".join(sign if _is_of_word(sign) else " " for sign in folded)


def _pieces(words: str) -> Iterator[tuple[str, bool]]:
    return ((found.group(), bool(found.group(1))) for found in PIECE.finditer(words))


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run))]


@lru_cache(4096)
def _is_of_word(sign: str) -> bool:
    """Letters, digits, and the vowel signs that some scripts write as marks."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


# What the index is asked


@dataclass(frozen=True)
class Term:
    """What the index is asked for: words that stand one after the other; the last may be a beginning."""

    words: tuple[str, ...]
    is_beginning: bool = False


def _terms(typed: str) -> list[Term]:
    """What to ask the index for: the words typed, and phrases in double quotes, each once."""
    terms: dict[Term, None] = {}
    for number, part in enumerate(typed[:LONGEST_TYPED].split('"')):
        words = _only_words(part).split()[:MAX_WORDS]
        if number % 2 and words:
            terms[_phrase(words)] = None
        elif words:
            terms |= dict.fromkeys(term for word in words for term in _terms_of_word(word))
    return list(terms)[:MAX_TERMS]


def _terms_of_word(word: str) -> Iterator[Term]:
    for piece, is_unspaced in _pieces(word):
        pairs = _pairs(piece)
        if not is_unspaced:
            yield Term((piece[:LONGEST],))
        elif len(pairs) == 1:
            yield Term((piece,), is_beginning=True)
        else:
            yield from (Term((pair,)) for pair in pairs[:-1])


def _phrase(words: Sequence[str]) -> Term:
    """The words as the index has them one after the other; behind the last sign it has more than was typed."""
    indexed = searchable(" ".join(words)).split()
    last, is_unspaced = list(_pieces(words[-1]))[-1]
    if is_unspaced and len(last) > 1:
        del indexed[-1]
    return Term(tuple(indexed), is_beginning=is_unspaced and len(last) == 1)


def _with_beginning(terms: Sequence[Term], typed: str) -> Sequence[Term]:
    """The terms, of which the last may be a beginning, unless it is short, in quotes, or a word of many texts."""
    *others, last = terms
    parts = enumerate(typed[:LONGEST_TYPED].split('"'))
    (*_before, word), in_quotes = [
        (words, number % 2) for number, part in parts if (words := _only_words(part).split())
    ][-1]
    is_last = last.words == (word[:LONGEST],)
    if in_quotes or not is_last or len(word) < SHORTEST_BEGINNING or _is_common(last):
        return terms
    return [*others, replace(last, is_beginning=True)]


def _is_common(term: Term) -> bool:
    """Whether so many texts hold a word that those with longer ones would change nothing."""
    some = _holding(select(Document.id), [term], []).limit(constant(RANKED))
    return len(db.session.scalars(some).all()) == RANKED


def _newest(
    reader: Person, terms: Sequence[Term], query: Query, limit: int, *more: Any, but: str = ""
) -> Sequence[Any]:
    """The newest documents that hold the terms and that the facets leave, `but` one: ids, facets, and more columns."""
    wanted = [_chosen(name, values) for name, values in query.facets().items() if name != but]
    wanted = [group for group in wanted if group]
    documents = visible_documents(reader)
    documents = documents.with_only_columns(Document.id, *FACETS.values(), *more)
    if not _is_sqlite() and any(len(term.words) > 1 for term in terms):
        return _newest_of_phrases(documents, terms, wanted, limit)
    found = _holding(documents, terms, wanted)
    newest_first = FTS.c.rowid.desc() if _is_sqlite() else Document.id.desc()
    return db.session.execute(found.order_by(newest_first).limit(constant(limit))).all()


def _newest_of_phrases(
    documents: Select[Any], terms: Sequence[Term], wanted: Sequence[Sequence[str]], limit: int
) -> Sequence[Any]:
    """The same on PostgreSQL, which has to read a text to see whether words stand together: the newest `READ` at most."""
    apart = [
        Term((word,), term.is_beginning and word == term.words[-1])
        for term in terms
        for word in term.words
    ]
    holding = _holding(documents.add_columns(_vector().label("words")), apart, wanted)
    some = holding.order_by(Document.id.desc()).limit(constant(READ)).subquery()
    rows = select(*(column for column in some.c if column.name != "words"))
    together = rows.where(some.c.words.op("@@")(_tsquery(terms, [])))
    return db.session.execute(together.order_by(some.c.id.desc()).limit(constant(limit))).all()


def _holding(
    documents: Select[Any], terms: Sequence[Term], facets: Sequence[Sequence[str]]
) -> Select[Any]:
    """Those of the documents that hold all the terms, and a word of each facet."""
    if not _is_sqlite():
        holds = _vector().op("@@")(_tsquery(terms, facets))
        return documents.where(_is_found_first(holds) if _is_narrow(terms, facets) else holds)
    # The plus keeps SQLite from walking through all documents and asking the index about each.
    found = documents.join(FTS, Document.id == literal_column("+document_fts.rowid"))
    return found.where(text("document_fts MATCH :match")).params(match=_fts5(terms, facets))


def _is_found_first(holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same asked of the index alone, before anything else: all ids, and then the newest of them."""
    found = select(Document.id).where(holds).correlate(None)
    return Document.id == any_(func.array(found.scalar_subquery()))


def _is_narrow(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> bool:
    """Whether one of several words is in few texts, so that PostgreSQL's index finds all hits quickly.

    PostgreSQL takes it that words know nothing of each other. Where they hardly ever meet (a word of one language,
    and another language) it would walk from the newest text to the oldest: five seconds among a million.
    """
    known = _shares(str(db.engine.url), int(time.monotonic() // SHARES_SECONDS))
    shares = [sum(known.get(value, 0.0) for value in values) for values in facets]
    for term in terms:
        shares += [known.get(word, 0.0) for word in term.words if not term.is_beginning]
    return bool(known) and len(terms) + len(facets) > 1 and min(shares, default=1.0) <= NARROW


@lru_cache(maxsize=8)
def _shares(_database: str, _moment: int) -> dict[str, float]:
    """In which share of the texts the commonest words are, as PostgreSQL's last ANALYZE has counted; empty before it."""
    row = db.session.execute(text(SHARES)).first()
    return dict(zip(*row, strict=True)) if row and row[0] else {}


def _chosen(name: str, values: Sequence[Any]) -> list[str]:
    """The words that stand in the index for the values of a facet."""
    return [f"={name[0]}{''.join(filter(str.isalnum, str(value).lower()))}" for value in values]


def _fts5(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> str:
    """Every term is quoted, so nothing typed speaks the language of MATCH."""
    parts = [f'"{" ".join(term.words)}"' + "*" * term.is_beginning for term in terms]
    parts += ["(" + " OR ".join(f'"{value}"' for value in values) + ")" for values in facets]
    return " AND ".join(parts)


def _tsquery(terms: Sequence[Term], facets: Sequence[Sequence[str]]) -> ColumnElement[Any]:
    """Only letters, digits and marks are left in terms, so nothing typed speaks the language of tsquery."""
    parts = [
        "(" + "<->".join(f"'{word}'" for word in term.words) + ":*" * term.is_beginning + ")"
        for term in terms
    ]
    wanted: ColumnElement[Any] = func.to_tsquery(constant("simple"), inline_text(" & ".join(parts)))
    for values in facets:
        some = inline_text(" | ".join(f"'{value}'" for value in values))
        wanted = wanted.op("&&")(cast(some, TSQUERY))
    return wanted


def _vector() -> ColumnElement[Any]:
    return literal_column("document.words", TSVECTOR)


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def _counts(
    reader: Person, terms: Sequence[Term], query: Query, facet: str, hits: Sequence[Any]
) -> dict[Any, int]:
    """How many of the newest hits there are under each value of a facet, were none of its values chosen."""
    if query.facets()[facet]:
        hits = _newest(reader, terms, query, COUNTED, but=facet)
    values = Counter(getattr(hit, FACETS[facet].key) for hit in hits[:COUNTED])
    return {value: count for value, count in values.items() if value not in (None, "")}


# Order of relevance


def _ranked(hits: Sequence[Any], terms: Sequence[Term]) -> list[int]:
    """The ids of hits, the most relevant first, of equals the newest."""
    needles = [f" {' '.join(term.words)}" + " " * (not term.is_beginning) for term in terms]
    scores = {hit.id: _relevance(hit, needles) for hit in hits}
    return sorted(scores, key=lambda id: (scores[id], id), reverse=True)


def _relevance(hit: Any, needles: Sequence[str]) -> float:
    """How well a hit fits; a reply above all by what it says itself, and little by its topic's title, which its words end with."""
    if hit.kind != "post":
        return _score(f" {hit.folded_title} ", f" {hit.folded_body} ", needles)
    title = _folded(hit.title)
    own = hit.folded_body.removesuffix(title)
    return _score("", f" {own} ", needles) + TITLE_OF_OTHERS * _score(f" {title} ", "", needles)


@lru_cache(4096)
def _folded(title: str) -> str:
    return searchable(title)


def _score(title: str, body: str, needles: Sequence[str]) -> float:
    """How well a text fits, as BM25 says it but for how rare the words are: all texts hold all of them.

    See Robertson and Zaragoza, The Probabilistic Relevance Framework (2009); k1 1.2, b 0.75.
    """
    longer = 1.2 * (0.25 + 0.75 * len(body) / USUAL_LENGTH)
    found = 0.0
    for needle in needles:
        in_title, in_body = title.count(needle), body.count(needle)
        found += TITLE_WEIGHS * in_title / (in_title + 1.2) + in_body / (in_body + longer)
    return found


def _documents(ids: Sequence[int]) -> list[Document]:
    rows = db.session.scalars(select(Document).where(Document.id.in_(ids)).options(*_LIGHT))
    known = {document.id: document for document in rows}
    return [known[id] for id in ids if id in known]  # one may have gone meanwhile


_FOLDED = (Document.title, Document.folded_title, Document.folded_body)
_LIGHT = tuple(defer(column, raiseload=True) for column in _FOLDED[1:])


# Showing where the words are


def _hit(document: Document, words: Sequence[str], is_open: bool) -> Hit:
    piece = _piece(document.body, words, is_open)
    return Hit(document, mark(document.title, words, is_open), mark(piece, words, is_open))


def mark(plain: str, words: Sequence[str], is_open: bool = True) -> Markup:
    """A plain text, escaped, with the words in `<mark>`, whatever their case and accents.

    Where the search `is_open`, longer words that begin as the last one does are marked, too.
    """
    parts, position = [], 0
    for start, end in _places(plain, words, is_open):
        parts.append(escape(plain[position:start]))
        parts.append(Markup("<mark>{}</mark>").format(plain[start:end]))
        position = end
    return Markup("").join([*parts, escape(plain[position:])])


def _places(plain: str, words: Sequence[str], is_open: bool) -> Iterator[tuple[int, int]]:
    """Where the words stand in a text: looked for in its folded signs, each of which knows whence it comes."""
    origins: Sequence[int]
    if plain.isascii():
        folded, origins = fold(plain), range(len(plain))
    else:
        signs = [_fold_sign(sign) for sign in plain]
        folded = "".join(signs)
        origins = [index for index, some in enumerate(signs) for _sign in some]
    for first, last in _matches(folded, words, is_open):
        start, end = origins[first], origins[last - 1] + 1
        while end < len(plain) and unicodedata.combining(plain[end]):
            end += 1
        yield start, end


_fold_sign = lru_cache(4096)(fold)


def _matches(folded: str, words: Sequence[str], is_open: bool) -> Iterator[tuple[int, int]]:
    """Where a folded text holds one of the words whole, the last one perhaps as a beginning; they never overlap."""
    beginning = words[-1] if words and is_open and len(words[-1]) >= SHORTEST_BEGINNING else ""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    position = 0
    for found in re.finditer(pattern or r"(?!)", folded):
        start, end = found.span()
        if start >= position and (end := _end_of_word(folded, start, end, beginning)):
            yield start, end
            position = end


def _end_of_word(folded: str, start: int, end: int, beginning: str) -> int:
    """Where the word ends that was met at a place, or 0 when it is only the middle of another one."""
    word = folded[start:end]
    if _is_unspaced(word):
        return end
    if _is_inside(folded, start) or (_is_inside(folded, end) and word != beginning):
        return 0
    while _is_inside(folded, end):
        end += 1
    return end


def _is_unspaced(word: str) -> bool:
    return any(is_unspaced for _piece, is_unspaced in _pieces(word))


def _is_inside(text: str, index: int) -> bool:
    """Whether a word goes on across this place of a text."""
    return 0 < index < len(text) and _is_of_word(text[index - 1]) and _is_of_word(text[index])


def _piece(plain: str, words: Sequence[str], is_open: bool) -> str:
    """The piece of a text around the first word that is looked for, cut between words."""
    plain = " ".join(plain.split())
    start = next((start for start, _end in _places(plain, words, is_open)), 0)
    start = max(0, start - SNIPPET // 3)
    start = plain.find(" ", start) + 1 if start else 0
    piece = plain[start : start + SNIPPET]
    tail = "…" if start + SNIPPET < len(plain) else ""
    return ("… " if start else "") + (piece.rsplit(" ", 1)[0] if tail else piece) + tail
