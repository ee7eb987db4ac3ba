"""The pictures and files that a content file lists or names, read from the folders beside it into a temporary one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from forum.illustrations import NAME, is_file, kind_of
from forum.members.actions import PORTRAIT_SIZE
from forum.sentfiles import SentFile, is_as_named, title_of
from forum.shrinking import Shrunk, take
from forum.transfer.forms import picture_name, portrait_name
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile, Values

AT_ONCE = 2  # each in a process of its own
MAX_BYTES = 20_000_000  # of a picture: no forum has made a larger one
NO_FILE = "is no file as an export has it, of the kind and the size that its name says"
NO_PICTURE = "is no WebP file as an export has it, of the size that its name says"
# Of a file by somebody else, which could so name any file of this machine, such as the secret key
LEADS_AWAY = "is a link to a place outside the folder of the content file"


class KeptPictures(Mapping[str, Shrunk | SentFile]):
    """Pictures and files by name, read one at a time, because all of them may be larger than the memory.

    A file is open until the next one is requested.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._titles: dict[str, str] = {}
        self._open = ExitStack()

    def keep(self, made: Shrunk) -> None:
        """Store a picture."""
        for data, path in zip((made.whole, made.small), self._paths(made.name), strict=True):
            path.write_bytes(data)
        self._titles[made.name] = ""

    def keep_file(self, name: str, title: str, path: Path) -> bool:
        """Store the file at a path, if it has the kind and size that its name states; returns whether it was stored."""
        kept = shutil.copyfile(path, self.folder / name)
        self._titles[name] = title_of(title, kind_of(name))
        with kept.open("rb") as stream:
            return is_as_named(name, stream)

    def close(self) -> None:
        """Close the file that was requested last."""
        self._open.close()

    def __getitem__(self, name: str) -> Shrunk | SentFile:
        title = self._titles[name]
        if not title:
            whole, small = (path.read_bytes() for path in self._paths(name))
            return Shrunk(name, whole, small)
        self.close()
        stream = self._open.enter_context((self.folder / name).open("rb"))
        return SentFile(name, title, stream)

    def __iter__(self) -> Iterator[str]:
        return iter(self._titles)

    def __len__(self) -> int:
        return len(self._titles)

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / name, self.folder / f"{name}-small"


@contextmanager
def kept_pictures(file: AgendaFile, folder: Path) -> Iterator[KeptPictures]:
    """The pictures and files that a content file lists, of those that lie in `folder`; adds a fault for each that is none.

    It takes some tenths of a second for each picture, so it is done before an action.
    """
    with _kept() as (kept, pool):
        named = (values for values in file.pictures if re.fullmatch(NAME, values["title"]))
        listed = {values["title"]: values for values in named}.values()
        for values, problem in zip(
            listed, pool.map(lambda values: _take(values, folder, kept), listed), strict=True
        ):
            if problem:
                path = picture_name(values["title"])
                file.faults.append(Fault(values.line, f"{path} {problem}"))
        yield kept


def look_for_pictures(file: AgendaFile, folder: Path) -> None:
    """Add a fault for each picture and file that a content file lists and that cannot be read in `folder`; none is opened."""
    for values in file.pictures:
        if re.fullmatch(NAME, values["title"]):
            path = picture_name(values["title"])
            if problem := _not_there(folder / path, folder):
                file.faults.append(Fault(values.line, f"{path} {problem}"))


@contextmanager
def kept_portraits(file: PeopleFile, folder: Path) -> Iterator[KeptPictures]:
    """The pictures of members that a people file names, from `folder`. Raises `FaultyFileError` for each that is none, or is named twice."""
    with _kept() as (kept, pool):
        shown = [values for values in file.members if "portrait" in values]
        problems = pool.map(lambda values: _take_portrait(values["portrait"], folder, kept), shown)
        known: dict[str, Values] = {}
        faults = []
        for values, problem in zip(shown, problems, strict=True):
            first = known.setdefault(values["portrait"], values)
            told = problem or ("" if first is values else f"is of “{first['title']}” already")
            if told:
                path = portrait_name(values["portrait"])
                faults.append(Fault(values.line_of("portrait"), f"{path} {told}"))
        if faults:
            raise FaultyFileError(faults)
        yield kept


@contextmanager
def _kept() -> Iterator[tuple[KeptPictures, ThreadPoolExecutor]]:
    """A temporary folder for pictures, and threads that read them."""
    with (
        TemporaryDirectory(prefix="interurban-") as shop,
        ThreadPoolExecutor(AT_ONCE) as pool,
        closing(KeptPictures(Path(shop))) as kept,
    ):
        yield kept, pool


def _take_portrait(name: str, folder: Path, kept: KeptPictures) -> str:
    """Store the picture of a member; returns the error, if any."""
    path = folder / portrait_name(name)
    if problem := _not_there(path, folder):
        return problem
    is_small = path.stat().st_size <= MAX_BYTES
    made = take(name, path.read_bytes(), PORTRAIT_SIZE, is_square=True) if is_small else None
    if made is None:
        return NO_PICTURE
    kept.keep(made)
    return ""


def _not_there(path: Path, folder: Path) -> str:
    if not path.is_file():
        return "is not there"
    return "" if path.resolve().is_relative_to(folder.resolve()) else LEADS_AWAY


def _take(values: Values, folder: Path, kept: KeptPictures) -> str:
    """Store a picture or file; returns the error, if any."""
    name = values["title"]
    path = folder / picture_name(name)
    if problem := _not_there(path, folder):
        return problem
    if is_file(name):
        return "" if kept.keep_file(name, values.get("saved_as") or "", path) else NO_FILE
    made = take(name, path.read_bytes()) if path.stat().st_size <= MAX_BYTES else None
    if made is None:
        return NO_PICTURE
    kept.keep(made)
    return ""
