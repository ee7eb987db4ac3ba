"""The worker's loop.

The rows are the queue: an event that is not done is work to be done, so nothing is lost when a worker is killed.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from os.path import samestat
from pathlib import Path
from types import FrameType
from typing import IO

from forum.errors import Busy

log = logging.getLogger("forum.jobs")

IDLE_SECONDS = 1.0
# Seconds between two batches of work: SQLite gives its lock to whoever asks first, and members who write are waiting
# for it.
BUSY_PAUSE_SECONDS = 0.05
FAILURE_PAUSE_SECONDS = 10.0
LONG_SECONDS = 1.0  # seconds that a task may take without a rest after it


class Worker:
    """Runs tasks over and over until it is told to stop. A task returns how much it did."""

    def __init__(self, tasks: Mapping[str, Callable[[], int]]) -> None:
        self.tasks = tasks
        self.is_stopping = False
        self.rests_until: dict[str, float] = {}  # of tasks that have failed

    def run_until_stopped(self) -> None:
        """Work until SIGTERM or SIGINT; a running task is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.is_stopping:
            self._rest(self.run_once())

    def run_once(self) -> float:
        """Run every task once; returns for how many seconds to pause.

        A task that fails is tried again after `FAILURE_PAUSE_SECONDS`. The others go on meanwhile.
        """
        pause = IDLE_SECONDS
        for name, task in self.tasks.items():
            if time.monotonic() < self.rests_until.get(name, 0.0):
                continue
            try:
                pause = BUSY_PAUSE_SECONDS if task() else pause
            except Busy:
                log.warning("task %s waits: another program is writing", name)
            except Exception:
                log.exception("task %s failed and will be tried again", name)
                self.rests_until[name] = time.monotonic() + FAILURE_PAUSE_SECONDS
        return pause

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(min(0.2, seconds))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True


def every(seconds: float, task: Callable[[], int]) -> Callable[[], int]:
    """A task that, after finding nothing to do, is not run again for some seconds."""
    next_at = 0.0

    def run() -> int:
        nonlocal next_at
        if time.monotonic() < next_at:
            return 0
        done = task()
        next_at = 0.0 if done else time.monotonic() + seconds
        return done

    return run


def persistent(seconds: float, task: Callable[[], int]) -> Callable[[], int]:
    """A task that is run again, after a short pause, while it finds something to do, for some seconds at most.

    Otherwise each batch of what came in fast would wait for every other task.
    """

    def run() -> int:
        until, total = time.monotonic() + seconds, 0
        while done := task():
            total += done
            if time.monotonic() >= until:
                break
            time.sleep(BUSY_PAUSE_SECONDS)
        return total

    return run


def sparing(task: Callable[[], int]) -> Callable[[], int]:
    """A task that rests for as long as it took, if that was long: it never takes more than half of the worker's time."""
    next_at = 0.0

    def run() -> int:
        nonlocal next_at
        began = time.monotonic()
        if began < next_at:
            return 0
        try:
            return task()
        finally:
            ended = time.monotonic()
            took = ended - began
            next_at = ended + took if took >= LONG_SECONDS else 0.0

    return run


def heartbeat(path: Path) -> Callable[[], int]:
    """A task that touches a file, whose modification time says when the worker was last active.

    The worker locks the file from then on, so that `machine.is_held` says whether there is one, however it ended.
    """
    held: list[IO[bytes]] = []

    def touch() -> int:
        with suppress(OSError):  # the worker goes on even when the disk is full
            path.touch()
            if not any(samestat(os.fstat(file.fileno()), path.stat()) for file in held):
                held[:] = [path.open("rb")]  # for the first time, or somebody has moved it away
                fcntl.flock(held[0], fcntl.LOCK_SH)
        return 0

    return touch
