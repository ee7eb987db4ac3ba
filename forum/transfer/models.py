"""What content files hold, read or to be written, and what can be wrong in one; where texts stand. No tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import InstrumentedAttribute


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file, and the line it stands in."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class FaultyFileError(Exception):
    """A file cannot be loaded; `faults` says everything that is wrong in it. Nothing was changed."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(dict.fromkeys(faults), key=lambda fault: fault.line)
        super().__init__("\n".join(map(str, self.faults)))


class Values(dict[str, Any]):
    """What a section says: the values of its fields by their names, with `title` and `text`; and where it says them.

    `lines` are the lines of each field, in the order of its values, and that on which the text begins.
    """

    def __init__(self, line: int, **values: Any) -> None:
        super().__init__(values)
        self.line = line
        self.lines: dict[str, list[int]] = {}

    def line_of(self, name: str, number: int = 0) -> int:
        """The line of a field (of one that repeats, the `number`th from zero); of what has none, the heading's."""
        lines = self.lines.get(name, [])
        return lines[number] if number < len(lines) else self.line

    def said(self, *names: str) -> Iterator[tuple[str, int]]:
        """Every word of some fields, each with its line."""
        for name in names:
            words = self.get(name) or ()
            for word in [words] if isinstance(words, str) else words:
                yield word, self.line_of(name)

    def entries(self, *names: str) -> Iterator[tuple[Any, int]]:
        """Every value of fields that repeat, each with its line."""
        for name in names:
            yield from zip(self.get(name, ()), self.lines.get(name, ()), strict=True)


@dataclass
class AgendaFile:
    """What one agenda file holds, each thing as the values that `read` gives; `is_new` says with a header.

    `faults` are what is wrong in it by itself; where there are some, values may be missing.
    """

    agenda: Values
    is_new: bool
    statements: list[Values] = field(default_factory=list)
    cases: list[Values] = field(default_factory=list)
    practices: list[Values] = field(default_factory=list)
    readings: list[Values] = field(default_factory=list)
    topics: list[Values] = field(default_factory=list)
    comments: list[Values] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass
class PeopleFile:
    """What a people file holds."""

    organisations: list[Values] = field(default_factory=list)
    members: list[Values] = field(default_factory=list)


@dataclass(frozen=True)
class Texts:
    """Where one kind of text stands: the columns of its source, of its HTML's version, and of the row's key.

    An optional text that nobody has written has no HTML to be made anew.
    """

    source: InstrumentedAttribute[str]
    version: InstrumentedAttribute[int]
    key: tuple[InstrumentedAttribute[Any], ...]
    is_optional: bool = False


# What is written into an export: rows as values, so that a million of them are never held


class Author(NamedTuple):
    """Who wrote something, as far as a file says it."""

    id: int
    handle: str
    name: str
    hidden_at: datetime | None
    left_at: datetime | None
    organisation_id: int | None

    @property
    def has_page(self) -> bool:
        """Whether everybody may look at the profile."""
        return self.hidden_at is None and self.left_at is None


class Opened(NamedTuple):
    """A topic of a dialogue, its opening post aside."""

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
    locked_at: datetime | None
    locked_reason: str
    author: Author


class Said(NamedTuple):
    """A post that readers see; `source` says nothing that they may not."""

    id: int
    topic_id: int
    number: int
    organisation_id: int | None
    source: str
    language: str
    paragraph: str | None
    tried_count: int
    created_at: datetime
    author: Author


class Tried(NamedTuple):
    """That somebody tried what a post tells, what became of it, and why."""

    member: Author
    outcome: str
    note: str


class Story(NamedTuple):
    """What an asker told of what happened next."""

    told_at: datetime
    outcome: str
    deed: str
    text: str


class Discussed(NamedTuple):
    """A case or practice with comments: the topic that holds them, its readers, and the keys of a case's paragraphs."""

    kind: str
    slug: str
    id: int
    audience: str
    keys: Sequence[str] = ()
