"""The pictures that a content file lists: read from the folder beside it, and stored in another until they are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from forum.illustrations import PICTURE_NAME
from forum.shrinking import Shrunk, take
from forum.transfer.forms import picture_name
from forum.transfer.models import AgendaFile, Fault

AT_ONCE = 2  # each in a process of its own
MAX_BYTES = 20_000_000  # of a picture: no forum has made a larger one
NO_PICTURE = "is no WebP file as an export has it, of the size that its name says"


class KeptPictures(Mapping[str, Shrunk]):
    """Pictures by name, each read when it is requested: together they may be larger than the memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: set[str] = set()

    def keep(self, made: Shrunk) -> None:
        """Store a picture."""
        for data, path in zip((made.whole, made.small), self._paths(made.name), strict=True):
            path.write_bytes(data)
        self._names.add(made.name)

    def __getitem__(self, name: str) -> Shrunk:
        if name not in self._names:
            raise KeyError(name)
        whole, small = (path.read_bytes() for path in self._paths(name))
        return Shrunk(name, whole, small)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / name, self.folder / f"{name}-small"


@contextmanager
def kept_pictures(file: AgendaFile, folder: Path) -> Iterator[KeptPictures]:
    """The pictures that a file lists, from `folder`; adds a fault to the file for each that is missing or invalid.

    Each takes some tenths of a second, so it is done before an action.
    """
    with TemporaryDirectory(prefix="interurban-") as shop, ThreadPoolExecutor(AT_ONCE) as pool:
        kept = KeptPictures(Path(shop))
        named = ((values["title"], values.line) for values in file.pictures)
        listed = {name: line for name, line in named if re.fullmatch(PICTURE_NAME, name)}
        for name, problem in pool.map(lambda name: (name, _take(name, folder, kept)), listed):
            if problem:
                file.faults.append(Fault(listed[name], f"{picture_name(name)} {problem}"))
        yield kept


def _take(name: str, folder: Path, kept: KeptPictures) -> str:
    """Store a picture; returns what is wrong with its file, if anything."""
    path = folder / picture_name(name)
    if not path.is_file():
        return "is not there"
    made = take(name, path.read_bytes()) if path.stat().st_size <= MAX_BYTES else None
    if made is None:
        return NO_PICTURE
    kept.keep(made)
    return ""
