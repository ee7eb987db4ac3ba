"""Work after the commit: the loop of the worker, and a server with its worker in one process group.

The rows are the queue: an event that is not done is what has to be done, so nothing is lost when a worker dies.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

log = logging.getLogger("forum.jobs")

IDLE_SECONDS = 1.0
TROUBLED_SECONDS = 10.0


class Worker:
    """Runs tasks over and over until it is told to stop. A task returns how much it did."""

    def __init__(self, tasks: Mapping[str, Callable[[], int]]) -> None:
        self.tasks = tasks
        self.is_stopping = False

    def run_until_stopped(self) -> None:
        """Work until SIGTERM or SIGINT; a task that is under way is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.is_stopping:
            self._rest(self.run_once())

    def run_once(self) -> float:
        """Run every task once; says for how many seconds there is nothing to do."""
        pause = IDLE_SECONDS
        for name, task in self.tasks.items():
            try:
                pause = 0 if task() else pause
            except Exception:
                log.exception("task %s failed and will be tried again", name)
                pause = TROUBLED_SECONDS
        return pause

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(0.2)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True


def sign_of_life(path: Path) -> Callable[[], int]:
    """A task that leaves a sign of life: the time of the file is when the worker last came by."""

    def leave() -> int:
        with suppress(OSError):  # a full disk is no reason to rest
            path.touch()
        return 0

    return leave


def run_together(commands: Sequence[Sequence[str]]) -> int:
    """Run commands side by side in this process group; when one ends, end the others. Says its exit code."""
    running = [subprocess.Popen(command) for command in commands]  # noqa: S603  # our own commands
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while all(process.poll() is None for process in running):
            time.sleep(0.2)
        return next(code for process in running if (code := process.poll()) is not None)
    except KeyboardInterrupt:
        _wait_for(running)  # Ctrl-C reached the whole group; a second signal would cut them short
        return 0
    finally:
        for process in running:
            process.terminate()
        _wait_for(running)
        for process in running:
            process.kill()  # does nothing to those that have ended


def _wait_for(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)


def server_commands(host: str, port: int, workers: int) -> list[list[str]]:
    """The commands of a whole forum: granian with its workers, and the worker for what follows."""
    server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port"]
    server += [str(port), "--workers", str(workers), "--blocking-threads", "4", "--no-ws"]
    server += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]  # one may hang
    server += ["--log-level", "warning", "wsgi:app"]
    return [server, [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]]
