"""A shelf of rendered pages in a folder, for the processes of one server: what one has made the others need not.

It says nothing about whether a page is still true: whoever takes one compares its numbers, as with a page of one's own.
The folder belongs to one server and one state of its code, so that no page outlives the templates that made it, or comes
to a database that was restored, whose numbers begin again.
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
from pathlib import Path
from typing import NamedTuple

PLACES = 256  # files: of two pages that belong in one place the last is there
LARGEST = 300_000  # bytes of one
PROCESSES = Path("/proc")
TOP = Path(__file__).parents[1]
CODE = ("forum", "templates", "static", "wsgi.py")

Headers = Sequence[tuple[str, str]]


class Shelved(NamedTuple):
    """A page as it lies there: what it depends on, and headers and body in each of its forms."""

    etag: str
    scopes: Sequence[str]
    numbers: Mapping[str, int]
    forms: Mapping[str, tuple[Headers, bytes]]


class Shelf:
    """The pages of one server. One that cannot be written or read is not there: nobody needs a shelf."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: Sequence[str], page: Shelved) -> None:
        """Let the others have a page."""
        forms = [(name, headers, len(body)) for name, (headers, body) in page.forms.items()]
        head = json.dumps([key, page.etag, page.scopes, page.numbers, forms]).encode()
        bodies = b"".join(body for _headers, body in page.forms.values())
        if len(bodies) > LARGEST:
            return
        place = self._place(key)
        own = place.with_name(f"{place.name}.{os.getpid()}.{threading.get_ident()}")
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                own.write_bytes(b"%b\n%b" % (head, bodies))
                own.replace(place)  # whole, or not at all
            finally:
                own.unlink(missing_ok=True)

    def get(self, key: Sequence[str]) -> Shelved | None:
        """The page that somebody has put there last."""
        try:
            head, _sign, bodies = self._place(key).read_bytes().partition(b"\n")
            of, etag, scopes, numbers, forms = json.loads(head)
        except (OSError, ValueError, TypeError):
            return None
        if of != list(key):
            return None
        found: dict[str, tuple[Headers, bytes]] = {}
        for name, headers, length in forms:
            found[name] = [(header, value) for header, value in headers], bodies[:length]
            bodies = bodies[length:]
        return Shelved(etag, tuple(scopes), numbers, found)

    def _place(self, key: Sequence[str]) -> Path:
        number = int.from_bytes(sha256("\n".join(key).encode()).digest()[:4]) % PLACES
        return self.folder / f"{number:03}"


def shelf_in(folder: Path) -> Shelf | None:
    """The shelf that this process has in common with its neighbours, in a folder of theirs among those of other servers.

    What is left of servers that are gone, and of older code, is taken away. None where nothing tells who one's parent is.
    """
    server = _server(os.getppid())
    if server is None:
        return None
    own = f"{server}.{_state_of_code()}"
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
        began = PROCESSES.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
    return f"{pid}-{began}-{boot}"


def _state_of_code() -> str:
    """A name for the files that pages are made of, libraries among them: a server may load new ones while it runs."""
    folders = [Path(folder) for folder in site.getsitepackages()]
    files = [path for name in CODE for path in (TOP / name, *(TOP / name).rglob("*"))]
    written = [path for path in files if path.is_file() and path.suffix != ".pyc"]
    seen = ((str(path), path.stat()) for path in sorted([*folders, *written]))
    said = [f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in seen]
    return sha256("\n".join(said).encode()).hexdigest()[:16]
