"""Practices and cases in other languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forum.api.models.members import Author


@dataclass(frozen=True)
class InLanguage:
    """A language into which members have translated something, and the addresses of the translation."""

    language: str
    url: str
    api_url: str


@dataclass(frozen=True)
class TranslatedPart:
    """A part of a translation: of a practice as its sections are called, of a case its `body`.

    What is not translated is in the language of the original.
    """

    name: str
    html: str
    language: str


@dataclass(frozen=True)
class TranslatedFigure:
    """What a figure of a case is called in a translation; `original_label` and `original_unit` say which figure it is.

    A word that is empty is not translated.
    """

    original_label: str
    original_unit: str
    label: str
    unit: str


@dataclass(frozen=True)
class Translation:
    """A translation of a practice or case; `translator` is who began it, null for somebody who has left.

    `sentence` is the summary of a case, null where it is not translated. Since `outdated_since` its original says something else.
    """

    language: str
    title: str
    sentence: str | None
    url: str
    original_url: str
    translator: Author | None
    created_at: datetime
    edited_at: datetime | None
    outdated_since: datetime | None
    parts: list[TranslatedPart]
    figures: list[TranslatedFigure]
