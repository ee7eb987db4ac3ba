"""The doors of the library: cases, practices and readings, each as a list with facets, a page, and forms."""

from __future__ import annotations

from forum.library.views import cases, practices, readings, references, tables
from forum.library.views._shared import bp

__all__ = ["bp", "cases", "practices", "readings", "references", "tables"]
