"""What the JSON API answers: a class for each kind of thing, of which its description (OpenAPI) is made, too.

Addresses are whole: `url` is of the page that people read, `api_url` of the same thing here. `html` is safe to print; its links to
pages of the forum begin with a slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from forum.commitments.models import STATES as COMMITMENT_STATES
from forum.declarations.models import TOLD_STATES as DECLARATION_STATES
from forum.dialogue.models import KINDS, OUTCOMES
from forum.library.forms import KIND_NAMES, LINK_NAMES, READING_NAMES, STATUS_NAMES
from forum.library.queries import EVIDENCE, SECTIONS
from forum.search.queries import KINDS as FOUND_KINDS


@dataclass(frozen=True)
class Reference:
    """Something that has a page of its own: its name, the last part of its address, and the whole address."""

    name: str
    slug: str
    url: str


@dataclass(frozen=True)
class Author:
    """Who wrote something. Handle and address are null when the profile is not to be read."""

    name: str
    handle: str | None
    url: str | None


@dataclass(frozen=True)
class City:
    """A city, by its number, name and place (degrees, WGS 84) in GeoNames (CC BY 4.0); the country is a code of ISO 3166."""

    id: int
    name: str
    slug: str
    url: str
    country: str
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class HomeCity(City):
    """A city from which members come, and how many."""

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


@dataclass(frozen=True)
class Topic:
    """One discussion on an agenda. `posts_url` is the address of its posts here. A locked one takes no more replies.

    In one that moderators have made slow at `slowed_at`, each member can write once in `slow_minutes`, until `slow_until`, which
    may be over, or until they end it, if that is null.

    `active_at` is when somebody last wrote there. The author is null for somebody who has left.
    """

    id: int
    kind: Annotated[str, KINDS]
    title: str
    language: str
    url: str
    api_url: str
    posts_url: str
    agenda: Reference
    author: Author | None
    organisation: Reference | None
    themes: list[Reference]
    replies: int
    is_answered: bool
    created_at: datetime
    active_at: datetime
    locked_at: datetime | None
    slowed_at: datetime | None
    slow_until: datetime | None
    slow_minutes: int | None


@dataclass(frozen=True)
class Marks:
    """How many readers found a post useful, face the same, or tried what it says."""

    useful: int
    same_here: int
    tried_it: int


@dataclass(frozen=True)
class Option:
    """An option of a poll, and how many members chose it."""

    words: str
    votes: int


@dataclass(frozen=True)
class Poll:
    """A question below a post, and how many members have voted; who chose what is told to nobody.

    Votes are counted until `closes_at`, which may be over, or for as long as nobody closes it, if that is null; `closed_at` is
    when somebody did. With `is_multiple` a member can choose several options.
    """

    question: str
    is_multiple: bool
    options: list[Option]
    voters: int
    closes_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Post:
    """One text in a topic. Number 1 opens it. Numbers that are missing were deleted or hidden, or moderators have not seen them.

    `organisation` is the one for which it was written, null for its author alone; the author is null for somebody who has
    left. `poll` is below the first post of some topics. `note_html` is a note of the moderators below it. `paragraph` is the key of the paragraph of a case that it comments
    on.
    """

    id: int
    topic_id: int
    number: int
    url: str
    api_url: str
    author: Author | None
    organisation: Reference | None
    language: str
    html: str
    note_html: str | None
    paragraph: str | None
    is_answer: bool
    marks: Marks
    poll: Poll | None
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


@dataclass(frozen=True)
class Declaration:
    """A joint declaration. `sha256` is that of its text once it is frozen, `signatures_count` how many organisations have signed."""

    id: int
    title: str
    url: str
    api_url: str
    agenda: Reference
    language: str
    state: Annotated[str, DECLARATION_STATES]
    opened_at: datetime
    frozen_at: datetime | None
    sign_until: date | None
    adopted_at: datetime | None
    withdrawn_at: datetime | None
    sha256: str | None
    signatures_count: int


@dataclass(frozen=True)
class Signature:
    """An organisation has signed: who did so for it, as they were that day, and under which reservation; null for none."""

    organisation: Reference
    city: City | None
    name: str
    position: str | None
    signed_at: datetime
    reservation: str | None
    language: str | None


@dataclass(frozen=True)
class WholeDeclaration(Declaration):
    """A declaration with its text (`source` is what `sha256` is of), and the first thousand signatures.

    `withdrawn_because` is why it was withdrawn.
    """

    source: str
    html: str
    withdrawn_because: str | None
    signatures: list[Signature]


@dataclass(frozen=True)
class Commitment:
    """What an organisation says in public that it will do. `next_on` is the day that comes next; null once it is kept or ended."""

    id: int
    title: str
    url: str
    api_url: str
    agenda: Reference
    organisation: Reference
    city: City | None
    language: str
    state: Annotated[str, COMMITMENT_STATES]
    published_at: datetime
    last_day: date
    next_on: date | None
    kept_at: datetime | None
    ended_at: datetime | None
    peers_count: int


@dataclass(frozen=True)
class EarlierDay:
    """The day that a milestone had before it was moved, when that was, and why."""

    day: date
    moved_on: date
    reason: str


@dataclass(frozen=True)
class Milestone:
    """A step of a commitment. `reached_words` and `given_up_because` are what was said then."""

    text: str
    day: date
    reached_at: datetime | None
    reached_words: str | None
    given_up_at: datetime | None
    given_up_because: str | None
    earlier_days: list[EarlierDay]


@dataclass(frozen=True)
class WholeCommitment(Commitment):
    """A commitment with its text and its milestones, in the order of their days; where it comes from, as far as everybody sees it."""

    source: str
    html: str
    kept_words: str | None
    ended_because: str | None
    declaration_url: str | None
    copied_url: str | None
    milestones: list[Milestone]


@dataclass(frozen=True)
class Meeting:
    """A meeting on an agenda. Its times are in UTC; `time_zone` is where clocks show them as its hosts said them.

    `seats` is how many can come, null for all; `coming` how many members said that they come. The link by which one joins
    online is not told here. `over_at` is null until it is over.
    """

    id: int
    title: str
    url: str
    agenda: Reference
    language: str
    html: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str
    city: City | None
    is_online: bool
    seats: int | None
    coming: int
    cancelled_at: datetime | None
    over_at: datetime | None
    outcome_html: str
    recording: str | None


@dataclass(frozen=True)
class Hit:
    """Something that a search has found: its kind, its title, and the place where the words stand.

    `api_url` is null for a best read and a meeting, which have no address of their own here.
    """

    kind: Annotated[str, FOUND_KINDS]
    title: str
    url: str
    api_url: str | None
    excerpt: str
    language: str
    written_at: datetime


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


@dataclass(frozen=True)
class Problem:
    """Why there is no answer (RFC 9457)."""

    title: str
    status: int
    detail: str
