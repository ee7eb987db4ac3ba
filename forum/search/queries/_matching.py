"""Asking the index for the newest documents with some words: FTS5 on SQLite, tsvector on PostgreSQL; no input is a syntax error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from forum.clock import now
from forum.db import constant, db, execute_core, inline_text
from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries._periods import ANY_TIME, Period, period_words
from forum.search.queries._words import (
    MAX_QUERY_LENGTH,
    MAX_WORD_LENGTH,
    Instead,
    Term,
    spelt_alike,
    split_unwanted,
    unwanted_term,
    words_only,
)
from forum.search.queries.documents import document_id, visible_documents

MAX_RANKED = 2_000  # of the newest hits are ordered by relevance
ROWS_AT_ONCE = 200  # that are read before they are converted by `keep`
MIN_PREFIX_LENGTH = 3  # characters from which the last word also matches longer words
# How many texts with all wanted words PostgreSQL reads for what its index does not know: phrases, and that a word is missing
MAX_CANDIDATES = 8_000
COLUMNS_OF_READING = {"is_hit", "unread_before"}  # see `_newest_read_hits`
SELECTIVE_SHARE = 0.05  # of all texts; a word in fewer texts is looked up in the index first
FREQUENCIES_SECONDS = 600  # for which the word frequencies are cached
WORD_FREQUENCIES = """
    SELECT most_common_elems::text::text[], most_common_elem_freqs[1:array_length(most_common_elems::text::text[], 1)]
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'document' AND attname = 'words'
"""
NO_SIGN_OF_VALUES = re.compile(r"\W")  # kinds consist of letters and _
FTS = table("document_fts", column("rowid", Integer))
# The facets with their columns. The index contains a word for each value, which begins with "=" and the first letter
# of the facet's name: "=kpost", "=a7", "=len".
FACETS: dict[str, Any] = {
    "kinds": Document.kind,
    "agendas": Document.agenda_id,
    "languages": Document.language,
}


@dataclass(frozen=True)
class FinerKinds:
    """The `names` of kinds that another room tells apart among the documents of one `kind`, and the `column` that has the name."""

    kind: str
    names: tuple[str, ...]
    column: ColumnElement[Any]


@dataclass(frozen=True)
class Query:
    """A search: the words as typed, and the chosen values of the facets (none chosen: all).

    Of the words, those after a hyphen are `unwanted`: a text with one of them is not found. The others are `wanted`.
    With `topic_id` only in the texts of one topic; for the topic of a case or practice these are the comments. With a
    `period` only texts that were written in it. Some of the words may be replaced by other names (`instead`). With
    `finer` kinds, these may be chosen beside the one that they are parts of, and are counted instead of it.
    """

    words: str
    agenda_ids: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_newest_first: bool = False
    topic_id: int | None = None
    instead: tuple[Instead, ...] = ()
    period: Period = ANY_TIME
    finer: FinerKinds | None = field(default=None, compare=False)

    @cached_property
    def _split(self) -> tuple[str, tuple[str, ...]]:
        return split_unwanted(self.words)

    @property
    def wanted(self) -> str:
        """The words that are looked for, as typed."""
        return self._split[0]

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The words and phrases in quotes that must not be in a text, as typed, without hyphens."""
        return self._split[1]

    def facets(self) -> dict[str, Sequence[Any]]:
        """The chosen values, by facet, as the index knows them: of finer kinds, the one that they are parts of."""
        finer, kinds = self.finer, self.kinds
        if finer:
            parts = (finer.kind if kind in finer.names else kind for kind in kinds)
            kinds = tuple(dict.fromkeys(parts))
        return {"kinds": kinds, "agendas": self.agenda_ids, "languages": self.languages}

    def conditions_of_finer_kinds(self) -> list[ColumnElement[bool]]:
        """What the index does not know of the chosen kinds."""
        finer = self.finer
        if finer is None or finer.kind in self.kinds:
            return []
        wanted = [kind for kind in finer.names if kind in self.kinds]
        return [or_(Document.kind != finer.kind, finer.column.in_(wanted))] if wanted else []


