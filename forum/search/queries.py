"""Finding documents: FTS5 and tsvector behind one interface, which answers whatever is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select, text
from sqlalchemy.orm import aliased

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
# Scripts that put no space between words: each sign is a word of its own.
UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
WORD = re.compile(r"\w+")
SNIPPET = 240


@dataclass(frozen=True)
class Query:
    """What is looked for: words, and the facets that narrow the answer."""

    words: str
    agenda_id: int | None = None
    kind: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Hit:
    """One document found, its title and a piece of its text with the words marked."""

    document: Document
    title: Markup
    snippet: Markup


@dataclass(frozen=True)
class Found:
    """One page of hits, and how many there are of each kind and on each agenda (`is_capped`: at least)."""

    page: Page[Hit]
    kinds: dict[str, int] = field(default_factory=dict)
    agendas: dict[int, int] = field(default_factory=dict)
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


def find(reader: Person, query: Query, number: int = 1) -> Found:
    """Find documents that hold all the words (the last one may be a beginning). Anything typed gives an answer."""
    words = words_of(query.words)
    if not words:
        return Found(Page([], 1, 1, 0))
    matching = visible_documents(reader).where(_matches(words))
    kinds, agendas, newest = _facets(_narrowed(matching, query, but_kind=True), matching, query)
    hits = _narrowed(matching, query)
    total = newest if newest < COUNTED else COUNTED
    page_number = clamp(number, pages_for(total, PAGE))
    rows = _ranked(hits, words, page_number)
    page = Page([_hit(row, words) for row in rows], page_number, pages_for(total, PAGE), total)
    return Found(page, kinds, agendas, newest >= COUNTED)


def words_of(typed: str) -> list[str]:
    """The words to look for: folded as the index is, at most twelve, each once."""
    return list(dict.fromkeys(WORD.findall(searchable(typed[:500]).replace("_", " "))))[:MAX_WORDS]


def searchable(text: str) -> str:
    """A text as it goes into the index: folded, and with a space around each sign of unspaced scripts."""
    return UNSPACED.sub(r" \1 ", fold(text))


def _matches(words: Sequence[str]) -> ColumnElement[bool]:
    if _is_sqlite():
        inner: Select[Any] = select(literal_column("rowid")).select_from(text("document_fts"))
        return Document.id.in_(
            inner.where(text("document_fts MATCH :match")).params(match=_fts5(words))
        )
    vector: ColumnElement[Any] = literal_column("document.words")
    return vector.op("@@")(func.to_tsquery("simple", _tsquery(words)))


def _fts5(words: Sequence[str]) -> str:
    quoted = [f'"{word}"' for word in words]
    return " ".join([*quoted[:-1], quoted[-1] + _star(words[-1])])


def _tsquery(words: Sequence[str]) -> str:
    """Only letters and digits are left in words, so nothing in them speaks the language of tsquery."""
    return " & ".join([*words[:-1], words[-1] + (":*" if _star(words[-1]) else "")])


def _star(word: str) -> str:
    """The last word may be a beginning, if it is long enough to mean something."""
    return "*" if len(word) >= 3 else ""


def _narrowed(query: Select[Document], facets: Query, but_kind: bool = False) -> Select[Document]:
    if facets.agenda_id is not None:
        query = query.where(Document.agenda_id == facets.agenda_id)
    if facets.language:
        query = query.where(Document.language == facets.language)
    if facets.kind and not but_kind:
        query = query.where(Document.kind == facets.kind)
    return query


def _facets(
    by_kind: Select[Document], by_agenda: Select[Document], query: Query
) -> tuple[dict[str, int], dict[int, int], int]:
    kinds = _counts(by_kind, Document.kind)
    others = Query(query.words, None, query.kind, query.language)
    agendas = _counts(_narrowed(by_agenda, others), Document.agenda_id)
    agendas.pop(None, None)
    total = kinds.get(query.kind, 0) if query.kind else sum(kinds.values())
    return kinds, agendas, total


def _counts(query: Select[Document], column: Any) -> dict[Any, int]:
    newest = query.with_only_columns(column.label("facet")).order_by(Document.id.desc())
    rows = newest.limit(COUNTED).subquery()
    counted = select(rows.c.facet, func.count()).group_by(rows.c.facet)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def _ranked(query: Select[Document], words: Sequence[str], number: int) -> Sequence[Document]:
    """The newest hits, and of those the most relevant: words in the title count for more."""
    newest = query.with_only_columns(Document.id).order_by(Document.id.desc()).limit(RANKED)
    candidates = newest.cte("candidates")
    if not _is_sqlite():
        candidates = newest.cte("candidates").prefix_with("MATERIALIZED")
    ordered = select(Document).where(Document.id.in_(select(candidates.c.id)))
    ordered = ordered.order_by(*_relevance(words), Document.id.desc())
    return db.session.scalars(ordered.limit(PAGE).offset((number - 1) * PAGE)).all()


def _relevance(words: Sequence[str]) -> list[Any]:
    if _is_sqlite():
        ranks = text("document_fts MATCH :match").bindparams(match=_fts5(words))
        rank: Select[Any] = select(literal_column("bm25(document_fts, 8.0, 1.0)")).select_from(
            text("document_fts")
        )
        return [
            rank.where(ranks, literal_column("document_fts.rowid") == Document.id).scalar_subquery()
        ]
    vector: ColumnElement[Any] = literal_column("document.words")
    query = func.to_tsquery("simple", _tsquery(words))
    return [func.ts_rank(vector, query).desc()]


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def _hit(document: Document, words: Sequence[str]) -> Hit:
    return Hit(document, mark(document.title, words), mark(_piece(document.body, words), words))


def mark(plain: str, words: Sequence[str]) -> Markup:
    """A plain text, escaped, with the words in `<mark>`, whatever their case and accents."""
    parts, position = [], 0
    for found in WORD.finditer(plain):
        if _is_meant(found.group(), words):
            parts.append(escape(plain[position : found.start()]))
            parts.append(Markup("<mark>{}</mark>").format(found.group()))
            position = found.end()
    return Markup("").join([*parts, escape(plain[position:])])


def _is_meant(word: str, words: Sequence[str]) -> bool:
    folded = fold(word)
    if UNSPACED.search(folded):
        return any(sought in folded for sought in words)
    return folded in words or (len(words[-1]) >= 3 and folded.startswith(words[-1]))


def _piece(plain: str, words: Sequence[str]) -> str:
    """The piece of a text around the first word that is looked for, cut between words."""
    plain = " ".join(plain.split())
    start = next((m.start() for m in WORD.finditer(plain) if _is_meant(m.group(), words)), 0)
    start = max(0, start - SNIPPET // 3)
    start = plain.find(" ", start) + 1 if start else 0
    piece = plain[start : start + SNIPPET]
    tail = "…" if start + SNIPPET < len(plain) else ""
    return ("… " if start else "") + (piece.rsplit(" ", 1)[0] if tail else piece) + tail
