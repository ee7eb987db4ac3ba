"""A shelf of rendered pages in a folder, for the processes of one server: what one has made the others need not.

It says nothing about whether a page is still true: whoever takes one compares its numbers, as with a page of one's own.
The folder belongs to one server and one state of its code, so that no page outlives the templates that made it. A database
that is put back under a running server counts again from old numbers: it is started anew then, as its own pages ask for.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

PLACES = 256  # files: of two pages that belong in one place the last is there
LARGEST = 300_000  # bytes of one
PROCESSES = Path("/proc")
TOP = Path(__file__).parents[1]
CODE = ("forum", "templates", "static", "wsgi.py")

Headers = list[tuple[str, str]]


class Shelved(NamedTuple):
    """A page as it lies there: as it was rendered, what it depends on, and headers and body in each of its forms."""

    headers: Headers
    body: bytes
    etag: str
    scopes: tuple[str, ...]
    numbers: Mapping[str, int]
    forms: dict[str, tuple[Headers, bytes]]


class Shelf:
    """The pages of one server. One that cannot be written or read is not there: nobody needs a shelf."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: Sequence[str], page: Shelved) -> None:
        """Let the others have a page."""
        bodies = [page.body, *(body for _headers, body in page.forms.values())]
        if sum(map(len, bodies)) > LARGEST:
            return
        forms = [(name, headers) for name, (headers, _body) in page.forms.items()]
        about = [page.headers, page.etag, page.scopes, page.numbers, forms]
        head = json.dumps([key, list(map(len, bodies)), *about]).encode()
        place = self._place(key)
        own = place.with_name(f"{place.name}.{os.getpid()}.{threading.get_ident()}")
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                own.write_bytes(b"\n".join([head, b"".join(bodies)]))
                own.replace(place)  # whole, or not at all
            finally:
                own.unlink(missing_ok=True)

    def get(self, key: Sequence[str]) -> Shelved | None:
        """The page that somebody has put there last."""
        try:
            written = self._place(key).read_bytes()
            return _read(written) if written.startswith(json.dumps([key]).encode()[:-1]) else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def _place(self, key: Sequence[str]) -> Path:
        number = int.from_bytes(sha256(json.dumps(key).encode()).digest()[:4]) % PLACES
        return self.folder / f"{number:03}"


def _read(written: bytes) -> Shelved:
    """A page of what was written; raises `ValueError` or `TypeError` when that is not whole."""
    head, _sign, bodies = written.partition(b"\n")
    _key, lengths, headers, etag, scopes, numbers, forms = json.loads(head)
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(bodies) or not scopes or not isinstance(numbers, dict):
        raise ValueError("not a whole page")
    body, *others = [bodies[start:end] for start, end in pairwise(ends)]
    small = {name: (_pairs(some), other) for (name, some), other in zip(forms, others, strict=True)}
    return Shelved(_pairs(headers), body, etag, tuple(scopes), numbers, small)


def _pairs(headers: Sequence[Sequence[str]]) -> Headers:
    return [(name, value) for name, value in headers]


def shelf_in(folder: Path) -> Shelf | None:
    """The shelf that this process has in common with its neighbours, in a folder of theirs among those of other servers.

    What is left of servers that are gone, and of older code, is taken away. None where nothing tells who one's parent is.
    """
    server, state = _server(os.getppid()), _state_of_code()
    if server is None or state is None:
        return None
    own = f"{server}.{state}"
    with suppress(OSError):
        for old in folder.iterdir():
            of, _dot, _state = old.name.rpartition(".")
            pid = of.partition("-")[0]
            is_elsewhere = pid.isdecimal() and of != server and _server(int(pid)) == of
            if of and old.name != own and not is_elsewhere:
                shutil.rmtree(old, ignore_errors=True)
    return Shelf(folder / own)


def _server(pid: int) -> str | None:
    """A name for a process that no other one has, before or after it: its number, when it began, and since which start."""
    try:
        boot = PROCESSES.joinpath("sys/kernel/random/boot_id").read_text().strip()
        words = PROCESSES.joinpath(str(pid), "stat").read_bytes().rpartition(b")")[2].split()
        return f"{pid}-{int(words[19])}-{boot}"
    except (OSError, ValueError, IndexError):
        return None


def _state_of_code() -> str | None:
    """A name for the files that pages are made of, libraries among them: a server may load new ones while it runs."""
    folders = filter(Path.exists, map(Path, site.getsitepackages()))
    files = [path for name in CODE for path in (TOP / name, *(TOP / name).rglob("*"))]
    written = [path for path in files if path.is_file() and path.parent.name != "__pycache__"]
    try:
        seen = [(path, path.stat()) for path in sorted([*folders, *written])]
    except OSError:  # somebody is at it
        return None
    said = [f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in seen]
    return sha256("\n".join(said).encode()).hexdigest()[:16]
