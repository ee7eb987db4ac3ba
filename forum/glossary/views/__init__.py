"""The views of the glossary: reading it, proposing, and editing it."""

from __future__ import annotations

from forum.glossary.views import keeping, proposing, reading
from forum.glossary.views._shared import bp, readers_language

__all__ = ["bp", "keeping", "proposing", "readers_language", "reading"]
