"""Work after the commit: the loop of the worker, and a server with its worker in one process group.

The rows are the queue: an event that is not done is what has to be done, so nothing is lost when a worker dies.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from forum.errors import Refusal
from forum.settings import LAST_PORT

log = logging.getLogger("forum.jobs")

IDLE_SECONDS = 1.0
# Between two portions of work: SQLite hands its lock to whoever asks first, and people who write have been waiting.
BREATH_SECONDS = 0.05
TROUBLED_SECONDS = 10.0
PROVEN_SECONDS = 5.0  # who has lived so long once was set up well, and is started again for ever
AGAIN_SECONDS = 2.0  # between two starts of the same command
STOP_SECONDS = 20
THREADS = 160  # of each server process, more than may send slowly (`admission.SENDERS`); started when they are needed
# Of each server process. A browser that rests between two pages holds one, too, until the server ends it after ten seconds.
CONNECTIONS = 1_000
OTHER_FILES = 200  # that a process opens besides its connections, at most
PR_SET_PDEATHSIG = 1
LET_GO_SECONDS = 3.0


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
                pause = min(BREATH_SECONDS, pause) if task() else pause
            except Exception:
                log.exception("task %s failed and will be tried again", name)
                pause = TROUBLED_SECONDS
        return pause

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(min(0.2, seconds))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True


def every(seconds: float, task: Callable[[], int]) -> Callable[[], int]:
    """A task that rests for a while when there was nothing to do."""
    rests_until = 0.0

    def run() -> int:
        nonlocal rests_until
        if time.monotonic() < rests_until:
            return 0
        done = task()
        rests_until = 0.0 if done else time.monotonic() + seconds
        return done

    return run


def sign_of_life(path: Path) -> Callable[[], int]:
    """A task that leaves a sign of life: the time of the file is when the worker last came by."""

    def leave() -> int:
        with suppress(OSError):  # a full disk is no reason to rest
            path.touch()
        return 0

    return leave


class Kept:
    """A command that is kept running in a process group of its own, so that nothing it began outlives it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._is_proven = self._is_asked = False
        self._left_at: float | None = None
        self._start()

    def look(self) -> int | None:
        """Start it again when it has ended; its exit code when it never lived long enough to be set up well."""
        lived = time.monotonic() - self._begun
        self._is_proven = self._is_proven or lived > PROVEN_SECONDS
        code = self.process.poll()
        if code is None:
            return None
        if not self._is_proven:
            return code
        self._leave(code)
        if lived > AGAIN_SECONDS:
            self._start()
        return None

    def renew(self) -> None:
        """Let new code take over: granian changes its workers one by one, anything else ends and comes back."""
        self._is_proven = True
        is_rolling = "granian" in self.command
        self._is_asked = not is_rolling
        self.process.send_signal(signal.SIGHUP if is_rolling else signal.SIGTERM)

    def stop(self, is_patient: bool = True) -> None:
        """Ask it to end, or end it with all that it began."""
        if is_patient:
            self.process.terminate()
            return
        self._signal_group(signal.SIGKILL)
        self.process.wait()

    def _start(self) -> None:
        # A group of its own; and Linux tells it when this process is killed, so that it holds no port then.
        self.process = subprocess.Popen(  # noqa: S603  # our own commands
            self.command,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # there is one thread
        )
        self._begun, self._left_at, self._is_asked = time.monotonic(), None, False

    def _leave(self, code: int) -> None:
        """Once for each end: say it, and let processes that have lost the one above them finish."""
        if self._left_at is None:
            self._left_at = time.monotonic()
            is_planned = self._is_asked and code in (0, -signal.SIGTERM)
            level = logging.INFO if is_planned else logging.ERROR
            log.log(level, "%s ended with %s and is started again", self.command[2], code)
            self._signal_group(signal.SIGTERM)

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def run_together(commands: Sequence[Sequence[str]]) -> int:
    """Keep commands running side by side until SIGTERM or Ctrl-C, which end them all; SIGHUP renews them.

    One that ends is started again. One that ends in its first moments was not set up well: then all end, and
    this says its exit code.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    kept: list[Kept] = []

    def renew(*_signal: object) -> None:
        for one in kept:
            one.renew()

    signal.signal(signal.SIGHUP, renew)
    try:
        kept += [Kept(command) for command in commands]
        while True:
            for one in kept:
                if (code := one.look()) is not None:
                    return code
            time.sleep(0.2)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(kept)


def _stop(kept: Sequence[Kept]) -> None:
    for one in kept:
        one.stop()
    for one in kept:
        with suppress(subprocess.TimeoutExpired):
            one.process.wait(timeout=STOP_SECONDS)
    for one in kept:
        one.stop(is_patient=False)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def place_to_listen(host: str, port: int) -> str:
    """The IP address of a host at which a server can begin to listen. Raises `Refusal` where none can.

    To be asked before one begins: granian shares a port with whoever has it, and each gets readers of the other.
    """
    if not 0 < port <= LAST_PORT:
        raise Refusal(f"There is no port {port}: ports have numbers from 1 to {LAST_PORT}.")
    try:
        family, kind, *_names, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        _try_to_bind(family, kind, place)
    except (OSError, UnicodeError) as error:
        door = written_out(host, port)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise Refusal(f"Another program listens at {door} already.") from error
        why = getattr(error, "strerror", None) or error
        raise Refusal(f"Nobody can listen at {door}: {why}.") from error
    return str(place[0])


def written_out(host: str, port: int) -> str:
    """Host and port as an address has them: IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _try_to_bind(family: int, kind: int, place: Any) -> None:
    """Take a port and let go of it. Waits for a server that has been killed and is about to let go of it, too."""
    until = time.monotonic() + LET_GO_SECONDS
    while True:
        with socket.socket(family, kind) as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return door.bind(place)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
        time.sleep(0.1)


def server_commands(host: str, port: int, workers: int) -> list[list[str]]:
    """The commands of a whole forum: granian with its workers, and the worker for what follows."""
    server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port"]
    server += [str(port), "--workers", str(workers), "--no-ws", "--http", "1"]
    # Threads cost little while they wait for a slow sender; `admission` says how many may be at work
    server += ["--blocking-threads", str(THREADS), "--backpressure", str(_connections())]
    server += ["--backlog", "256", "--http1-header-read-timeout", "10000"]
    server += ["--respawn-failed-workers", "--workers-kill-timeout", "15"]  # one may hang
    server += ["--log-level", "error", "wsgi:app"]
    return [server, [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]]


def _connections() -> int:
    """How many connections a process may hold: where fewer files may be open than that takes, fewer."""
    wanted = CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))  # what is started inherits it
    return max(THREADS, wanted - OTHER_FILES)