@dataclass(frozen=True)
class Match:
    """What the index is asked for: texts with all of the `terms`, none of the `unwanted`, and a word of each of the `facets`."""

    terms: Sequence[Term]
    unwanted: Sequence[Term] = ()
    facets: Sequence[Sequence[str]] = ()


class NewestHits(NamedTuple):
    """The newest hits, and the moment before which PostgreSQL has read no text for them, though there are more with the wanted words."""

    rows: Sequence[Any]
    unread_before: datetime | None = None


def newest_hits(
    reader: Person,
    terms: Sequence[Term],
    query: Query,
    limit: int,
    *more: Any,
    but: str = "",
    below: int | None = None,
    above: int | None = None,
    keep: Callable[[Any], Any] | None = None,
) -> NewestHits:
    """Rows of the newest documents that match the terms and facets: id, columns of the facets, `finer_kind`, those in `more`.

    `but` is a facet whose chosen values are ignored. With `below` only those with smaller ids, with `above` with
    larger ones. Each row is replaced by the result of `keep`, so that the texts of two thousand rows are never in
    memory together.
    """
    chosen = {name: values for name, values in query.facets().items() if values and name != but}
    wanted = [_facet_words(name, values) for name, values in chosen.items()]
    documents = visible_documents(reader)
    finer_kind = (query.finer.column if query.finer else null()).label("finer_kind")
    documents = documents.with_only_columns(Document.id, *FACETS.values(), finer_kind, *more)
    documents = documents.where(*query.period.conditions(Document.written_at))
    if but != "kinds":
        documents = documents.where(*query.conditions_of_finer_kinds())
    is_by_row = _is_sqlite() and query.topic_id is None
    number: Any = FTS.c.rowid if is_by_row else Document.id
    order = [Document.written_at, number] if _is_by_moment(query) else [number]
    if below is not None:
        documents = documents.where(_is_before(order, below))
    if above is not None:
        documents = documents.where(number > above)
    if query.topic_id is not None:
        match = Match(terms, _unwanted_terms(query))
        statements = _newest_hits_in_topic(documents, match, chosen, query.topic_id, limit)
    else:
        if _is_sqlite() and query.period:
            wanted.append(period_words(query.period, now().date()))
        match = Match(terms, _unwanted_terms(query), wanted)
        if _is_read_for(match):
            return _read_with_end(_newest_read_hits(documents, match, limit, order), keep)
        statements = [_newest_first(documents, match, limit, order)]
    return NewestHits(_read(statements, limit, keep))


def _unwanted_terms(query: Query) -> list[Term]:
    return [unwanted_term(typed) for typed in query.unwanted]


def _is_by_moment(query: Query) -> bool:
    """Whether hits are read in the order of their moments instead of their ids.

    PostgreSQL begins at the end of a period so, however many texts are newer. On SQLite the period consists of words
    in the index, which knows no order but that of the ids.
    """
    return bool(query.period) and query.topic_id is None and not _is_sqlite()


def _is_before(order: Sequence[Any], below: int) -> ColumnElement[bool]:
    """Whether a document comes after the one with the id `below`, where the newest are first."""
    *moment, number = order
    if not moment:
        is_older: ColumnElement[bool] = number < below
        return is_older
    written_at = select(Document.written_at).where(Document.id == below).scalar_subquery()
    return tuple_(*order) < tuple_(written_at, below)


def newest_hits_of_each(
    reader: Person, searches: Sequence[tuple[Sequence[Term], Query]], limit: int, *more: Any
) -> list[list[Any]]:
    """The rows of `newest_hits` for each of several searches, in one statement. A search is in the whole forum, not in one topic."""
    documents = visible_documents(reader).with_only_columns(Document.id, *FACETS.values(), *more)
    order: Any = FTS.c.rowid if _is_sqlite() else Document.id
    parts = []
    for number, (terms, query) in enumerate(searches):
        chosen = [_facet_words(name, values) for name, values in query.facets().items() if values]
        match = Match(terms, _unwanted_terms(query), chosen)
        found = _newest_first(documents, match, limit, [order]).subquery()
        parts.append(select(constant(number).label("search"), *found.c))
    hits: list[list[Any]] = [[] for _search in searches]
    for row in execute_core(union_all(*parts)) if parts else ():
        hits[row.search].append(row)
    return hits


