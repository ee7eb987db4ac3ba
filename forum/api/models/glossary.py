"""Expressions of the glossary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forum.api.models.members import Reference


@dataclass(frozen=True)
class Wording:
    """What something is called and means in one language; the meaning may be empty."""

    language: str
    name: str
    other_names: list[str]
    meaning: str


@dataclass(frozen=True)
class Expression:
    """An entry of the glossary, with its names and meanings by language."""

    slug: str
    url: str
    names: list[Wording]
    source: str
    themes: list[Reference]
    updated_at: datetime
