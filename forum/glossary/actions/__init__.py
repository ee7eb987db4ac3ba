"""The actions of the glossary: writing and removing entries, and members' proposals."""

from __future__ import annotations

from forum.glossary.actions._rows import RESERVED
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
from forum.glossary.actions.proposals import (
    MAX_WHY,
    ProposalText,
    accept,
    forget_member,
    propose,
    refuse,
    take_back,
)

__all__ = [
    "MAX_LANGUAGES",
    "MAX_MEANING",
    "MAX_NAME",
    "MAX_OTHERS",
    "MAX_SOURCE",
    "MAX_THEMES",
    "MAX_WHY",
    "RESERVED",
    "EntryText",
    "ProposalText",
    "WordingText",
    "accept",
    "forget_member",
    "propose",
    "refuse",
    "remove_entry",
    "take_back",
    "write_entry",
]
