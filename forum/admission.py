"""Load shedding: a few requests are handled at once, some wait for a moment, and all others are answered 503.

The server has far more threads than requests that are admitted. A body that arrives slowly occupies one of those
threads, but is not admitted before it is complete. When more people come than can be served, most are served as
quickly as ever and the others are told so at once, instead of everybody waiting. The page cache is outside: its hits
need no admission.

No single network can take all places, and waiting networks are admitted in turn: a client that sends hundreds of
requests at once delays only itself. Many people may share one address: while nobody else waits, it is served as
quickly as the forum can.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from io import BytesIO
from ipaddress import IPv6Address, IPv6Network, ip_address
from tempfile import TemporaryFile
from typing import IO, Any

from flask import Flask
from flask_babel import lazy_gettext

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
AT_ONCE = 4  # requests that are handled at once, in one process
MAX_WAITING = 24  # requests that may wait for admission
# In addition to these: a page may show many pictures, and browsers ask for all of them at once
MAX_WAITING_FILES = 48
SENDERS = 128  # bodies that may be read at once; the server has more threads than that
# Of these, the number of bodies above the usual limit; they are on disk together until they are answered
LARGE_SENDERS = 4
PIECE = 65_536  # bytes of such a body that are in memory
# Requests that wait where files are uploaded, in addition to all others. One is handled at a time, and takes longer
# than a page
MAX_WAITING_LARGE = 16
# The share of the places, and of the senders, that one network may have. Half of the places are answered in about a
# quarter of a second: enough for an office or a meeting behind one address.
SHARE_OF_ONE = 1 / 2
# Answers that are too long to be read whole (`MAX_BUFFERED_BYTES`) and are sent while they are made: each occupies a
# thread until its reader has it all, in addition to all of the above
LARGE_ANSWERS = 6
# Seconds. Something that a person has typed is worth a longer wait, and uploading a file is slow anyway
READERS_WAIT, WRITERS_WAIT, LARGE_WAIT = 1.0, 2.0, 10.0
RETRY_AFTER = "3"
ALWAYS_ADMITTED = ("/healthz",)  # paths
FILES = ("/pictures/", "/portraits/", "/files/")  # the beginnings of the paths of files
# Size of a response. A shorter one is read whole, so that a slow reader does not occupy a place
MAX_BUFFERED_BYTES = 2_000_000
WITHOUT_CONTENT = ("204", "304")
NO_HEADERS: Mapping[str, str] = {}
NO_PATHS: Mapping[str, int] = {}
BUSY_MESSAGE = lazy_gettext(
    "Many people are here at this moment. Please try again in a few seconds."
)
NOT_SAVED_MESSAGE = lazy_gettext(
    "Nothing was saved yet. Go back: your text is still in the form. Then send it again."
)
NO_ROOM_MESSAGE = lazy_gettext(
    "The forum has no room for this file at this moment. Nothing was saved. Please try again later."
)
log = logging.getLogger("forum.admission")


def network_of(address: str) -> str:
    """The network that an address belongs to: the /64 of an IPv6 address, an IPv4 address itself; empty for no address.

    A loopback address of this machine is returned as it is.
    """
    try:
        remote = ip_address(address)
    except ValueError:
        return ""
    if isinstance(remote, IPv6Address) and not remote.is_loopback:
        return str(remote.ipv4_mapped or IPv6Network((remote, 64), strict=False).network_address)
    return str(remote)


def asking_network(environ: Environ) -> str:
    """The network that a request comes from; empty for this machine.

    Then a proxy that FORUM_PROXIES does not count passes on the requests of everybody.
    """
    network = network_of(environ.get("REMOTE_ADDR", ""))
    return "" if network and ip_address(network).is_loopback else network


class FairSemaphore:
    """A semaphore that admits waiting networks in turn and, of each network, the thread that came first.

    The standard one admits the thread that happens to be fastest.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()
        self._lock = threading.Lock()

    def acquire(self, seconds: float, whose: str = "") -> bool:
        """Acquire it for the network `whose`, waiting at most `seconds`; returns whether it was acquired."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Event()
            self._waiting.setdefault(whose, deque()).append(mine)
        return mine.wait(seconds) or not self._leave_queue(mine, whose)

    def _leave_queue(self, mine: threading.Event, whose: str) -> bool:
        """Stop waiting; false if the semaphore was acquired at the last moment."""
        with self._lock:
            if mine.is_set():
                return False
            self._waiting[whose].remove(mine)
            if not self._waiting[whose]:
                del self._waiting[whose]
            return True

    def release(self) -> None:
        """Release it to the network whose turn it is; that network's next thread waits until all other networks had their turn."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            whose, queue = self._waiting.popitem(last=False)
            queue.popleft().set()
            if queue:
                self._waiting[whose] = queue


