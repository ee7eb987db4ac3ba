"""Content files in Python: sections that were read, rows to be written, faults. No tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from forum.dialogue.models import Pace
from forum.illustrations import is_file
from forum.library.models import PUBLISHED
from forum.members.models import Member

EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file, and its line."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class FaultyFileError(Exception):
    """A file cannot be loaded; `faults` lists everything that is wrong in it, by line. Nothing was changed.

    `name` is that of the file, where there are several.
    """

    def __init__(self, faults: list[Fault], name: str = "") -> None:
        self.faults = sorted(dict.fromkeys(faults), key=lambda fault: fault.line)
        self.name = name
        super().__init__("\n".join(map(str, self.faults)))


class WouldLoad(Exception):
    """Files were loaded on trial without a fault, and rolled back: title and slug of the agenda of each. Nothing was changed."""

    def __init__(self, agendas: Sequence[tuple[str, str]]) -> None:
        self.agendas = agendas
        super().__init__(", ".join(title for title, _slug in agendas))


class Originals(NamedTuple):
    """What commitments may come from, as files name it: paths of published practices and of cases, titles of declarations."""

    pages: frozenset[str] = frozenset()
    declarations: frozenset[str] = frozenset()

    def with_those_of(self, file: AgendaFile) -> Originals:
        """These, and what a file holds."""
        pages = {f"/cases/{values.get('slug')}" for values in file.cases} | {
            f"/practices/{values.get('slug')}"
            for values in file.practices
            if values.get("state", PUBLISHED) == PUBLISHED
        }
        titles = {values["title"] for values in file.declarations if "title" in values}
        return Originals(self.pages | pages, self.declarations | titles)


NOTHING_ELSEWHERE = Originals()


def usual_language(languages: Sequence[str]) -> str:
    """The language in which a member with these languages writes, where a file does not say so."""
    return languages[0] if len(languages) == 1 or "en" not in languages else "en"


class Values(dict[str, Any]):
    """The values of a section by field name, with `title` and `text`.

    `line` is that of the heading. `lines` has the line of each value of a field, and under `text` the first line of the text.
    """

    def __init__(self, line: int, **values: Any) -> None:
        super().__init__(values)
        self.line = line
        self.lines: dict[str, list[int]] = {}

    def line_of(self, name: str, number: int = 0) -> int:
        """The line of a field (of the `number`th value from zero, if it repeats); that of the heading if it is missing."""
        lines = self.lines.get(name, [])
        return lines[number] if number < len(lines) else self.line

    def values_of(self, *names: str) -> Iterator[tuple[str, int]]:
        """Every value of these fields with its line: one for a field with a text, several for one with a list."""
        for name in names:
            words = self.get(name) or ()
            for word in [words] if isinstance(words, str) else words:
                yield word, self.line_of(name)

    def entries(self, *names: str) -> Iterator[tuple[Any, int]]:
        """Every value of fields that repeat, with its line."""
        for name in names:
            yield from zip(self.get(name, ()), self.lines.get(name, ()), strict=True)


@dataclass
class AgendaFile:
    """The sections of an agenda file, each as read by `read`. `is_new`: it describes a new agenda, not only its slug.

    `faults` are those that show in the file itself; if there are any, values may be missing.
    """

    agenda: Values
    is_new: bool
    findings: Values | None = None
    statements: list[Values] = field(default_factory=list)
    cases: list[Values] = field(default_factory=list)
    practices: list[Values] = field(default_factory=list)
    readings: list[Values] = field(default_factory=list)
    declarations: list[Values] = field(default_factory=list)
    translations: list[Values] = field(default_factory=list)
    commitments: list[Values] = field(default_factory=list)
    meetings: list[Values] = field(default_factory=list)
    topics: list[Values] = field(default_factory=list)
    comments: list[Values] = field(default_factory=list)
    pictures: list[Values] = field(default_factory=list)  # and files
    faults: list[Fault] = field(default_factory=list)

    @property
    def numbers(self) -> dict[str, int]:
        """How many things of each kind the file contains, by their names in the singular."""
        return {
            "statement": len(self.statements),
            "case": len(self.cases),
            "practice": len(self.practices),
            "reading": len(self.readings),
            "translation": len(self.translations),
            "declaration": len(self.declarations),
            "commitment": len(self.commitments),
            "meeting": len(self.meetings),
            "topic": len(self.topics),
            "reply": sum(len(topic["posts"]) for topic in self.topics),
            "comment": sum(len(group["posts"]) for group in self.comments),
            "picture": sum(not is_file(picture["title"]) for picture in self.pictures),
            "file": sum(is_file(picture["title"]) for picture in self.pictures),
        }

    @property
    def texts(self) -> Iterator[Values]:
        """The sections of topics, posts and comments."""
        yield from self.topics
        for group in [*self.topics, *self.comments]:
            yield from group["posts"]


@dataclass
class PeopleFile:
    """The sections of a people file; `portraits` has the pictures that members in it name, as far as they were read.

    `faults` are those that show in the file itself; if there are any, values may be missing.
    """

    organisations: list[Values] = field(default_factory=list)
    members: list[Values] = field(default_factory=list)
    portraits: Mapping[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Step(NamedTuple):
    """An action of a load, and the moment with which it is dated.

    Actions are done in chronological order, so that ids are in that order, but none before `not_before`, when its
    preconditions are met.
    """

    moment: datetime
    do: Callable[[], object]
    not_before: datetime = EARLIEST

    @property
    def turn(self) -> datetime:
        """The moment that determines when the action is done."""
        return max(self.moment, self.not_before)


# What an export writes: plain values, so that a million rows are never held as objects


class Author(NamedTuple):
    """The author of something, with what a file says about them."""

    id: int
    handle: str
    name: str
    hidden_at: datetime | None
    left_at: datetime | None
    organisation_id: int | None

    @classmethod
    def of(cls, member: Member) -> Author:
        """A member as the author of something."""
        return cls._make(getattr(member, name) for name in cls._fields)

    @property
    def has_page(self) -> bool:
        """Whether everybody can see the profile."""
        return self.hidden_at is None and self.left_at is None


class ExportedTopic(NamedTuple):
    """A topic of a dialogue without its opening post."""

    id: int
    kind: str
    title: str
    language: str
    audience: str
    organisation_id: int | None
    posts_count: int
    answer_id: int | None
    created_at: datetime
    pinned_at: datetime | None
    told_all_at: datetime | None
    locked_at: datetime | None
    locked_reason: str
    locked_until: date | None
    slowed_at: datetime | None
    slow_until: datetime | None
    slow_minutes: int | None
    slow_reason: str
    author: Author

    @property
    def pace(self) -> Pace | None:
        """The pace that applies now; None for a topic without a limit."""
        return Pace.present(self)


class ExportedPost(NamedTuple):
    """A post that the readers can see; its `source` has no quotes that they may not see."""

    id: int
    topic_id: int
    number: int
    organisation_id: int | None
    source: str
    language: str
    paragraph: str | None
    tried_count: int
    has_poll: bool
    created_at: datetime
    author: Author


class Tried(NamedTuple):
    """A mark “tried it”: who tried what a post describes, the outcome, why, and in which language that is."""

    member: Author
    outcome: str
    note: str
    language: str


class Wanted(NamedTuple):
    """Who wants to try a practice, and until which day."""

    member: Author
    until: date


class ExportedPoll(NamedTuple):
    """The poll below a post; exports do not contain the votes."""

    question: str
    is_multiple: bool
    closes_at: datetime | None
    closed_at: datetime | None
    options: Sequence[str] = ()


class Below(NamedTuple):
    """What follows a post: "tried it" marks, and its poll."""

    tried: Sequence[Tried] = ()
    poll: ExportedPoll | None = None


class Story(NamedTuple):
    """What the author of a question reported on what happened next."""

    told_at: datetime
    outcome: str
    deed: str
    text: str
    language: str


class ExportedDiscussion(NamedTuple):
    """A case or practice with comments: the id and audience of their topic, and the keys of a case's paragraphs."""

    kind: str
    slug: str
    id: int
    audience: str
    keys: Sequence[str] = ()
