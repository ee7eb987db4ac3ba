"""Keeps the server, its worker and the metrics process running, in one process group.

It runs as long as the forum does, and needs nothing of the forum. So `serve`, which has loaded all of the forum to
check it, is replaced by this small program (`become`): supervising then takes a tenth of the memory.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple, NoReturn

from forum import logformat

log = logging.getLogger("forum.supervisor")

# A command that once ran for so many seconds is configured correctly, and always restarted
STARTED_SECONDS = 5.0
READY_SECONDS = 10.0  # until the other commands are started although the server does not answer
# On SIGHUP a new server process has so many to load the forum before the old one ends. It takes one or two by itself, and
# five on a busy machine, since the worker loads it as well; in less nobody would listen for a moment.
RENEW_SECONDS = "6"
RESTART_SECONDS = 2.0  # between two starts of the same command
TERMINATE_SECONDS = 20
# Threads per server process, started when needed; more than bodies that may be read and long answers that may be sent
# at once (`admission.SENDERS`, `admission.LARGE_ANSWERS`)
THREADS = 230
# Connections per server process. Idle browsers hold one, too, until the server closes it after ten seconds.
CONNECTIONS = 1_000
OTHER_OPEN_FILES = 200  # of a process, besides its connections, at most
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
CHECKPOINT_SECONDS = 5.0  # to wait for other processes that still use the database
# Without docstrings each process takes 6 MB less, a twentieth, and without columns of source lines another one
PYTHON = [sys.executable, "-OO", "-X", "no_debug_ranges"]
WORKER_COMMAND = [*PYTHON, "-m", "flask", "--app", "wsgi", "worker"]
METRICS_COMMAND = [*PYTHON, "-m", "flask", "--app", "wsgi", "metrics"]


class Plan(NamedTuple):
    """The commands to keep running, and their addresses.

    `host` is an IP address; `address` what is said of it once the server answers there; `workers` how many server
    processes there are; `file` the SQLite file, empty if there is none; `log` one of `logformat.KINDS`.
    """

    host: str
    port: int
    address: str
    workers: int
    has_worker: bool
    has_metrics: bool
    file: str
    log: str

    def commands(self) -> list[list[str]]:
        """The commands, that of the server first."""
        found = [server_command(self.host, self.port, self.workers)]
        if self.has_worker:
            found.append(WORKER_COMMAND)
        if self.has_metrics:
            found.append(METRICS_COMMAND)
        return found


def become(plan: Plan) -> NoReturn:
    """Replace this process by the supervisor of a plan; it keeps the process id, folder and environment."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "forum.supervisor", json.dumps(plan)])  # noqa: S606  # our own program


def main(words: Sequence[str]) -> int:
    """Keep running what the plan (the only argument, as JSON) says; returns the exit code."""
    plan = Plan(*json.loads(words[0]))
    _log_to_standard_error(plan.log)
    with _whole_file(plan.file):
        return supervise(
            plan.commands(), partial(answers, plan.host, plan.port), partial(_tell, plan.address)
        )


def _tell(address: str) -> None:
    print(f"The forum is at {address} – Ctrl-C ends it.", flush=True)  # noqa: T201  # an answer of `serve`


@contextmanager
def _whole_file(file: str) -> Iterator[None]:
    """Finally merge SQLite's write-ahead log into the database file, because no other process uses it any more."""
    try:
        yield
    finally:
        if Path(file).is_file():  # `Path("")` is a folder
            with (
                suppress(sqlite3.Error),  # what stays in the log is just as safe
                closing(sqlite3.connect(file, timeout=CHECKPOINT_SECONDS)) as connection,
            ):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _log_to_standard_error(kind: str) -> None:
    handler = logging.StreamHandler()
    shown = logformat.JSON if kind == logformat.JSON else logformat.PLAIN
    handler.setFormatter(logformat.LineFormatter(shown))
    log.addHandler(handler)
    log.propagate = False
    log.setLevel(logging.WARNING if kind == logformat.OFF else logging.INFO)


