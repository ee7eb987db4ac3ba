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
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

from forum.errors import Refusal
from forum.settings import LAST_PORT

log = logging.getLogger("forum.jobs")

IDLE_SECONDS = 1.0
# Between two batches of work: SQLite gives its lock to whoever asks first, and members who write are waiting for it.
BUSY_PAUSE_SECONDS = 0.05
FAILURE_PAUSE_SECONDS = 10.0
# A command that once ran for so long is configured well, and always restarted
STARTED_SECONDS = 5.0
READY_SECONDS = 10.0  # that a server may take until what is beside it starts
RESTART_SECONDS = 2.0  # between two starts of the same command
TERMINATE_SECONDS = 20
# Of each server process, started when they are needed; more than bodies that may be read at once (`admission.SENDERS`)
THREADS = 230
# Of each server process. Idle browsers hold one, too, until the server closes it after ten seconds.
CONNECTIONS = 1_000
OTHER_OPEN_FILES = 200  # of a process, besides its connections, at most
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
PORT_RELEASE_SECONDS = 3.0
WORKER_COMMAND = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]


class Worker:
    """Runs tasks over and over until it is told to stop. A task returns how much it did."""

    def __init__(self, tasks: Mapping[str, Callable[[], int]]) -> None:
        self.tasks = tasks
        self.is_stopping = False

    def run_until_stopped(self) -> None:
        """Work until SIGTERM or SIGINT; a task that is running is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.is_stopping:
            self._rest(self.run_once())

    def run_once(self) -> float:
        """Run every task once; returns for how many seconds to pause. A task that fails is tried again."""
        pause = IDLE_SECONDS
        for name, task in self.tasks.items():
            try:
                pause = min(BUSY_PAUSE_SECONDS, pause) if task() else pause
            except Exception:
                log.exception("task %s failed and will be tried again", name)
                pause = FAILURE_PAUSE_SECONDS
        return pause

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(min(0.2, seconds))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True


def every(seconds: float, task: Callable[[], int]) -> Callable[[], int]:
    """A task that, after it found nothing to do, is not run again for some seconds."""
    next_at = 0.0

    def run() -> int:
        nonlocal next_at
        if time.monotonic() < next_at:
            return 0
        done = task()
        next_at = 0.0 if done else time.monotonic() + seconds
        return done

    return run


def heartbeat(path: Path) -> Callable[[], int]:
    """A task that touches a file, whose modification time then says when the worker was last at work."""

    def touch() -> int:
        with suppress(OSError):  # the worker goes on even when the disk is full
            path.touch()
        return 0

    return touch


class SupervisedCommand:
    """A command that is restarted when it ends. It has a process group of its own, so that nothing it started outlives it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._has_started = self._is_asked = False  # has run for a while; was asked to end
        self._ended_at: float | None = None
        self._start()

    def look(self) -> int | None:
        """Restart it if it has ended; returns the exit code of one that has never run for `STARTED_SECONDS`, else None."""
        age = time.monotonic() - self._started_at
        self._has_started = self._has_started or age > STARTED_SECONDS
        code = self.process.poll()
        if code is None:
            return None
        if not self._has_started:
            return code
        self._note_end(code)
        if age > RESTART_SECONDS:
            self._start()
        return None

    def renew(self) -> None:
        """Let it load new code: granian replaces its workers one by one, any other command is ended and restarted."""
        self._has_started = True
        is_rolling = "granian" in self.command
        self._is_asked = not is_rolling
        self.process.send_signal(signal.SIGHUP if is_rolling else signal.SIGTERM)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self.process.terminate()

    def kill(self) -> None:
        """Kill it and everything that it started."""
        self._signal_group(signal.SIGKILL)
        self.process.wait()

    def _start(self) -> None:
        # Linux ends it when this process is killed, so that it does not go on holding the port.
        self.process = subprocess.Popen(  # noqa: S603  # our own commands
            self.command,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # there is one thread
        )
        self._started_at, self._ended_at, self._is_asked = time.monotonic(), None, False

    def _note_end(self, code: int) -> None:
        """Log an end once, and let the child processes that are left finish."""
        if self._ended_at is None:
            self._ended_at = time.monotonic()
            is_planned = self._is_asked and code in (0, -signal.SIGTERM)
            level = logging.INFO if is_planned else logging.ERROR
            log.log(level, "%s ended with %s and is started again", self.command[2], code)
            self._signal_group(signal.SIGTERM)

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def supervise(
    commands: Sequence[Sequence[str]], is_ready: Callable[[], bool] = lambda: True
) -> int:
    """Keep commands running side by side until SIGTERM or Ctrl-C, which end them all; SIGHUP lets them load new code.

    The others start once `is_ready` says so of the first, after `READY_SECONDS` at the latest: readers wait for the server
    alone, which then has the processors to itself while it loads the forum. A command that ends is restarted. If it ends in
    its first seconds its configuration is wrong: then all are ended, and its exit code is returned.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    supervised: list[SupervisedCommand] = []
    first, *others = commands
    latest = time.monotonic() + READY_SECONDS

    def renew(*_signal: object) -> None:
        for command in supervised:
            command.renew()

    signal.signal(signal.SIGHUP, renew)
    try:
        supervised.append(SupervisedCommand(first))
        while True:
            for command in supervised:
                if (code := command.look()) is not None:
                    return code
            if others and (is_ready() or time.monotonic() > latest):
                supervised += [SupervisedCommand(command) for command in others]
                others = []
            time.sleep(0.2)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(supervised)


def _stop(supervised: Sequence[SupervisedCommand]) -> None:
    for command in supervised:
        command.terminate()
    for command in supervised:
        with suppress(subprocess.TimeoutExpired):
            command.process.wait(timeout=TERMINATE_SECONDS)
    for command in supervised:
        command.kill()


def _end_with_parent() -> None:
    """Let this process get SIGTERM when the one that started it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(host: str, port: int) -> bool:
    """Whether a server answers there, whatever it says."""
    connection = HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def listen_address(host: str, port: int) -> str:
    """The IP address of a host at which a server can listen. Raises `Refusal` if that is impossible.

    To be called before a server is started: granian would share a port that is in use, and each of the two servers would
    get readers of the other.
    """
    if not 0 < port <= LAST_PORT:
        raise Refusal(f"There is no port {port}: ports have numbers from 1 to {LAST_PORT}.")
    try:
        family, kind, *_names, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        _try_to_bind(family, kind, address)
    except (OSError, UnicodeError) as error:
        written = host_and_port(host, port)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise Refusal(f"Another program listens at {written} already.") from error
        why = getattr(error, "strerror", None) or error
        raise Refusal(f"Nobody can listen at {written}: {why}.") from error
    return str(address[0])


