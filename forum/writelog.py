"""Signs of writing, for the processes of one machine: a small file in memory that all of them look at.

For a database whose server gives no sign of its own that costs less than a question. Each process has a place in the
file. It says there that it is about to commit, and once that is done, it notes what it has changed, counts up and takes the
first sign back; only then is anybody answered. So whoever sees nobody's first sign, and the counts as they were, knows
that nothing was written; and whoever sees other counts, what was.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from hashlib import blake2b
from mmap import mmap
from pathlib import Path
from struct import Struct

PLACES = 256  # processes that may write at the same time
COUNT = Struct("=Q")
ALL_COUNTS = Struct(f"={PLACES}Q")
COUNTS = PLACES + PLACES * COUNT.size  # first who is about to commit, a byte each, then the counts
NOTES = 32  # commits of each process of which is noted what they changed: the last ones
MARKS = 7  # things that one commit may have changed; of more than that is said that it is anything
NOTE = Struct(f"={1 + MARKS}Q")  # the number of the commit, and marks
SIZE = COUNTS + PLACES * NOTES * NOTE.size
NOBODY = bytes(PLACES)
NOTHING, ALL = 0, 1  # marks that no name has
LOOK_AFTER_SECONDS = 1.0


@lru_cache(maxsize=10_000)
def mark_of(name: str) -> int:
    """What stands for a name in a note. Two may have the same: then more seems changed than was."""
    (mark,) = COUNT.unpack(blake2b(name.encode(), digest_size=COUNT.size).digest())
    return int(mark) | 2


@cache
def signs_in(path: Path) -> Signs:
    """The signs in a file, by its real path, which a process opens once and for ever: closing it gives all its locks back."""
    return Signs(path)


class Signs:
    """The signs in one file; see `signs_in`. A process takes its place when it first writes.

    `settle`, which may be set, waits until every commit that was begun is over; it says whether that is so.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < SIZE:
            _extend(self._file)
        self._signs = mmap(self._file, SIZE)
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._owner, self._place = 0, -1
        self._unsettled = 0  # commits of this process of which nobody knows what became of them
        self._looked_at = 0.0
        self.settle: Callable[[], bool] = lambda: True

    def moment(self) -> bytes | None:
        """What stays the same until somebody writes; None while somebody is about to, and after a crash then."""
        # In this order: who begins and ends in between has counted up.
        if self._signs[:PLACES] != NOBODY:
            self._look_after()
            return None
        return self._signs[PLACES:COUNTS]

    def changed(self, before: bytes, moment: bytes) -> frozenset[int] | None:
        """The marks (`mark_of`) of what was changed between two moments; None where nobody can say all of it."""
        found: set[int] = set()
        then, now = ALL_COUNTS.unpack(before), ALL_COUNTS.unpack(moment)
        for place in (place for place in range(PLACES) if then[place] != now[place]):
            if not 0 < now[place] - then[place] < NOTES:
                return None
            for count in range(then[place], now[place]):
                noted, *marks = NOTE.unpack_from(self._signs, _note_at(place, count))
                if noted != count + 1 or ALL in marks:
                    return None
                found.update(marks)
            # A process that went on meanwhile may have written over what was just read.
            if self._count(place) - then[place] >= NOTES:
                return None
        return frozenset(found - {NOTHING})

    @contextmanager
    def announced(self, names: Collection[str] = ()) -> Iterator[None]:
        """Commit within, what changes the things of these names (of none: anything).

        When that is over, everybody sees that the moment is another one.

        After an exception the commit may still be under way: the sign stays until it is known to be over.
        """
        if self._owner != os.getpid():
            with (
                self._looking
            ):  # whoever looks after others takes places for a moment, and lets go of them
                self._take_place()
        place = self._place
        with self._lock:
            self._signs[place] += 1
        try:
            yield
        except BaseException:
            with self._lock:
                self._unsettled += 1
            raise
        with self._lock:
            self._count_up(place, [mark_of(name) for name in names])
            self._signs[place] -= 1
        if self._unsettled:  # nobody else takes away the signs of a process that lives
            self._look_after()

    def _take_place(self) -> None:
        """Take a place for this process, of which it holds a lock as long as it lives; a forked one takes another."""
        if self._owner == os.getpid():
            return  # another thread was faster
        free = (place for place in range(PLACES) if not self._signs[place])
        self._place = next((place for place in free if self._is_taken(place)), -1)
        if self._place < 0:
            raise OSError(f"more than {PLACES} processes write, or many of them were killed")
        self._owner, self._unsettled = os.getpid(), 0

    def _is_taken(self, place: int) -> bool:
        """Lock a place, if no living process has it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            return False
        return True

    def _count_up(self, place: int, marks: Collection[int] = ()) -> None:
        count = self._count(place)
        noted = [*marks] if 0 < len(marks) <= MARKS else [ALL]
        note = NOTE.pack(count + 1, *noted, *[NOTHING] * (MARKS - len(noted)))
        where = _note_at(place, count)
        self._signs[where : where + NOTE.size] = note
        # At once: packed into its place, it would be 0 for a moment.
        at = PLACES + place * COUNT.size
        self._signs[at : at + COUNT.size] = COUNT.pack(count + 1)

    def _count(self, place: int) -> int:
        (count,) = COUNT.unpack_from(self._signs, PLACES + place * COUNT.size)
        return int(count)

    def _look_after(self) -> None:
        """Now and then: take away the signs of commits of which nobody will say that they are over."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._looked_at < LOOK_AFTER_SECONDS:
                return
            self._looked_at = time.monotonic()
            self._take_away()
        finally:
            self._looking.release()

    def _take_away(self) -> None:
        own = self._place if self._owner == os.getpid() else -1
        unsettled = self._unsettled if own >= 0 else 0
        signed = (place for place in range(PLACES) if place != own and self._signs[place])
        dead = [place for place in signed if self._is_taken(place)]  # so nobody can come there
        try:
            if not (dead or unsettled) or not self.settle():
                return
            with self._lock:
                for place in dead:
                    self._count_up(place)
                    self._signs[place] = 0
                if unsettled:
                    self._count_up(own)
                    self._signs[own] -= unsettled
                    self._unsettled -= unsettled
        finally:
            for place in dead:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)


def _extend(file: int) -> None:
    """Make room for all signs: on a full disk this fails, and not whoever writes one."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, SIZE)
    else:
        os.truncate(file, SIZE)


def _note_at(place: int, count: int) -> int:
    """Where a process notes what its commit of that number changed."""
    return COUNTS + (place * NOTES + count % NOTES) * NOTE.size
