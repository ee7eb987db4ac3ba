"""The values with which cases, practices and readings are written, with their Markdown rendered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from forum.illustrations import Illustration
from forum.library.models import Practice
from forum.library.queries import SECTIONS
from forum.markdown import paragraph_key, paragraphs
from forum.markup import PlainTexts, Written, write
from forum.permissions import PUBLIC
from forum.plaintext import tidy


@dataclass(frozen=True)
class FigureText:
    """A figure of a case, such as `75`, `cities`, `2014`, with its source and the source's address."""

    label: str
    value: str
    unit: str = ""
    as_at: str = ""
    source: str = ""
    address: str = ""


@dataclass(frozen=True)
class LinkText:
    """A link of a case; `kind` is site, report, article or data."""

    label: str
    address: str
    kind: str = "site"


@dataclass(frozen=True)
class CaseText:
    """What a curator writes about a case.

    Its Markdown is rendered when it is created, so create it before an action, not inside one, which would keep the
    database locked meanwhile. `slug` is used for a new case only; if it is empty, the slug is made from the name.
    `opening` is the rendered summary; `paragraphs` are those of the body: (key, text).
    """

    name: str
    kind: str
    summary: str
    body: str
    reach: str = ""
    since: int | None = None
    status: str = "running"
    language: str = "en"
    checked_on: date | None = None
    city_ids: Sequence[int] = ()
    theme_ids: Sequence[int] = ()
    figures: Sequence[FigureText] = ()
    links: Sequence[LinkText] = ()
    slug: str = ""
    opening: Written = field(init=False)
    paragraphs: tuple[tuple[str, Written], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "opening", write(self.summary, self.language))
        object.__setattr__(self, "paragraphs", _paragraphs(self.body, self.language))

    @property
    def plain(self) -> PlainTexts:
        """The plain texts of the summary and of each paragraph, by source."""
        paragraphs = {written.source: written.plain for _key, written in self.paragraphs}
        return PlainTexts({self.summary: self.opening.plain, **paragraphs})

    @property
    def pictures(self) -> list[Illustration]:
        """The pictures that the body shows."""
        return [picture for _key, written in self.paragraphs for picture in written.pictures]


@dataclass(frozen=True)
class PracticeText:
    """What an author writes about a practice; like `CaseText`, create it before an action.

    `sections` are Markdown by name (challenge, done, resources, results, failure, lessons, needs); a practice without
    any is a short one. `slug` is used for a new practice only; if it is empty, the slug is made from the title.
    `showing` are the names of other members' pictures that a new practice may show, because an imported one did so
    before. `opening` is the rendered sentence; `written` are the rendered sections by name, without empty ones.
    `for_organisation` is None if the author was not asked: then the organisation of the practice does not change.
    """

    title: str
    sentence: str
    link: str = ""
    city_id: int | None = None
    evidence: str = ""
    cost: str = ""
    started: int | None = None
    language: str = "en"
    audience: str = PUBLIC
    failure_audience: str = PUBLIC
    revisit_on: date | None = None
    theme_ids: Sequence[int] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    adapted_from_id: int | None = None
    for_organisation: bool | None = False
    slug: str = ""
    showing: Collection[str] = ()
    opening: Written = field(init=False)
    written: Mapping[str, Written] = field(init=False)

    def __post_init__(self) -> None:
        sources = {name: tidy(self.sections.get(name, "")) for name in SECTIONS}
        written = {
            name: write(source, self.language) for name, source in sources.items() if source.strip()
        }
        object.__setattr__(self, "opening", write(self.sentence, self.language))
        object.__setattr__(self, "written", written)

    @property
    def rendered(self) -> dict[str, Written]:
        """The sentence and the sections, rendered, by source."""
        sections = {written.source: written for written in self.written.values()}
        return {self.sentence: self.opening, **sections}


def rendered_texts(practice: Practice) -> dict[str, Written]:
    """The sentence and the sections of a practice, rendered, by source; like `CaseText`, call it before an action."""
    sources = [practice.sentence, *(section.source for section in practice.sections)]
    return {source: write(source, practice.language) for source in sources}


@dataclass(frozen=True)
class ReadingText:
    """What a curator writes about a best read; `kind` is book, report, article, website or film."""

    title: str
    authors: str
    year: int | None = None
    kind: str = "book"
    link: str = ""
    why: str = ""
    language: str = "en"


def _paragraphs(body: str, language: str) -> tuple[tuple[str, Written], ...]:
    """(key, text) of each paragraph of a body. Paragraphs with the same source get different keys."""
    found: dict[str, Written] = {}
    for source in paragraphs(body):
        key = paragraph_key(source)
        while key in found:
            key = paragraph_key(f"{key} {source}")
        found[key] = write(source, language)
    return tuple(found.items())