def host_and_port(host: str, port: int) -> str:
    """Host and port as in a URL: IPv6 addresses in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _try_to_bind(family: int, kind: int, address: Any) -> None:
    """Bind a port and release it; waits a moment for a killed server that has not released it yet."""
    until = time.monotonic() + PORT_RELEASE_SECONDS
    while True:
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return listener.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
        time.sleep(0.1)


def server_command(host: str, port: int, workers: int) -> list[str]:
    """The command of a server, granian with so many server processes. `WORKER_COMMAND` is that of a worker."""
    server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port"]
    server += [str(port), "--workers", str(workers), "--no-ws", "--http", "1"]
    # Threads cost little while they wait for a slow sender; `admission` limits how many are at work
    server += ["--blocking-threads", str(THREADS), "--backpressure", str(_connections())]
    server += ["--backlog", "256", "--http1-header-read-timeout", "10000"]
    server += ["--respawn-failed-workers", "--workers-kill-timeout", "15"]  # a process may hang
    return [*server, "--log-level", "error", "wsgi:app"]


def _connections() -> int:
    """How many connections a process may hold: `CONNECTIONS`, or fewer if the limit of open files is too low."""
    wanted = CONNECTIONS + OTHER_OPEN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))  # inherited by the server
    return max(THREADS, wanted - OTHER_OPEN_FILES)
