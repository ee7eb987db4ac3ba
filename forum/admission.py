"""The gate: so many requests at once are worked on, a few wait for a moment, all others are asked to come again.

The server has far more threads than the gate lets through. A body that trickles in holds one of those threads and no
place at the gate, and when more people come than can be served, most are served as quickly as ever and the others are
told at once, instead of everybody waiting. Pages that the page cache keeps stand before the gate.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from io import BytesIO
from typing import Any

from flask import Flask

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
AT_ONCE = 4  # requests that are worked on at once, in one process
WAITING = 24  # requests that may wait for their turn
SENDERS = 128  # bodies that may trickle in at once; the server has more threads than that
READERS_WAIT, WRITERS_WAIT = 1.0, 2.0  # seconds; what somebody has typed is worth more patience
RETRY_SECONDS = "3"
OPEN = ("/healthz",)  # paths that need no turn
LARGEST = 2_000_000  # bytes of an answer that is taken whole, so that a slow reader holds no turn
SHED = b"Many people are here at this moment. Please try again in a few seconds.\n"
SHED_TEXT = b"Nothing was saved yet. Go back: your text is still in the form. Then send it again.\n"


class Turns:
    """So many at once, and the others in the order in which they came: a semaphore lets in whoever is quick."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def take(self, seconds: float) -> bool:
        """Wait so long for a turn; whether it came."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        return mine.wait(seconds) or not self._gave_up(mine)

    def _gave_up(self, mine: threading.Event) -> bool:
        """Leave the queue, unless the turn came at the last moment."""
        with self._lock:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True

    def give_back(self) -> None:
        """Let the next one in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Gate:
    """Lets requests through to an application, a few at once."""

    def __init__(
        self,
        application: Application,
        largest_body: int,
        *,
        at_once: int = AT_ONCE,
        senders: int = SENDERS,
    ) -> None:
        self.application, self.largest_body = application, largest_body
        self._turns = Turns(at_once)
        # Writers may wait for a locked database: they never have all turns, so that readers go on.
        self._writers = Turns(max(1, at_once // 2))
        self._places = threading.BoundedSemaphore(at_once + WAITING)
        self._senders = threading.BoundedSemaphore(senders)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Take the request in whole, wait for a turn, answer."""
        if environ["PATH_INFO"] in OPEN:
            return self.application(environ, start_response)
        is_reading = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if not is_reading and not self._take_in(environ):
            return _shed(start_response, is_reading)
        with ExitStack() as held:
            if self._admit(held, is_reading):
                return self._answer(environ, start_response)
        return _shed(start_response, is_reading)

    def _admit(self, held: ExitStack, is_reading: bool) -> bool:
        """Take a place to wait in, and then a turn; what is held is given back by the stack."""
        until = time.monotonic() + (READERS_WAIT if is_reading else WRITERS_WAIT)
        if not self._places.acquire(blocking=False):
            return False
        held.callback(self._places.release)
        for turns in [self._turns] if is_reading else [self._writers, self._turns]:
            if not turns.take(max(0.0, until - time.monotonic())):
                return False
            held.callback(turns.give_back)
        return True

    def _take_in(self, environ: Environ) -> bool:
        """Read what is sent before anybody waits for it; one byte too many lets the application refuse it.

        Whether there was room: who sends slowly holds a thread, and readers must find free ones however many do so.
        """
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isdigit() and int(length) > self.largest_body:
            return True
        if not self._senders.acquire(blocking=False):
            return False
        try:
            wanted = int(length) if length.isdigit() else self.largest_body + 1
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(wanted))
        finally:
            self._senders.release()
        return True

    def _answer(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        said: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said[:] = headers
            return start_response(status, headers, *more)

        parts = self.application(environ, note)
        length = next((value for name, value in said if name.lower() == "content-length"), "")
        if not length or int(length) > LARGEST:
            return parts
        try:
            return [b"".join(parts)]
        finally:
            if close := getattr(parts, "close", None):
                close()


def _shed(start_response: Any, is_reading: bool) -> Iterable[bytes]:
    body = SHED if is_reading else SHED + SHED_TEXT
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "private, no-store"),
        ("Retry-After", RETRY_SECONDS),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]


def init_app(app: Flask, largest_body: int) -> None:
    """Put the gate around an application that is complete but for its page cache."""
    app.wsgi_app = Gate(app.wsgi_app, largest_body)  # type: ignore[method-assign]  # as Flask documents it
