"""What a content file holds when it has been read, and what can be wrong in it; where texts stand. No tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

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
