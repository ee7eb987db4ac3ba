"""Signs of writing, for the processes of one machine: a small file in memory that all of them look at.

For a database whose server gives no sign of its own that costs less than a question. Each process has a place in the
file. It says there that it is about to commit, and once that is done, it counts up and takes the first sign back; only then
is anybody answered. So whoever sees nobody's first sign, and the counts as they were, knows that nothing was written.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from mmap import mmap
from pathlib import Path
from struct import Struct

PLACES = 256  # processes that may write at the same time
COUNT = Struct("=Q")
SIZE = PLACES + PLACES * COUNT.size  # first who is about to commit, a byte each, then the counts
NOBODY = bytes(PLACES)
LOOK_AFTER_SECONDS = 1.0


@cache
def signs_in(path: Path) -> Signs:
    """The signs in a file, which a process opens once and for ever: closing it would give back all its locks there."""
    return Signs(path)


class Signs:
    """The signs in one file; see `signs_in`. A process takes its place when it first writes or looks after others."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < SIZE:
            os.truncate(self._file, SIZE)
        self._signs = mmap(self._file, SIZE)
        self._lock = threading.Lock()
        self._owner, self._place = 0, 0
        self._looked_at = 0.0

    def moment(self) -> bytes | None:
        """What stays the same until somebody writes; None while somebody is about to, and after a crash then."""
        # In this order: who begins and ends in between has counted up.
        if self._signs[:PLACES] != NOBODY:
            self._look_after()
            return None
        return self._signs[PLACES:]

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Commit within; when that is over, whatever came of it, everybody sees that the moment is another one."""
        with self._lock:
            place = self._own_place()
            self._signs[place] += 1
        try:
            yield
        finally:
            with self._lock:
                self._count_up(place)
                self._signs[place] -= 1

    def _own_place(self) -> int:
        """The place of this process, of which it holds a lock as long as it lives; a forked one takes another."""
        if self._owner != os.getpid():
            self._place = next(place for place in range(PLACES) if self._take(place))
            self._owner = os.getpid()
        return self._place

    def _take(self, place: int) -> bool:
        """Lock a place that nobody has; who had it before may have ended in the middle of something."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            return False
        self._count_up(place)
        self._signs[place] = 0
        return True

    def _count_up(self, place: int) -> None:
        at = PLACES + place * COUNT.size
        (count,) = COUNT.unpack_from(self._signs, at)
        COUNT.pack_into(self._signs, at, count + 1)

    def _look_after(self) -> None:
        """Now and then: take the signs away of processes that have ended in the middle of a commit."""
        with self._lock:
            if time.monotonic() - self._looked_at < LOOK_AFTER_SECONDS:
                return
            self._looked_at = time.monotonic()
            own = self._own_place()
            for place in range(PLACES):
                if place != own and self._signs[place] and self._take(place):
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
