"""Full-text search over FTS5 (SQLite) and tsvector (PostgreSQL) with one interface; no input is a syntax error."""

from __future__ import annotations

from forum.search.queries._marking import mark
from forum.search.queries._matching import Query
from forum.search.queries._words import (
    Instead,
    folded_words,
    inflections,
    is_in_script_without_spaces,
    runs_of,
    searchable,
    words_of,
    words_only,
)
from forum.search.queries.alike import find_alike
from forum.search.queries.documents import (
    document_id,
    documents_of,
    documents_showing,
    documents_with_stale_words,
    get_document,
    ids_found,
    is_picture_moderated,
    is_picture_shown,
    newest_document_id,
    next_documents_below,
    next_retitling,
    pictures_found,
    pictures_shown,
    pictures_shown_below,
    pictures_shown_by,
    settled_document_id,
    texts_of,
)
from forum.search.queries.finding import (
    KINDS,
    Hit,
    SearchResults,
    Thing,
    find,
    newer_hits,
    newest_naming,
)

__all__ = [
    "KINDS",
    "Hit",
    "Instead",
    "Query",
    "SearchResults",
    "Thing",
    "document_id",
    "documents_of",
    "documents_showing",
    "documents_with_stale_words",
    "find",
    "find_alike",
    "folded_words",
    "get_document",
    "ids_found",
    "inflections",
    "is_in_script_without_spaces",
    "is_picture_moderated",
    "is_picture_shown",
    "mark",
    "newer_hits",
    "newest_document_id",
    "newest_naming",
    "next_documents_below",
    "next_retitling",
    "pictures_found",
    "pictures_shown",
    "pictures_shown_below",
    "pictures_shown_by",
    "runs_of",
    "searchable",
    "settled_document_id",
    "texts_of",
    "words_of",
    "words_only",
]
