"""The doors of the glossary: reading it, and keeping it."""

from __future__ import annotations

from forum.glossary.views import keeping, reading
from forum.glossary.views._shared import bp, readers_language

__all__ = ["bp", "keeping", "readers_language", "reading"]
