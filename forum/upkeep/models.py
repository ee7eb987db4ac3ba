"""Checks of a database, the faults that they find, and which columns hold texts. No tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

BY_HAND = "by hand"  # the `mend` of checks whose faults no command can repair, and whose lines say who does


@dataclass(frozen=True)
class Fault:
    """One inconsistency, printed as a line. Without an `id` it concerns the whole `kind`.

    `what` is a column, whose value `has` should be `should`; or a sentence, and then both are None.
    """

    kind: str
    id: Any
    what: str
    has: Any = None
    should: Any = None

    def __str__(self) -> str:
        thing = self.kind if self.id is None else f"{self.kind} {self.id}"
        if self.has is None and self.should is None:
            return f"{thing}: {self.what}"
        return f"{thing}: {self.what} is {_shown(self.has)}, should be {_shown(self.should)}"


@dataclass(frozen=True)
class Check:
    """One check: `faults` yields inconsistencies, in bounded memory; `mend` names the repair in `upkeep.commands.checking`."""

    name: str
    faults: Callable[[], Iterator[Fault]]
    mend: str = ""


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


@dataclass(frozen=True)
class TextColumns:
    """The columns of one kind of text: its Markdown source, the version of its HTML, and the primary key.

    An optional text may be empty, and then has no HTML to render again.
    """

    source: InstrumentedAttribute[str]
    version: InstrumentedAttribute[int]
    key: tuple[InstrumentedAttribute[Any], ...]
    is_optional: bool = False
