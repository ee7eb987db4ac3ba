"""An export while it is written: its readers, its files so far, and how much of each kind they contain."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from forum.illustrations import is_file, names_in
from forum.members.models import City
from forum.permissions import Person
from forum.transfer import queries
from forum.transfer.commands._shared import contents
from forum.transfer.forms import Writer, picture_name, portrait_name


@dataclass
class Export:
    """An export while it is written, into a temporary folder that is renamed when it is complete."""

    reader: Person
    folder: Path
    writer: Writer
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    practices: dict[int, str] = field(default_factory=dict)  # the slugs of those written, by id
    shown: set[str] = field(default_factory=set)  # pictures and files of the present file

    @property
    def contents(self) -> str:
        """How much of each kind has been written, in words."""
        return contents(self.counts)

    @contextmanager
    def file(self, name: str) -> Iterator[IO[str]]:
        """A new file, flushed to the disk at the end of the block, where its pictures and files are listed with their members."""
        self.files.append(name)
        with TextIOWrapper(self._new(name), "utf-8", newline="\n") as file:
            yield file
            files = {name for name in self.shown if is_file(name)}
            for heading, names in (("Pictures", self.shown - files), ("Files", files)):
                if names:
                    file.write(f"## {heading}\n\n")
                    file.writelines(map(self.writer.picture, sorted(names)))
            self.shown.clear()
            file.flush()
            os.fsync(file.fileno())

    def _new(self, name: str) -> IO[bytes]:
        path = self.folder / name
        path.touch(mode=0o600, exist_ok=False)
        return path.open("wb")

    def show(self, sources: Iterable[str]) -> None:
        """Write the pictures and files in some texts of the present file, unless they are already written."""
        names = {name for source in sources for name in names_in(source)}
        for found in queries.pictures_to_write(names - self.writer.pictures.keys()):
            self._write(picture_name(found.name), found.parts)
            self.writer.pictures[found.name] = self.writer.people.of(found.author)
            if found.title:
                self.writer.titles[found.name] = found.title
            self.counts["files" if is_file(found.name) else "pictures"] += 1
        self.shown |= names & self.writer.pictures.keys()

    def show_portraits(self, member_ids: Sequence[int]) -> None:
        """Write the pictures that some members show of themselves."""
        for name, data in queries.portraits_to_write(member_ids) if member_ids else ():
            self._write(portrait_name(name), [data])
            self.counts["portraits"] += 1

    def _write(self, path: str, parts: Iterable[bytes]) -> None:
        (self.folder / path).parent.mkdir(mode=0o700, exist_ok=True)
        with self._new(path) as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())

    def name_cities(self, cities: Iterable[City | None]) -> None:
        """Look up the names of some cities for the writer, before it writes what is in them."""
        new = {city.id: city for city in cities if city and city.id not in self.writer.cities}
        self.writer.cities |= queries.city_labels(new.values())
