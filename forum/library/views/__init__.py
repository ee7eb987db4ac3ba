"""The views of the library: cases, practices and readings, each as a list with facets, a page, and forms."""

from __future__ import annotations

from forum.library.views import cases, comparing, practices, readings, references, tables
from forum.library.views._shared import (
    article_data,
    bp,
    get_or_explain,
    is_in_sight,
    tried_by_city,
    words_for_columns,
)

__all__ = [
    "article_data",
    "bp",
    "cases",
    "comparing",
    "get_or_explain",
    "is_in_sight",
    "practices",
    "readings",
    "references",
    "tables",
    "tried_by_city",
    "words_for_columns",
]
