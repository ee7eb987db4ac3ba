"""An export while it is written: for whom, its files so far, and how much of each kind they hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from forum.members.models import City
from forum.permissions import Person
from forum.transfer import queries
from forum.transfer.forms import Writer

COUNTED_KINDS = (
    *("organisations", "members", "agendas", "statements", "cases", "practices", "readings"),
    *("topics", "posts"),
)


@dataclass
class Export:
    """An export while it is written, into a temporary folder that is renamed when it is complete."""

    reader: Person
    folder: Path
    writer: Writer
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    practices: dict[int, str] = field(default_factory=dict)  # the slugs of those written, by id

    @property
    def contents(self) -> str:
        """How much of each kind has been written, in words."""
        return ", ".join(
            f"{self.counts[name]:,} {name}" for name in COUNTED_KINDS if self.counts[name]
        )

    @contextmanager
    def file(self, name: str) -> Iterator[IO[str]]:
        """A new file, flushed to the disk at the end of the block."""
        path = self.folder / name
        path.touch(mode=0o600, exist_ok=False)
        self.files.append(name)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def name_cities(self, cities: Iterable[City | None]) -> None:
        """Look up how the writer calls some cities, before it writes what is in them."""
        new = {city.id: city for city in cities if city and city.id not in self.writer.cities}
        self.writer.cities |= queries.city_labels(new.values())