def titled(reader: Person, terms: Sequence[Term], query: Query) -> Select[Any]:
    """The ids of all documents whose own title has all of the terms, and that match the facets; in no order.

    The index knows which have the words anywhere; of these the titles are read, which are short.
    """
    in_title = _has_needles(terms, " " + Document.folded_title + " ")
    documents = visible_documents(reader).where(*in_title)
    wanted = [_facet_words(name, values) for name, values in query.facets().items() if values]
    return _matching(documents.with_only_columns(Document.id), Match(terms, facets=wanted))


def _newest_first(
    documents: Select[Any], match: Match, limit: int, order: Sequence[Any]
) -> Select[Any]:
    if _is_read_for(match):
        read = _newest_read_hits(documents, match, limit, order).subquery()
        columns = (column for column in read.c if column.name not in COLUMNS_OF_READING)
        return select(*columns).where(read.c.is_hit)
    found = _matching(documents, match)
    return found.order_by(*(column.desc() for column in order)).limit(constant(limit))


def _read(
    statements: Sequence[Select[Any]], limit: int, keep: Callable[[Any], Any] | None
) -> Sequence[Any]:
    """The kept rows of several statements; a later one is run only while there are fewer than `limit`."""
    kept: list[Any] = []
    for statement in statements:
        if len(kept) < limit:
            for rows in execute_core(statement).partitions(ROWS_AT_ONCE):
                kept += map(keep, rows) if keep else rows
    return kept


def _read_with_end(statement: Select[Any], keep: Callable[[Any], Any] | None) -> NewestHits:
    """The kept rows of a statement of `_newest_read_hits`, and how far it has read."""
    kept: list[Any] = []
    unread_before = None
    for rows in execute_core(statement).partitions(ROWS_AT_ONCE):
        for row in rows:
            unread_before = unread_before or row.unread_before
        hits = (row for row in rows if row.is_hit)
        kept += map(keep, hits) if keep else hits
    return NewestHits(kept, unread_before)


def _newest_hits_in_topic(
    documents: Select[Any],
    match: Match,
    chosen: Mapping[str, Sequence[Any]],
    topic_id: int,
    limit: int,
) -> Sequence[Select[Any]]:
    """The newest hits in one topic, by reading its texts: the index would return a common word's texts in all topics first."""
    home = document_id("topic", topic_id)
    if home is None:
        return []
    words = " " + Document.folded_title + " " + Document.folded_body + " "
    unwanted = map(not_, _has_needles(match.unwanted, words))
    documents = documents.where(*_has_needles(match.terms, words), *unwanted)
    for name, values in chosen.items():
        documents = documents.where(FACETS[name].in_(values))
    newest_first = documents.order_by(Document.id.desc())
    # Two statements: with both conditions in one, SQLite would sort everything before it stops at the limit.
    replies = newest_first.where(Document.parent_id == home).limit(constant(limit))
    return [replies, newest_first.where(Document.id == home)]


def _has_needles(terms: Sequence[Term], words: ColumnElement[str]) -> list[ColumnElement[bool]]:
    """For each term, whether the `words` of a document, with a space before and after, contain it."""
    return [or_(*(words.contains(needle) for needle in term.needles)) for term in terms]


def _is_read_for(match: Match) -> bool:
    """Whether PostgreSQL reads texts to know which of them match, because its index does not."""
    return not _is_sqlite() and bool(match.unwanted or any(map(_has_phrase, match.terms)))


