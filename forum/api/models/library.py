"""Cases, practices and readings, and who has tried them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from forum.api.models.members import Author, City, Reference
from forum.api.models.parallels import InLanguage
from forum.dialogue.models import OUTCOMES
from forum.library.forms import KIND_NAMES, LINK_NAMES, READING_NAMES, STATUS_NAMES
from forum.library.queries import EVIDENCE, SECTIONS


@dataclass(frozen=True)
class Figure:
    """A figure of a case, as its source has it; `as_at` is its date, if that is known."""

    label: str
    value: str
    unit: str
    as_at: str
    source: str
    source_url: str


@dataclass(frozen=True)
class Link:
    """Where to read on."""

    label: str
    url: str
    kind: Annotated[str, LINK_NAMES]


@dataclass(frozen=True)
class Trial:
    """Somebody tried it: in which city, what became of it, in which year they said so, and a sentence why with its language."""

    city: City | None
    outcome: Annotated[str, OUTCOMES]
    year: int
    note: str
    language: str


@dataclass(frozen=True)
class Intention:
    """Somebody wants to try it: in which city, and by the end of which month."""

    city: City | None
    until: date


@dataclass(frozen=True)
class Case:
    """A case example. `cities_tried` is in how many cities members tried it."""

    name: str
    slug: str
    url: str
    api_url: str
    agenda: Reference
    kind: Annotated[str, KIND_NAMES]
    status: Annotated[str, STATUS_NAMES]
    since: int | None
    reach: str
    summary: str
    language: str
    places: list[City]
    cities_tried: int
    created_at: datetime
    updated_at: datetime
    checked_on: date | None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a case; posts that comment on it name its key."""

    key: str
    html: str


@dataclass(frozen=True)
class WholeCase(Case):
    """A case with its text, figures and links, its translations, and who tried it or wants to; `topic_url` is the address of its discussion here."""

    themes: list[Reference]
    paragraphs: list[Paragraph]
    figures: list[Figure]
    links: list[Link]
    tried: list[Trial]
    wanted: list[Intention]
    translations: list[InLanguage]
    topic_url: str


@dataclass(frozen=True)
class Practice:
    """A best practice. `link` leads to more about it; `cities_tried` as of a case; the author is null who has left.

    On `confirmed_on` the author said that it is still true; since `unconfirmed_at` nobody has, although the author was asked.
    """

    title: str
    slug: str
    url: str
    api_url: str
    agenda: Reference
    author: Author | None
    city: City | None
    sentence: str
    link: str | None
    evidence: Annotated[str, EVIDENCE] | None
    cost: str | None
    started: int | None
    language: str
    cities_tried: int
    is_featured: bool
    published_at: datetime | None
    updated_at: datetime
    revisit_on: date | None
    confirmed_on: date | None
    unconfirmed_at: datetime | None


@dataclass(frozen=True)
class Section:
    """A part of a practice; `failure` is what did not work, `needs` what another city needs to copy it."""

    name: Annotated[str, SECTIONS]
    html: str


@dataclass(frozen=True)
class WholePractice(Practice):
    """A practice with its parts and translations, and who tried it or wants to; what its author tells to members alone is not there.

    `organisation` is the one for which it was written, null for its author alone. `adapted_from` is the practice of another
    city from which it was made; `topic_url` is the address of its discussion here.
    """

    organisation: Reference | None
    themes: list[Reference]
    sections: list[Section]
    tried: list[Trial]
    wanted: list[Intention]
    translations: list[InLanguage]
    adapted_from: Reference | None
    topic_url: str | None


@dataclass(frozen=True)
class Reading:
    """A best read, and why it matters."""

    id: int
    title: str
    authors: str
    year: int | None
    kind: Annotated[str, READING_NAMES]
    link: str | None
    why: str
    language: str
    agenda: Reference
