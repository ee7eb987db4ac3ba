"""The JSON API: what visitors may read, for programs; and its description."""

from __future__ import annotations

from forum.api.views import about, binding, reading
from forum.api.views._routes import PREFIX, bp

__all__ = ["PREFIX", "about", "binding", "bp", "reading"]
