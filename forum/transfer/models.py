"""What a content file holds when it has been read, and what can be wrong in it; where texts stand. No tables."""

from __future__ import annotations

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
        super().__init__("\n".join(map(str, faults)))
        self.faults = sorted(faults, key=lambda fault: fault.line)


@dataclass
class AgendaFile:
    """What one agenda file holds, each thing as the values that `read` gives; `is_new` says with a header."""

    agenda: dict[str, Any]
    is_new: bool
    statements: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    practices: list[dict[str, Any]] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    topics: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class PeopleFile:
    """What a people file holds."""

    organisations: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Texts:
    """Where one kind of text stands: the columns of its source, of its HTML's version, and of the row's key.

    An optional text that nobody has written has no HTML to be made anew.
    """

    source: InstrumentedAttribute[str]
    version: InstrumentedAttribute[int]
    key: tuple[InstrumentedAttribute[Any], ...]
    is_optional: bool = False
