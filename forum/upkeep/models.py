"""What can be wrong in a database. No tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it should be, for a line on a terminal. Without `id` it concerns all of `kind`."""

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
    """One question to the database: `faults` finds what is wrong, in bounded memory. `mend` is the way to mend it."""

    name: str
    faults: Callable[[], Iterator[Fault]]
    mend: str = ""


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