class SupervisedCommand:
    """A command that is restarted when it ends. It has a process group of its own, so that nothing it started outlives it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._has_started = self._is_asked = False  # has run for a while; was asked to end
        self._ended_at: float | None = None
        self._start()

    @property
    def name(self) -> str:
        """What the log calls it."""
        return "server" if "granian" in self.command else self.command[-1]

    def look(self, *, has_answered: bool = True) -> int | None:
        """Restart it if it has ended; returns the exit code of one that has never run for `STARTED_SECONDS`, else None.

        A server that has not answered yet has not run, however long it takes to load the forum.
        """
        age = time.monotonic() - self._started_at
        self._has_started = self._has_started or (has_answered and age > STARTED_SECONDS)
        code = self.process.poll()
        if code is None:
            return None
        if not self._has_started:
            when = "in its first seconds" if has_answered else "before it answered"
            log.error("%s ended with %s %s, and all end with it", self.name, code, when)
            return code
        self._note_end(code)
        if age > RESTART_SECONDS:
            self._start()
        return None

    def renew(self) -> None:
        """Let it load new code: granian replaces its workers one by one, other commands are ended and restarted."""
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
        # Linux ends it when this process is killed, so that it does not keep the port.
        self.process = subprocess.Popen(  # noqa: S603  # our own commands
            self.command,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # there is one thread
        )
        self._started_at, self._ended_at, self._is_asked = time.monotonic(), None, False

    def _note_end(self, code: int) -> None:
        """Log an end once, and reap the remaining child processes."""
        if self._ended_at is None:
            self._ended_at = time.monotonic()
            is_planned = self._is_asked and code in (0, -signal.SIGTERM)
            level = logging.INFO if is_planned else logging.ERROR
            log.log(level, "%s ended with %s and is started again", self.name, code)
            self._signal_group(signal.SIGTERM)

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def supervise(
    commands: Sequence[Sequence[str]],
    is_ready: Callable[[], bool] = lambda: True,
    tell: Callable[[], object] = lambda: None,
) -> int:
    """Keep commands running side by side until SIGTERM or Ctrl-C, which end them all; SIGHUP lets them load new code.

    Once `is_ready` says so of the first one, `tell` is called, and the others start, after `READY_SECONDS` at the latest:
    readers wait only for the server, which has the processors to itself while it loads the forum. A command that ends is
    restarted. If it ends in its first seconds, or the first one before it was ready, its configuration is wrong: then all
    are ended, and its exit code is returned.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    supervised: list[SupervisedCommand] = []
    first, *others = commands
    latest, has_answered = time.monotonic() + READY_SECONDS, False

    def renew(*_signal: object) -> None:
        for command in supervised:
            command.renew()

    signal.signal(signal.SIGHUP, renew)
    try:
        supervised.append(SupervisedCommand(first))
        while True:
            for command in supervised:
                is_known = has_answered or command is not supervised[0]
                if (code := command.look(has_answered=is_known)) is not None:
                    return code
            if not has_answered and is_ready():
                has_answered = True
                tell()
            if others and (has_answered or time.monotonic() > latest):
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
    """Make Linux send SIGTERM to this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(host: str, port: int) -> bool:
    """Whether a server answers there, with any response."""
    connection = HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def server_command(host: str, port: int, workers: int) -> list[str]:
    """The command line of a server: granian with so many server processes."""
    server = [*PYTHON, "-m", "granian", "--interface", "wsgi", "--host", host, "--port"]
    server += [str(port), "--workers", str(workers), "--no-ws", "--http", "1"]
    # Threads cost little while they wait for a slow sender; `admission` limits how many are at work
    server += ["--blocking-threads", str(THREADS), "--backpressure", str(_connections())]
    server += ["--backlog", "256", "--http1-header-read-timeout", "10000"]
    server += ["--respawn-failed-workers", "--workers-kill-timeout", "15"]  # a process may hang
    server += ["--respawn-interval", RENEW_SECONDS]
    return [*server, "--log-level", "error", "wsgi:app"]


def _connections() -> int:
    """How many connections a process may have: `CONNECTIONS`, or fewer if the limit of open files is too low."""
    wanted = CONNECTIONS + OTHER_OPEN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))  # inherited by the server
    return max(THREADS, wanted - OTHER_OPEN_FILES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
