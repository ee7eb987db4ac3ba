"""The forum itself, agendas and statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from forum.api.models.members import Author


@dataclass(frozen=True)
class Forum:
    """The forum itself: its name, in one sentence what it is, the languages of its pages, and where its lists are.

    `tagline_language` is empty where nobody has said it; `taglines` are the sentence in other languages, by language.
    """

    name: str
    tagline: str
    tagline_language: str
    taglines: dict[str, str]
    url: str
    languages: list[str]
    description: str
    documentation: str
    terms: str
    lists: dict[str, str]


@dataclass(frozen=True)
class Agenda:
    """A subject on which the members work. An archived one takes no new texts."""

    title: str
    slug: str
    url: str
    api_url: str
    summary: str
    language: str
    created_at: datetime
    active_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True)
class Statement:
    """What a member says of an agenda; name, position and organisation as they were that day."""

    id: int
    name: str
    position: str
    organisation: str
    author: Author | None
    said_on: date | None
    quotation: str
    language: str


@dataclass(frozen=True)
class WholeAgenda(Agenda):
    """An agenda with its introduction, its hosts and what members say of it.

    `findings_html` is what its dialogue has found so far, in the words of its hosts, written at `findings_at`; empty for
    none.
    """

    html: str
    findings_html: str
    findings_at: datetime | None
    hosts: list[Author]
    statements: list[Statement]