class Places:
    """A number of places, of which one network gets at most a share; this machine has no such limit."""

    def __init__(self, number: int) -> None:
        self._free, self._share = number, max(1, int(number * SHARE_OF_ONE))
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def acquire(self, whose: str) -> bool:
        """Take a place for a network; returns False if none is free, or the network has its share."""
        with self._lock:
            if not self._free or (whose and self._taken[whose] >= self._share):
                return False
            self._free -= 1
            self._taken[whose] += 1
            return True

    def acquire_for(self, environ: Environ, held: ExitStack) -> bool:
        """Take a place for the network of a request, to be given back by the exit stack `held`; returns False like `acquire`."""
        whose = asking_network(environ)
        is_taken = self.acquire(whose)
        if is_taken:
            held.callback(self.release, whose)
        return is_taken

    def release(self, whose: str) -> None:
        """Give back a place that was taken for a network."""
        with self._lock:
            self._free += 1
            self._taken[whose] -= 1
            if not self._taken[whose]:
                del self._taken[whose]


class AdmissionGate:
    """WSGI middleware that admits a few requests at once. `headers` are those of its own responses.

    `large` are the paths at which a body may be larger than `largest_body`, each with its bound.
    """

    def __init__(
        self,
        application: Application,
        largest_body: int,
        headers: Mapping[str, str] = NO_HEADERS,
        *,
        large: Mapping[str, int] = NO_PATHS,
        at_once: int = AT_ONCE,
        senders: int = SENDERS,
    ) -> None:
        self.application, self.largest_body, self.headers = application, largest_body, headers
        self.large = large
        self._turns = FairSemaphore(at_once)
        # Requests that write may wait for a locked database. They never occupy all places, so that readers are
        # served.
        self._writers = FairSemaphore(max(1, at_once // 2))
        # Uploads, which take seconds, cannot occupy all places of the requests that write, either
        self._large_turns = FairSemaphore(max(1, at_once // 4))
        self._places, self._file_places = Places(at_once + MAX_WAITING), Places(MAX_WAITING_FILES)
        self._large_places = Places(MAX_WAITING_LARGE)
        self._senders, self._large_senders = Places(senders), Places(LARGE_SENDERS)
        self._large_answers = Places(LARGE_ANSWERS)
        # Translated now, into the language of the forum: when a request is refused, its language is not known.
        self._busy, self._not_saved, self._no_room = (
            f"{message}\n".encode()
            for message in (BUSY_MESSAGE, NOT_SAVED_MESSAGE, NO_ROOM_MESSAGE)
        )

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Read the whole request, wait for admission, answer."""
        if environ["PATH_INFO"] in ALWAYS_ADMITTED:
            return self.application(environ, start_response)
        is_reading = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        with ExitStack() as held:
            try:
                is_whole = is_reading or self._read_body(environ, held)
            except OSError:  # the disk with the temporary files is full
                log.exception("A large body could not be written to disk.")
                return self._send(start_response, "507 Insufficient Storage", self._no_room)
            path = environ["PATH_INFO"]
            if is_whole and self._admit(held, path, is_reading, asking_network(environ)):
                return self._answer(environ, start_response)
        return self._refuse(start_response, is_reading)

    def _admit(self, held: ExitStack, path: str, is_reading: bool, whose: str) -> bool:
        """Wait for admission if there is a place; returns whether it was granted. The exit stack `held` releases everything."""
        places, turns, wait = self._way_in(path, is_reading)
        until = time.monotonic() + wait
        if not places.acquire(whose):
            return False
        held.callback(places.release, whose)
        for turn in turns:
            if not turn.acquire(max(0.0, until - time.monotonic()), whose):
                return False
            held.callback(turn.release)
        return True

    def _way_in(self, path: str, is_reading: bool) -> tuple[Places, list[FairSemaphore], float]:
        """How a request waits: in which places, for which semaphores (one after the other), and for how many seconds at most."""
        if is_reading:
            places = self._file_places if path.startswith(FILES) else self._places
            return places, [self._turns], READERS_WAIT
        writing = [self._writers, self._turns]
        if path in self.large:
            return self._large_places, [self._large_turns, *writing], LARGE_WAIT
        return self._places, writing, WRITERS_WAIT

    def _read_body(self, environ: Environ, held: ExitStack) -> bool:
        """Read the body into memory, up to one byte more than allowed so that the application refuses a larger one.

        Returns False if too many bodies are being read: each occupies a thread, and threads must remain for readers.
        A large body goes into an unnamed file, and counts until the stack is released, which also deletes the file.
        Raises `OSError` if that file cannot be written.
        """
        written = environ.get("CONTENT_LENGTH") or ""
        length = int(written) if written.isdigit() else None
        most = self.largest_body
        is_large = length is not None and length > most
        if is_large:
            most = self.large.get(environ["PATH_INFO"], most)
        if length is not None and length > most:
            return True
        senders, whose = self._large_senders if is_large else self._senders, asking_network(environ)
        if not senders.acquire(whose):
            return False
        with ExitStack() as reading:
            (held if is_large else reading).callback(senders.release, whose)
            wanted = most + 1 if length is None else length
            body = environ["wsgi.input"]
            environ["wsgi.input"] = (
                _in_file(body, wanted, held) if is_large else BytesIO(body.read(wanted))
            )
        return True

    def _refuse(self, start_response: Any, is_reading: bool) -> Iterable[bytes]:
        body = self._busy if is_reading else self._busy + self._not_saved
        return self._send(start_response, "503 Service Unavailable", body)

    def _send(self, start_response: Any, status: str, body: bytes) -> Iterable[bytes]:
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "private, no-store"),
            ("Retry-After", RETRY_AFTER),
            *self.headers.items(),
        ]
        start_response(status, headers)
        return [body]

    def _answer(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """The answer of the application: read whole or, if it is long and there is a place for it, in parts."""
        is_long = is_refused = False

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal is_long, is_refused
            is_long = _is_long(environ, status, headers)
            is_refused = is_long and not self._large_answers.acquire_for(environ, place)
            return None if is_refused else start_response(status, headers, *more)

        with ExitStack() as place:
            parts = self.application(environ, start)
            if is_long and not is_refused:
                return _LongAnswer(parts, place.pop_all())
        if is_refused:
            _close(parts)
            return self._refuse(start_response, is_reading=True)  # no typed text is lost by that
        try:
            return [b"".join(parts)]
        finally:
            _close(parts)


def _in_file(body: IO[bytes], length: int, held: ExitStack) -> IO[bytes]:
    """A body of so many bytes, or what came of it, in a file that the stack closes."""
    file = held.enter_context(TemporaryFile())  # noqa: SIM115  # the stack closes it
    while (left := length - file.tell()) > 0 and (piece := body.read(min(left, PIECE))):
        file.write(piece)
    file.seek(0)
    return file


class _LongAnswer:
    """The parts of a long answer. It keeps its place until all are sent, or the server closes or drops it because the reader is gone."""

    def __init__(self, parts: Iterable[bytes], place: ExitStack) -> None:
        self._parts, self._left = parts, iter(parts)
        # Runs only once, however often `close` is called
        self._give_back = weakref.finalize(self, place.close)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._left)
        except StopIteration:
            self._give_back()
            raise

    def close(self) -> None:
        """Give the place back (WSGI)."""
        try:
            _close(self._parts)
        finally:
            self._give_back()


def _is_long(environ: Environ, status: str, headers: list[tuple[str, str]]) -> bool:
    """Whether an answer is too long to be read whole: its size is above the limit, or not known."""
    if environ["REQUEST_METHOD"] == "HEAD" or status[:3] in WITHOUT_CONTENT:
        return False
    length = next((value for name, value in headers if name.lower() == "content-length"), "")
    return not length or int(length) > MAX_BUFFERED_BYTES


def _close(parts: Iterable[bytes]) -> None:
    getattr(parts, "close", lambda: None)()


def init_app(
    app: Flask, largest_body: int, headers: Mapping[str, str], large: Mapping[str, int] = NO_PATHS
) -> None:
    """Wrap an application that is complete except for its page cache and its proxies; `largest_body` in bytes.

    `headers` are those that every response bears; `large` are the paths that take a larger body, each with its bound.
    """
    with app.app_context():  # the context has the language of the forum
        gate = AdmissionGate(app.wsgi_app, largest_body, headers, large=large)
    app.wsgi_app = gate  # type: ignore[method-assign]  # as Flask documents it
