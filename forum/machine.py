"""The machine: disk space, sizes and times of files, memory and garbage, and checks with a time limit."""

from __future__ import annotations

import fcntl
import gc
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

A = TypeVar("A")
MAX_FILES = 20_000  # of a folder whose sizes are added
TRIM_SECONDS = 10
COLLECT_SECONDS = 0.1  # between two looks whether garbage is to be collected


def try_to_write(folder: Path) -> None:
    """Write a small file into a folder and delete it; raises `OSError` when there is no space, or no permission."""
    path = folder / f"try-{os.getpid()}-{threading.get_ident()}"
    try:
        path.write_bytes(bytes(4_096))
    finally:
        path.unlink(missing_ok=True)


def is_shut(path: Path) -> bool:
    """Whether the user that runs the forum has no access to a file or folder.

    That is the user of this process. Root has access to everything: then it is the owner of the folder around it, if
    not root.
    """
    if not path.exists():
        return False
    if os.geteuid():
        return not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0))
    around = path.parent.stat().st_uid
    return around not in (0, path.stat().st_uid)


def bytes_in(folder: Path) -> int:
    """The size in bytes of the files in a folder and below it, of the first `MAX_FILES`."""
    named = (Path(at, name) for at, _below, names in os.walk(folder) for name in names)
    return sum(map(_bytes_of, islice(named, MAX_FILES)))


def _bytes_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # it was deleted a moment ago
        return 0


def time_of(path: Path) -> datetime | None:
    """When a file was last written or touched; None when there is none."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None


class Hold:
    """A lock on a folder, or on a file that is created if need be, so that `is_held` says so to others.

    It ends with this object or with the process. Several processes can hold the same path.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            path.touch()
        self._file = os.open(path, os.O_RDONLY)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def __del__(self) -> None:
        if hasattr(self, "_file"):  # it could be opened
            os.close(self._file)


def is_held(path: Path) -> bool:
    """Whether a living program has locked a file or folder.

    What a file says by its time is wrong while that program is busy, and after its end.
    """
    try:
        tried = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(tried, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(tried)
    return False


class Trimmer:
    """Returns memory to the system: calls malloc_trim(3) after a page, at most every ten seconds.

    Pages of many sizes leave freed memory as holes between used blocks, a tenth of a process. Trimming takes one or
    two milliseconds.
    """

    def __init__(self, malloc_trim: Callable[[int], object]) -> None:
        self._malloc_trim = malloc_trim
        self._next = time.monotonic() + TRIM_SECONDS

    def __call__(self, _error: BaseException | None = None) -> None:
        """To be called at the end of each request."""
        now = time.monotonic()
        if now >= self._next:  # not locked: at worst two threads trim at once
            self._next = now + TRIM_SECONDS
            self._malloc_trim(0)


def collect_apart() -> None:
    """Collect garbage in a thread of its own, by the thresholds of `gc`, and nowhere else.

    Python does so between two instructions since 3.12. Before, it collects in the middle of any allocation. When that is
    the dictionary of an object's attributes, which SQLAlchemy asks each row for, and the rows of an earlier page are
    collected, two dictionaries can own the same attributes, and the process crashes later. While this thread collects,
    no other one is in the middle of an allocation.
    """
    gc.disable()
    threading.Thread(target=_collect_for_ever, name="collector", daemon=True).start()


def _collect_for_ever() -> None:
    while True:
        time.sleep(COLLECT_SECONDS)
        generation = generation_due(gc.get_count(), gc.get_threshold())
        if generation is not None:
            gc.collect(generation)


def generation_due(counts: Sequence[int], thresholds: Sequence[int]) -> int | None:
    """The oldest generation to collect, as Python itself chooses it; None while few objects are new."""
    if counts[0] <= thresholds[0]:
        return None
    return max(at for at, count in enumerate(counts) if count > thresholds[at])


class Probe(Generic[A]):
    """Runs a check in a thread of its own, one at a time, so that callers wait no longer than some seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._asked: Future[A] | None = None

    def ask(self, question: Callable[[], A]) -> A:
        """The result of `question`; raises `TimeoutError` when it takes too long, or what the question raises.

        While one is running, further callers wait for its result.
        """
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                told = (self._asked, question)
                threading.Thread(target=_answer, args=told, daemon=True).start()
            asked = self._asked
        return asked.result(self.seconds)


def _answer(asked: Future[A], question: Callable[[], A]) -> None:
    try:
        asked.set_result(question())
    except Exception as error:
        asked.set_exception(error)