def _newest_read_hits(
    documents: Select[Any], match: Match, limit: int, order: Sequence[Any]
) -> Select[Any]:
    """The newest hits on PostgreSQL among the newest `MAX_CANDIDATES` texts with the wanted words, each of which it reads.

    A phrase may be in few of many texts with its words, and few texts with a word may be without a common one: to
    look for more would take seconds. The last text that is read is among the rows, too, unless there are `limit` hits
    before it: its `unread_before` is its moment, and its `is_hit` says whether it is one.
    """
    terms = match.terms
    apart = [part for term in terms for part in ([term] if term.others else _words_apart(term))]
    # Names that no column of a hit has
    orders = {f"order_{number}": column for number, column in enumerate(order)}
    added = {"words": _vector(), "moment": Document.written_at, **orders}
    documents = documents.add_columns(*(column.label(name) for name, column in added.items()))
    with_words = _matching(documents, Match(apart, facets=match.facets), are_together=False)
    newest = with_words.order_by(*(column.desc() for column in order))
    candidates = newest.limit(constant(MAX_CANDIDATES)).subquery()
    newest_first = [candidates.c[name].desc() for name in orders]
    place = func.row_number().over(order_by=newest_first)
    placed = select(candidates, place.label("place")).subquery()
    is_last = placed.c.place == constant(MAX_CANDIDATES)
    is_hit = placed.c.words.op("@@")(_tsquery(replace(match, facets=())))
    rows = select(
        *(column for column in placed.c if column.name not in {*added, "place"}),
        # For the others it is known, and PostgreSQL would look once more
        case((is_last, is_hit), else_=true()).label("is_hit"),
        case((is_last, placed.c.moment)).label("unread_before"),
    )
    found = rows.where(or_(is_last, is_hit))
    return found.order_by(*(placed.c[name].desc() for name in orders)).limit(constant(limit))


def _words_apart(term: Term) -> list[Term]:
    """Each word of a term without alternatives as a term of its own."""
    if len(term.words) == 1:
        return [term]
    return [Term((word,), term.is_prefix and word == term.words[-1]) for word in term.words]


def _has_phrase(term: Term) -> bool:
    """Whether PostgreSQL must check the positions of the words of a term, or of an alternative name, in a text."""
    return any(len(form.words) > 1 for form in (term, *term.others))


def _matching(documents: Select[Any], match: Match, *, are_together: bool = True) -> Select[Any]:
    """Those of the documents that match; `are_together` as in `_tsquery`."""
    if not _is_sqlite():
        matches = _vector().op("@@")(_tsquery(match, are_together=are_together))
        return documents.where(_by_index_alone(matches) if _is_selective(match) else matches)
    # The plus keeps SQLite from scanning all documents and asking the index about each.
    found = documents.join(FTS, Document.id == literal_column("+document_fts.rowid"))
    typed: Any = bindparam("match", _fts5_query(match), unique=True)
    return found.where(text("document_fts MATCH :match").bindparams(typed))


