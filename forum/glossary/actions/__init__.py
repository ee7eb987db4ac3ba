"""The deeds of the glossary: what moderators write, and take away."""

from __future__ import annotations

from forum.glossary.actions._texts import (
    MAX_LANGUAGES,
    MAX_MEANING,
    MAX_NAME,
    MAX_OTHERS,
    MAX_SOURCE,
    MAX_THEMES,
    EntryText,
    WordingText,
)
from forum.glossary.actions.entries import remove_entry, write_entry

__all__ = [
    "MAX_LANGUAGES",
    "MAX_MEANING",
    "MAX_NAME",
    "MAX_OTHERS",
    "MAX_SOURCE",
    "MAX_THEMES",
    "EntryText",
    "WordingText",
    "remove_entry",
    "write_entry",
]
