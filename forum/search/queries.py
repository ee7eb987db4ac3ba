"""Finding documents: FTS5 and tsvector behind one interface, which answers whatever is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
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
from sqlalchemy.orm import aliased, defer

from forum import permissions
from forum.db import db
from forum.markup import fold
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person
from forum.search.models import Document

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
SNIPPET = 240
FTS = table("document_fts", column("rowid", Integer))


@dataclass(frozen=True)
class Query:
    """What is looked for: words, and the facets that narrow the answer."""

    words: str
    agenda_ids: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


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


def documents_of(things: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Document]:
    """The documents that there are of some things, by kind and item id."""
    ids: dict[str, list[int]] = {}
    for kind, item_id in things:
        ids.setdefault(kind, []).append(item_id)
    wanted = (and_(Document.kind == k, Document.item_id.in_(some)) for k, some in ids.items())
    found = db.session.scalars(select(Document).where(or_(false(), *wanted)))
    return {(document.kind, document.item_id): document for document in found}


def documents_below(kind: str, item_id: int) -> Sequence[Document]:
    """The documents of a topic's posts."""
    above = select(Document.id).filter_by(kind=kind, item_id=item_id).scalar_subquery()
    return db.session.scalars(select(Document).where(Document.parent_id == above)).all()


def texts_of(kind: str, item_ids: Sequence[int]) -> dict[int, str]:
    """The plain texts of some things of a kind, by their ids, for lists that show how they begin."""
    wanted = select(Document.item_id, Document.body).where(
        Document.kind == kind, Document.item_id.in_(item_ids)
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)} if item_ids else {}


def find(reader: Person, query: Query, number: int = 1) -> Found:
    """Find documents that hold all the words (the last one may be a beginning). Anything typed gives an answer."""
    words = words_of(query.words)
    if not words:
        return Found(Page([], 1, 1, 0))
    matching = _matching(visible_documents(reader), words)
    kinds, agendas, languages = (
        _counts(_narrowed(matching, query, but=facet), facet)
        for facet in (Document.kind, Document.agenda_id, Document.language)
    )
    hits = _narrowed(matching, query)
    total = _total(hits)
    page_number = clamp(number, pages_for(total, PAGE))
    rows = _ranked(hits, words, page_number) if total else []
    page = Page([_hit(row, words) for row in rows], page_number, pages_for(total, PAGE), total)
    return Found(page, kinds, agendas, languages, total >= COUNTED)


def words_of(typed: str) -> list[str]:
    """The words to look for: folded as the index is, at most twelve, each once."""
    return list(dict.fromkeys(_only_words(typed[:500]).split()))[:MAX_WORDS]


def searchable(text: str) -> str:
    """A text as it goes into the index: its folded words and nothing else, so that both databases see the same."""
    return " ".join(
        " ".join(_pairs(piece)) if is_unspaced else piece[:LONGEST]
        for piece, is_unspaced in _pieces(_only_words(text))
    )


def _only_words(text: str) -> str:
    return "".join(sign if _is_of_word(sign) else " " for sign in fold(text))


def _pieces(words: str) -> Iterator[tuple[str, bool]]:
    return ((found.group(), bool(found.group(1))) for found in PIECE.finditer(words))


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run))]