def _by_index_alone(matches: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition on words, written so that PostgreSQL evaluates it by the full-text index alone, before any other condition."""
    found = select(Document.id).where(matches).correlate(None)
    return Document.id == any_(func.array(found.scalar_subquery()))


def _is_selective(match: Match) -> bool:
    """Whether one of several words is rare, so that PostgreSQL's index finds all hits quickly.

    The planner assumes that words are independent. If they hardly ever occur together (a word of one language, and
    another language as a facet) it would scan from the newest text to the oldest: five seconds with a million texts.
    """
    known = _word_frequencies(str(db.engine.url), int(time.monotonic() // FREQUENCIES_SECONDS))
    terms, facets = match.terms, match.facets
    shares = [sum(known.get(value, 0.0) for value in values) for values in facets]
    for term in terms:
        shares += [
            known.get(word, 0.0)
            + sum(known.get(form, 0.0) for form in term.inflections)
            + sum(min(known.get(part, 0.0) for part in other.words) for other in term.others)
            for word in term.words
            if not term.is_prefix
        ]
    return (
        bool(known) and len(terms) + len(facets) > 1 and min(shares, default=1.0) <= SELECTIVE_SHARE
    )


@lru_cache(maxsize=8)
def _word_frequencies(_database: str, _moment: int) -> dict[str, float]:
    """The share of texts that contain each of the most frequent words, from PostgreSQL's last ANALYZE; empty before it.

    The parameters are the key of the cache: a database and a period of `FREQUENCIES_SECONDS`.
    """
    row = db.session.execute(text(WORD_FREQUENCIES)).first()
    return dict(zip(*row, strict=True)) if row and row[0] else {}


def _facet_words(name: str, values: Sequence[Any]) -> list[str]:
    """The words in the index for values of a facet."""
    return [f"={name[0]}{NO_SIGN_OF_VALUES.sub('', str(value).lower())}" for value in values]


def _fts5_query(match: Match) -> str:
    """In the syntax of MATCH. Each term is quoted, so that nothing typed is an operator."""
    parts = []
    for own_terms, others in _with_others(match.terms):
        typed = " AND ".join(f"({' OR '.join(_fts5_forms(term))})" for term in own_terms)
        names = [form for other in others for form in _fts5_forms(other)]
        parts.append(f"(({typed}) OR {' OR '.join(names)})" if names else typed)
    parts += ["(" + " OR ".join(f'"{value}"' for value in values) + ")" for values in match.facets]
    without = [form for term in match.unwanted for form in _fts5_forms(term)]
    return " AND ".join(parts) + (f" NOT ({' OR '.join(without)})" if without else "")


def _fts5_forms(term: Term) -> list[str]:
    typed = f'"{" ".join(term.words)}"' + "*" * term.is_prefix
    return [typed, *(f'"{form}"' for form in term.inflections)]


def _with_others(terms: Sequence[Term]) -> list[tuple[list[Term], tuple[Term, ...]]]:
    """The terms, with those that share alternatives grouped together."""
    named: dict[tuple[Term, ...], list[Term]] = {}
    alone = []
    for term in terms:
        if term.others:
            named.setdefault(term.others, []).append(term)
        else:
            alone.append(([term], term.others))
    return [*alone, *((own_terms, others) for others, own_terms in named.items())]


def _tsquery(match: Match, *, are_together: bool = True) -> ColumnElement[Any]:
    """As a tsquery. Terms consist of letters, digits and marks, so that nothing typed is an operator.

    Unless `are_together`, the words of names may be anywhere in a text.
    """
    between = "<->" if are_together else "&"
    parts = []
    for own_terms, others in _with_others(match.terms):
        own = " & ".join(f"({' | '.join(_tsquery_forms(term, between))})" for term in own_terms)
        names = [f"({form})" for other in others for form in _tsquery_forms(other, between)]
        parts.append(f"(({own}) | {' | '.join(names)})" if names else own)
    parts += [f"!({form})" for term in match.unwanted for form in _tsquery_forms(term, between)]
    wanted: ColumnElement[Any] = func.to_tsquery(constant("simple"), inline_text(" & ".join(parts)))
    for values in match.facets:
        any_of = inline_text(" | ".join(f"'{value}'" for value in values))
        wanted = wanted.op("&&")(cast(any_of, TSQUERY))
    return wanted


def _tsquery_forms(term: Term, between: str) -> list[str]:
    typed = between.join(f"'{word}'" for word in term.words) + ":*" * term.is_prefix
    return [typed, *(f"'{form}'" for form in term.inflections)]


def _vector() -> ColumnElement[Any]:
    return literal_column("document.words", TSVECTOR)


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def with_prefix(terms: Sequence[Term], typed: str) -> Sequence[Term]:
    """The terms, with the last one as a prefix unless it is short, in quotes, or a frequent word."""
    *others, last = terms
    parts = enumerate(typed[:MAX_QUERY_LENGTH].split('"'))
    (*_before, word), in_quotes = [
        (words, number % 2) for number, part in parts if (words := words_only(part).split())
    ][-1]
    is_last = last.words == (spelt_alike(word)[:MAX_WORD_LENGTH],)
    if in_quotes or not is_last or len(word) < MIN_PREFIX_LENGTH or _is_common(last):
        return terms
    return [*others, replace(last, is_prefix=True)]


def _is_common(term: Term) -> bool:
    """Whether a word is so frequent that texts with longer words would make no difference."""
    typed = replace(term, others=())
    matching = _matching(select(Document.id), Match([typed])).limit(constant(MAX_RANKED))
    return len(db.session.scalars(matching).all()) == MAX_RANKED
