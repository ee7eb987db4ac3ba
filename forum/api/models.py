"""What the JSON door answers: a class for each kind of thing, of which its description (OpenAPI) is made, too.

Addresses are whole. `html` is safe to print; its links to pages of the forum begin with a slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Reference:
    """Something that has a page of its own: its name, the last part of its address, and the whole address."""

    name: str
    slug: str
    url: str


@dataclass(frozen=True)
class Author:
    """Who wrote something. Handle and address are null when there is no profile to read."""

    name: str
    handle: str | None
    url: str | None


@dataclass(frozen=True)
class City:
    """A city, by its number in GeoNames. The country is a code of ISO 3166, and the place in degrees (WGS 84)."""

    id: int
    name: str
    slug: str
    url: str
    country: str
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class HomeCity:
    """A city from which members come, and how many."""

    city: City
    members: int


@dataclass(frozen=True)
class Organisation:
    """An organisation of which people are members, and how many."""

    name: str
    slug: str
    url: str
    kind: str
    city: City | None
    website: str | None
    members: int


@dataclass(frozen=True)
class Forum:
    """The forum itself: its name, in one sentence what it is, the languages of its pages, and where its lists are."""

    name: str
    tagline: str
    url: str
    languages: list[str]
    description: str
    documentation: str
    lists: dict[str, str]


@dataclass(frozen=True)
class Agenda:
    """A subject on which the members work. An archived one takes no new texts."""

    title: str
    slug: str
    url: str
    summary: str
    language: str
    created_at: datetime
    active_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True)
class Statement:
    """What a member says of an agenda; position and organisation as they were that day."""

    name: str
    position: str
    organisation: str
    author: Author | None
    said_on: date | None
    quotation: str
    language: str


@dataclass(frozen=True)
class WholeAgenda:
    """An agenda with its introduction, its hosts and what members say of it."""

    agenda: Agenda
    html: str
    hosts: list[Author]
    statements: list[Statement]


@dataclass(frozen=True)
class Topic:
    """One discussion on an agenda, of a kind: experience, question, practice or case.

    `url` is where people read it, and `posts` the address of its posts here. A locked topic takes no more replies.
    """

    id: int
    kind: str
    title: str
    language: str
    url: str
    posts: str
    agenda: Reference
    author: Author
    organisation: str | None
    themes: list[Reference]
    replies: int
    is_answered: bool
    created_at: datetime
    active_at: datetime
    locked_at: datetime | None


@dataclass(frozen=True)
class Marks:
    """How many readers found a post useful, face the same, or tried what it says."""

    useful: int
    same_here: int
    tried_it: int


@dataclass(frozen=True)
class Post:
    """One text in a topic. Number 1 opens it; numbers that are missing were deleted or hidden.

    `organisation` is the one for which it was written, null for its author alone. `note_html` is a note of the moderators
    below it. `paragraph` is the key of the paragraph of a case that it comments on.
    """

    id: int
    topic_id: int
    number: int
    url: str
    author: Author
    organisation: str | None
    language: str
    html: str
    note_html: str | None
    paragraph: str | None
    is_answer: bool
    marks: Marks
    created_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True)
class Figure:
    """A figure of a case, as its source has it; `as_at` is its date, if that is known."""

    label: str
    value: str
    unit: str
    as_at: str
    source: str
    address: str


@dataclass(frozen=True)
class Link:
    """Where to read on."""

    label: str
    address: str
    kind: str


@dataclass(frozen=True)
class Case:
    """A case example: a network, a city project or a programme. `cities_tried` is in how many cities members tried it."""

    name: str
    slug: str
    url: str
    agenda: Reference
    kind: str
    status: str
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
class WholeCase:
    """A case with its text, figures and links; `topic` is the address of its discussion here."""

    case: Case
    themes: list[Reference]
    paragraphs: list[Paragraph]
    figures: list[Figure]
    links: list[Link]
    topic: str


@dataclass(frozen=True)
class Practice:
    """A best practice. The evidence is told, counted, measured or studied; `cities_tried` as of a case."""

    title: str
    slug: str
    url: str
    agenda: Reference
    author: Author
    city: City | None
    sentence: str
    link: str | None
    evidence: str | None
    cost: str | None
    started: int | None
    language: str
    cities_tried: int
    is_featured: bool
    published_at: datetime | None
    updated_at: datetime
    revisit_on: date | None


@dataclass(frozen=True)
class Section:
    """A part of a practice: challenge, done, resources, results, failure (what did not work), lessons or needs."""

    name: str
    html: str


@dataclass(frozen=True)
class WholePractice:
    """A practice with its parts; what its author tells to members alone is not among them.

    `organisation` is the one for which it was written, null for its author alone.
    `adapted_from` is the practice of another city from which it was made; `topic` is the address of its discussion here.
    """

    practice: Practice
    organisation: str | None
    themes: list[Reference]
    sections: list[Section]
    adapted_from: Reference | None
    topic: str | None


@dataclass(frozen=True)
class Reading:
    """A best read, and why it matters."""

    title: str
    authors: str
    year: int | None
    kind: str
    link: str | None
    why: str
    language: str
    agenda: Reference


@dataclass(frozen=True)
class Hit:
    """Something that a search has found: its kind, its title, and the place where the words stand."""

    kind: str
    title: str
    url: str
    excerpt: str
    language: str
    written_at: datetime


@dataclass(frozen=True)
class Problem:
    """Why there is no answer (RFC 9457)."""

    title: str
    status: int
    detail: str
