"""The JSON door: what visitors may read, for programs; and what describes it."""

from __future__ import annotations

from forum.api.views import about, reading
from forum.api.views._doors import PREFIX, bp

__all__ = ["PREFIX", "about", "bp", "reading"]
