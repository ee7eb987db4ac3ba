"""What the forms of the library send: a case, a practice, a reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from forum.library.queries import SECTIONS
from forum.markup import PlainTexts, Written, paragraph_key, paragraphs, tidy, write
from forum.permissions import PUBLIC


@dataclass(frozen=True)
class FigureText:
    """A figure of a case: `75`, `cities`, `2014`, and where it comes from."""

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
    """What a curator writes of a case. Made outside of a deed: it turns its Markdown into HTML at once.

    `slug` counts only when the case is new, and follows from the name when empty.
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
        """The plain words of the summary and of each paragraph, by their source."""
        paragraphs = {written.source: written.plain for _key, written in self.paragraphs}
        return PlainTexts({self.summary: self.opening.plain, **paragraphs})


@dataclass(frozen=True)
class PracticeText:
    """What an author writes of a practice. Made outside of a deed: it turns its Markdown into HTML at once.

    `sections` are Markdown by name (challenge, done, resources, results, failure, lessons, needs); with none
    of them the practice is short. `slug` counts only when it is new, and follows from the title when empty.
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
    for_organisation: bool = False
    slug: str = ""
    opening: Written = field(init=False)
    written: Mapping[str, Written] = field(init=False)

    def __post_init__(self) -> None:
        sources = {name: tidy(self.sections.get(name, "")) for name in SECTIONS}
        written = {name: write(s, self.language) for name, s in sources.items() if s.strip()}
        object.__setattr__(self, "opening", write(self.sentence, self.language))
        object.__setattr__(self, "written", written)


@dataclass(frozen=True)
class ReadingText:
    """What a curator writes of a best read; `kind` is book, report, article, website or film."""

    title: str
    authors: str
    year: int | None = None
    kind: str = "book"
    link: str = ""
    why: str = ""
    language: str = "en"


def _paragraphs(body: str, language: str) -> tuple[tuple[str, Written], ...]:
    """The paragraphs of a body, each with a key of its own, even where two say the same."""
    found: dict[str, Written] = {}
    for source in paragraphs(body):
        key = paragraph_key(source)
        while key in found:
            key = paragraph_key(f"{key} {source}")
        found[key] = write(source, language)
    return tuple(found.items())
