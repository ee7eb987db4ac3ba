"""The JSON door: what visitors may read, for programs; and what describes it."""

from __future__ import annotations

from forum.api.views import about, reading
from forum.api.views._doors import bp

__all__ = ["about", "bp", "reading"]