@lru_cache(4096)
def _is_of_word(sign: str) -> bool:
    """Letters, digits, and the vowel signs that some scripts write as marks."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


def _matching(documents: Select[Document], words: Sequence[str]) -> Select[Document]:
    if not _is_sqlite():
        return documents.where(_vector().op("@@")(_tsquery(words)))
    # The plus keeps SQLite from walking through all documents and asking the index about each.
    documents = documents.join(FTS, Document.id == literal_column("+document_fts.rowid"))
    return documents.where(text("document_fts MATCH :match")).params(match=_fts5(words))


def _fts5(words: Sequence[str]) -> str:
    """Every term is quoted, so nothing typed speaks the language of MATCH."""
    return " ".join(f'"{term}"' + "*" * is_beginning for term, is_beginning in _terms(words))


def _tsquery(words: Sequence[str]) -> ColumnElement[Any]:
    """Only letters, digits and marks are left in terms, so nothing typed speaks the language of tsquery."""
    terms = (f"'{term}'" + ":*" * is_beginning for term, is_beginning in _terms(words))
    return func.to_tsquery("simple", " & ".join(terms))


def _terms(words: Sequence[str]) -> list[tuple[str, bool]]:
    """What the words are in the index, and whether each may be the beginning of a word there."""
    terms: dict[tuple[str, bool], None] = {}
    for word in words:
        for piece, is_unspaced in _pieces(word):
            if is_unspaced:
                pairs = _pairs(piece)
                terms |= dict.fromkeys((pair, len(pairs) == 1) for pair in pairs[:-1] or pairs)
            else:
                terms[piece[:LONGEST], _is_beginning(word, words)] = None
    return list(terms)[:MAX_TERMS]


def _is_beginning(word: str, words: Sequence[str]) -> bool:
    """The last word may be a beginning, if it is long enough to mean something."""
    return word == words[-1] and len(word) >= 3


def _vector() -> ColumnElement[Any]:
    return literal_column("document.words")


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


# Narrowing and counting


def _narrowed(documents: Select[Document], query: Query, but: Any = None) -> Select[Document]:
    """The documents that the facets leave, `but` one of them."""
    facets: list[tuple[Any, Sequence[Any]]] = [
        (Document.agenda_id, query.agenda_ids),
        (Document.kind, query.kinds),
        (Document.language, query.languages),
    ]
    chosen = [facet.in_(values) for facet, values in facets if values and facet is not but]
    return documents.where(*chosen)


def _counts(documents: Select[Document], facet: Any) -> dict[Any, int]:
    newest = documents.with_only_columns(facet.label("facet")).order_by(_newest_first())
    rows = newest.limit(COUNTED).subquery()
    counted = select(rows.c.facet, func.count()).where(rows.c.facet.is_not(None))
    found = db.session.execute(counted.group_by(rows.c.facet))
    return {value: count for value, count in found if value != ""}


def _total(documents: Select[Document]) -> int:
    newest = documents.with_only_columns(Document.id).order_by(_newest_first()).limit(COUNTED)
    return db.session.scalar(select(func.count()).select_from(newest.subquery())) or 0


def _newest_first() -> ColumnElement[Any]:
    return FTS.c.rowid.desc() if _is_sqlite() else Document.id.desc()


# Order of relevance


def _ranked(documents: Select[Document], words: Sequence[str], number: int) -> Sequence[Document]:
    """The newest hits, and of those the most relevant: words in the title count for more."""
    rank = literal_column("bm25(document_fts, 8.0, 1.0)") if _is_sqlite() else _ts_rank(words)
    newest = documents.with_only_columns(Document.id, rank.label("rank"))
    newest = newest.order_by(_newest_first()).limit(RANKED)
    candidates = newest.cte("candidates")
    if not _is_sqlite():  # keeps the planner off the primary key
        candidates = newest.cte("candidates").prefix_with("MATERIALIZED")
    found = select(Document).join(candidates, candidates.c.id == Document.id)
    ordered = found.order_by(candidates.c.rank, Document.id.desc()).options(*_light())
    return db.session.scalars(ordered.limit(PAGE).offset((number - 1) * PAGE)).all()


def _ts_rank(words: Sequence[str]) -> ColumnElement[Any]:
    return -func.ts_rank(_vector(), _tsquery(words))


def _light() -> tuple[Any, ...]:
    folded = (Document.folded_title, Document.folded_body)
    return tuple(defer(column, raiseload=True) for column in folded)


# Showing where the words are


def _hit(document: Document, words: Sequence[str]) -> Hit:
    return Hit(document, mark(document.title, words), mark(_piece(document.body, words), words))


def mark(plain: str, words: Sequence[str]) -> Markup:
    """A plain text, escaped, with the words in `<mark>`, whatever their case and accents."""
    parts, position = [], 0
    for start, end in _places(plain, words):
        parts.append(escape(plain[position:start]))
        parts.append(Markup("<mark>{}</mark>").format(plain[start:end]))
        position = end
    return Markup("").join([*parts, escape(plain[position:])])


def _places(plain: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the words stand in a text: looked for in its folded signs, each of which knows whence it comes."""
    folded, origins = "", []
    for index, sign in enumerate(plain):
        signs = fold(sign)
        folded += signs
        origins += [index] * len(signs)
    for first, last in _matches(folded, words):
        start, end = origins[first], origins[last - 1] + 1
        while end < len(plain) and unicodedata.combining(plain[end]):
            end += 1
        yield start, end


def _matches(folded: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where a folded text holds one of the words whole, the last one also as a beginning; they never overlap."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    position = 0
    for found in re.finditer(pattern or r"(?!)", folded):
        start, end = found.span()
        if start >= position and (end := _end_of_word(folded, start, end, words)):
            yield start, end
            position = end


def _end_of_word(folded: str, start: int, end: int, words: Sequence[str]) -> int:
    """Where the word ends that was met at a place, or 0 when it is only the middle of another one."""
    word = folded[start:end]
    if _is_unspaced(word):
        return end
    if _is_inside(folded, start) or (_is_inside(folded, end) and not _is_beginning(word, words)):
        return 0
    while _is_inside(folded, end):
        end += 1
    return end


def _is_unspaced(word: str) -> bool:
    return any(is_unspaced for _piece, is_unspaced in _pieces(word))


def _is_inside(text: str, index: int) -> bool:
    """Whether a word goes on across this place of a text."""
    return 0 < index < len(text) and _is_of_word(text[index - 1]) and _is_of_word(text[index])


def _piece(plain: str, words: Sequence[str]) -> str:
    """The piece of a text around the first word that is looked for, cut between words."""
    plain = " ".join(plain.split())
    start = next((start for start, _end in _places(plain, words)), 0)
    start = max(0, start - SNIPPET // 3)
    start = plain.find(" ", start) + 1 if start else 0
    piece = plain[start : start + SNIPPET]
    tail = "…" if start + SNIPPET < len(plain) else ""
    return ("… " if start else "") + (piece.rsplit(" ", 1)[0] if tail else piece) + tail
