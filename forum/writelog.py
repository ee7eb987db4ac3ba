"""A file in shared memory in which the processes of this machine announce commits and record what they changed.

It is for databases whose server has no cheap sign that something was written (PostgreSQL), and costs less than a
query. Each process has a slot in the file. It announces there that it is about to commit; after the commit it records
what it has changed, counts the commit, and withdraws the announcement. Only then is the request answered. So a
process that sees no announcement and the same counts as before knows that nothing was written; one that sees other
counts knows what was.
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

# The layout of the file: for each slot a byte, the number of its announced commits; then for each slot the count of
# its finished commits; then for each slot notes about its last commits, as a ring buffer.
SLOTS = 256  # processes that may write at the same time
COUNT = Struct("=Q")
ALL_COUNTS = Struct(f"={SLOTS}Q")
NOTES_START = SLOTS + SLOTS * COUNT.size
NOTES_PER_SLOT = 32
HASHES_PER_NOTE = 7  # a commit with more changes counts as having changed everything
NOTE = Struct(f"={1 + HASHES_PER_NOTE}Q")  # the number of the commit, and hashes
SIZE = NOTES_START + SLOTS * NOTES_PER_SLOT * NOTE.size
NO_WRITERS = bytes(SLOTS)
NO_HASH, ANY_HASH = 0, 1  # `hash_of` never returns these
CLEAN_UP_SECONDS = 1.0


@lru_cache(maxsize=10_000)
def hash_of(name: str) -> int:
    """The hash that stands for a name in a note. If two names share one, more seems to have changed than has."""
    (number,) = COUNT.unpack(blake2b(name.encode(), digest_size=COUNT.size).digest())
    return int(number) | 2


@cache
def open_log(path: Path) -> WriteLog:
    """The log in a file, given by its real path.

    A process opens it once and never closes it, because that would release all locks that the process holds on the
    file.
    """
    return WriteLog(path)


class WriteLog:
    """The log in one file; see `open_log`. A process claims its slot when it first writes.

    `wait_for_commits`, which may be set, waits until all commits that have begun are over, and returns whether they
    are.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < SIZE:
            _allocate(self._file)
        self._log = mmap(self._file, SIZE)
        self._lock, self._cleaning = threading.Lock(), threading.Lock()
        self._owner_pid, self._slot = 0, -1
        self._unfinished = 0  # commits of this process that failed, and may still be in progress
        self._cleaned_at = 0.0
        self.wait_for_commits: Callable[[], bool] = lambda: True

    def stamp(self) -> bytes | None:
        """The counts of all slots, which stay the same until somebody writes.

        None while somebody is about to commit, and after a process died during that.
        """
        # In this order: a commit that begins and ends between the two reads has been counted.
        if self._log[:SLOTS] != NO_WRITERS:
            self._clean_up()
            return None
        return self._log[SLOTS:NOTES_START]

    def changed_between(self, before: bytes, after: bytes) -> frozenset[int] | None:
        """The hashes (`hash_of`) of everything changed between two stamps; None if the notes are incomplete."""
        found: set[int] = set()
        then, now = ALL_COUNTS.unpack(before), ALL_COUNTS.unpack(after)
        for slot in (slot for slot in range(SLOTS) if then[slot] != now[slot]):
            if not 0 < now[slot] - then[slot] < NOTES_PER_SLOT:
                return None
            for count in range(then[slot], now[slot]):
                commit, *hashes = NOTE.unpack_from(self._log, _note_offset(slot, count))
                if commit != count + 1 or ANY_HASH in hashes:
                    return None
                found.update(hashes)
            # Its process may have overwritten meanwhile what was just read.
            if self._count(slot) - then[slot] >= NOTES_PER_SLOT:
                return None
        return frozenset(found - {NO_HASH})

    @contextmanager
    def announce(self, names: Collection[str] = ()) -> Iterator[None]:
        """Inside, a commit changes what these names stand for, or anything if there are none.

        Afterwards every process sees another stamp. When an exception is raised, the commit may still be in progress:
        the announcement stays until it is known to be over.
        """
        if self._owner_pid != os.getpid():
            with self._cleaning:  # cleaning locks slots of others for a moment
                self._claim_slot()
        slot = self._slot
        with self._lock:
            self._log[slot] += 1
        try:
            yield
        except BaseException:
            with self._lock:
                self._unfinished += 1
            raise
        with self._lock:
            self._count_up(slot, [hash_of(name) for name in names])
            self._log[slot] -= 1
        if self._unfinished:  # no other process withdraws the announcements of a living one
            self._clean_up()

    def _claim_slot(self) -> None:
        """Claim a free slot and hold a lock on it for the life of this process; a forked process claims its own."""
        if self._owner_pid == os.getpid():
            return  # another thread was faster
        free = (slot for slot in range(SLOTS) if not self._log[slot])
        self._slot = next((slot for slot in free if self._lock_slot(slot)), -1)
        if self._slot < 0:
            raise OSError(f"more than {SLOTS} processes write, or many of them were killed")
        self._owner_pid, self._unfinished = os.getpid(), 0

    def _lock_slot(self, slot: int) -> bool:
        """Lock a slot; returns False if a living process holds it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except BlockingIOError:
            return False
        return True

    def _count_up(self, slot: int, hashes: Collection[int] = ()) -> None:
        count = self._count(slot)
        noted = [*hashes] if 0 < len(hashes) <= HASHES_PER_NOTE else [ANY_HASH]
        note = NOTE.pack(count + 1, *noted, *[NO_HASH] * (HASHES_PER_NOTE - len(noted)))
        start = _note_offset(slot, count)
        self._log[start : start + NOTE.size] = note
        # In one step, because `pack_into` would write zeros first, which others could read.
        start = SLOTS + slot * COUNT.size
        self._log[start : start + COUNT.size] = COUNT.pack(count + 1)

    def _count(self, slot: int) -> int:
        (count,) = COUNT.unpack_from(self._log, SLOTS + slot * COUNT.size)
        return int(count)

    def _clean_up(self) -> None:
        """Withdraw abandoned announcements, at most once in `CLEAN_UP_SECONDS`."""
        if not self._cleaning.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._cleaned_at < CLEAN_UP_SECONDS:
                return
            self._cleaned_at = time.monotonic()
            self._withdraw_abandoned()
        finally:
            self._cleaning.release()

    def _withdraw_abandoned(self) -> None:
        """Withdraw the announcements of dead processes, and those of failed commits of this one.

        Their commits count as having changed anything, because nobody knows what became of them.
        """
        own = self._slot if self._owner_pid == os.getpid() else -1
        unfinished = self._unfinished if own >= 0 else 0
        announced = (slot for slot in range(SLOTS) if slot != own and self._log[slot])
        # Nobody else can claim them now
        dead = [slot for slot in announced if self._lock_slot(slot)]
        try:
            if not (dead or unfinished) or not self.wait_for_commits():
                return
            with self._lock:
                for slot in dead:
                    self._count_up(slot)
                    self._log[slot] = 0
                if unfinished:
                    self._count_up(own)
                    self._log[own] -= unfinished
                    self._unfinished -= unfinished
        finally:
            for slot in dead:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)


def _allocate(file: int) -> None:
    """Allocate the whole file, so that a full disk is an error now and not, later, a signal that kills a writer."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, SIZE)
    else:
        os.truncate(file, SIZE)


def _note_offset(slot: int, count: int) -> int:
    """The offset at which the process in a slot records what its commit after `count` others has changed."""
    return NOTES_START + (slot * NOTES_PER_SLOT + count % NOTES_PER_SLOT) * NOTE.size
