"""Rendered pages in a folder, shared by the processes of one server, so that each page is rendered only once.

The store does not know whether a page is still valid: the reader compares versions, as with a page of its own. The
folder belongs to one server and one version of its code, so that no page outlives the templates it was rendered with.
When a database is restored under a running server, versions count again from old numbers; the server has to be
restarted then, which the page cache needs anyway.
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

SLOTS = 256  # files; of two pages with the same slot, the latest is kept
MAX_BYTES = 300_000  # of one page in all encodings
PROC = Path("/proc")
TOP = Path(__file__).parents[1]
CODE = ("forum", "templates", "static", "wsgi.py")

Headers = list[tuple[str, str]]


class StoredPage(NamedTuple):
    """A page as it was rendered, the versions it depends on, and headers and body in each content encoding."""

    headers: Headers
    etag: str
    scopes: tuple[str, ...]
    versions: Mapping[str, int]
    encoded: dict[str, tuple[Headers, bytes]]


class PageStore:
    """The pages of one server. Errors in reading and writing count as a missing page, because the store is optional."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: Sequence[str], page: StoredPage) -> None:
        """Write a page for the other processes, unless it is larger than `MAX_BYTES`."""
        bodies = [body for _headers, body in page.encoded.values()]
        if sum(map(len, bodies)) > MAX_BYTES:
            return
        encodings = [(name, headers) for name, (headers, _body) in page.encoded.items()]
        fields = [page.headers, page.etag, page.scopes, page.versions, encodings]
        head = json.dumps([key, list(map(len, bodies)), *fields]).encode()
        path = self._path(key)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                temporary.write_bytes(b"\n".join([head, b"".join(bodies)]))
                temporary.replace(path)  # atomically
            finally:
                temporary.unlink(missing_ok=True)

    def get(self, key: Sequence[str]) -> StoredPage | None:
        """The page that was stored last under a key; None if there is none."""
        try:
            written = self._path(key).read_bytes()
            return _parse(written) if written.startswith(json.dumps([key]).encode()[:-1]) else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def _path(self, key: Sequence[str]) -> Path:
        number = int.from_bytes(sha256(json.dumps(key).encode()).digest()[:4]) % SLOTS
        return self.folder / f"{number:03}"


def _parse(written: bytes) -> StoredPage:
    """The page in the content of a file; raises `ValueError` or `TypeError` if it is incomplete."""
    head, _newline, bodies = written.partition(b"\n")
    _key, lengths, headers, etag, scopes, versions, encodings = json.loads(head)
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(bodies) or not encodings or not scopes or not isinstance(versions, dict):
        raise ValueError("not a whole page")
    parts = [bodies[start:end] for start, end in pairwise(ends)]
    encoded = {
        name: (_pairs(own_headers), own_body)
        for (name, own_headers), own_body in zip(encodings, parts, strict=True)
    }
    return StoredPage(_pairs(headers), etag, tuple(scopes), versions, encoded)


def _pairs(headers: Sequence[Sequence[str]]) -> Headers:
    return [(name, value) for name, value in headers]


def open_store(folder: Path) -> PageStore | None:
    """The store that this process shares with the others of its server: a folder of their own inside `folder`.

    Folders of servers that have stopped, and of older code, are deleted. None on systems without `/proc`, where
    nothing identifies the parent process.
    """
    server, code = _process_identity(os.getppid()), _code_fingerprint()
    if server is None or code is None:
        return None
    own = f"{server}.{code}"
    with suppress(OSError):
        for other in folder.iterdir():
            owner, _dot, _code = other.name.rpartition(".")
            if owner and other.name != own and not _is_other_server(owner, server):
                shutil.rmtree(other, ignore_errors=True)
    return PageStore(folder / own)


def _is_other_server(identity: str, own: str) -> bool:
    """Whether another server with this identity is running."""
    pid = identity.partition("-")[0]
    return identity != own and pid.isdecimal() and _process_identity(int(pid)) == identity


def _process_identity(pid: int) -> str | None:
    """A name for a process that is never used again: its id, its start time, and the id of this boot of the machine."""
    try:
        boot = PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
        words = PROC.joinpath(str(pid), "stat").read_bytes().rpartition(b")")[2].split()
        return f"{pid}-{int(words[19])}-{boot}"
    except (OSError, ValueError, IndexError):
        return None


def _code_fingerprint() -> str | None:
    """A hash of the state of all files that pages are made from, including libraries.

    A server may replace its processes by ones with new code while it runs.
    """
    folders = filter(Path.exists, map(Path, site.getsitepackages()))
    files = [path for name in CODE for path in (TOP / name, *(TOP / name).rglob("*"))]
    written = [path for path in files if path.is_file() and path.parent.name != "__pycache__"]
    try:
        seen = [(path, path.stat()) for path in sorted([*folders, *written])]
    except OSError:  # files are being replaced right now
        return None
    lines = [f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in seen]
    return sha256("\n".join(lines).encode()).hexdigest()[:16]
