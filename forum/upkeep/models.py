"""Checks of a database and the faults that they find. No tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


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
    """One check: `faults` yields what is wrong, in bounded memory; `mend` names the repair in `upkeep.commands.checking`, if any."""

    name: str
    faults: Callable[[], Iterator[Fault]]
    mend: str = ""


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
