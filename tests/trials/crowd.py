"""Trial 9: people who send and read slowly, and ten times more people than can be served."""

from __future__ import annotations

import asyncio
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.trials.browser import Browser, Tally
from tests.trials.probe import Probe
from tests.trials.run import Trial

SLOW_CLIENTS, IDLE_CLIENTS = 200, 600
MAX_P95 = 0.5  # seconds that an ordinary reader's p95 stays below
# The most people at once, and for how many seconds they wait
MAX_IN_FLIGHT, PATIENCE = 800, 30


def slow_clients(trial: Trial) -> None:
    """200 who send headers a byte a second, 200 who send a body so, 200 who do not read: others notice nothing.

    Nor do 600 idle browsers that keep their connections between two pages disturb others.
    """
    port = trial.site.start()
    kinds: dict[str, Callable[[socket.socket], None]] = {
        "headers": lambda connection: connection.sendall(
            b"GET /topics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
        ),
        "a body": lambda connection: connection.sendall(_slow_body(port)),
        "reading": lambda connection: connection.sendall(_many_requests(port)),
        "the next page": lambda connection: connection.sendall(_one_request(port)),
    }
    with trial.at_work(10_000_000):
        for kind, begin in kinds.items():
            trial.wait_for(trial.plan.done + 20)
            before = trial.plan.done
            with (
                _SlowConnections(port, begin, kind) as slow,
                Probe(port) as cached,
                Probe(port, "/search?q=signold") as made,
            ):
                time.sleep(trial.amount(20, 13))
            waits = (cached.percentile(0.95), made.percentile(0.95))
            done = trial.plan.done - before
            trial.result.notes.append(
                f"slow with {kind}: p95 {waits[0] * 1000:.0f} ms for a kept page, {waits[1] * 1000:.0f} ms for a"
                f" search, {done} deeds meanwhile, {slow.cut} of {slow.number} cut"
            )
            trial.result.expect(max(waits) < MAX_P95, f"slow with {kind}: p95 {max(waits):.2f} s")
            trial.result.expect(done > 10, f"slow with {kind}: only {done} deeds")
            if kind == "headers":
                trial.result.expect(
                    slow.cut == SLOW_CLIENTS, f"only {slow.cut} slow senders of headers were cut"
                )
        trial.plan.stopped.set()
    trial.judge()


def _slow_body(port: int) -> bytes:
    head = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9999\r\n"
    return (head + "Content-Type: application/x-www-form-urlencoded\r\n\r\ne").encode()


def _many_requests(port: int) -> bytes:
    return _one_request(port) * 20


def _one_request(port: int) -> bytes:
    return f"GET /topics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


class _SlowConnections:
    """Many connections that send a byte a second."""

    def __init__(self, port: int, begin: Callable[[socket.socket], None], kind: str) -> None:
        self.is_reading = kind in ("reading", "the next page")
        self.number = IDLE_CLIENTS if kind == "the next page" else SLOW_CLIENTS
        addresses = [("127.0.0.1", port)] * self.number
        self.sockets = [socket.create_connection(address) for address in addresses]
        for connection in self.sockets:
            begin(connection)
        self.cut = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send_slowly, daemon=True)

    def _send_slowly(self) -> None:
        while not self._ended.wait(1):
            for connection in list(self.sockets):
                if not self._is_open(connection):
                    self.sockets.remove(connection)
                    self.cut += 1

    def _is_open(self, one: socket.socket) -> bool:
        try:
            if self.is_reading:
                return bool(one.recv(1))
            one.sendall(b"a")
            one.setblocking(False)
            return bool(one.recv(1))
        except BlockingIOError:
            one.setblocking(True)
            return True
        except OSError:
            return False

    def __enter__(self) -> _SlowConnections:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()
        for connection in self.sockets:
            connection.close()


def overload(trial: Trial) -> None:
    """Ten times more arrivals than can be served: those who are served are served soon, the others told so soon.

    One process answers, so that the crowd has processor time to come with.
    """
    port = trial.site.start(workers=1)
    able = _pages_per_second(port, trial.amount(5, 3))
    seconds = trial.amount(15, 6)
    served, shed, others = _arrive(port, 10 * able, seconds)
    total = len(served) + len(shed) + sum(others.values())
    p95 = _percentile(served, 0.95), _percentile(shed, 0.95)
    trial.result.answers = {"200": len(served), "503": len(shed), **others}
    trial.result.sent, trial.result.acknowledged = total, len(served)
    trial.result.notes.append(
        f"{able:.0f} pages a second can be made; {total / seconds:.0f} arrivals a second: {len(served)} served (p95"
        f" {p95[0]:.2f} s), {len(shed)} shed (p95 {p95[1]:.2f} s), {dict(others) or 'none'} otherwise"
    )
    trial.result.expect(total > 3 * able * seconds, "those who came were no crowd")
    trial.result.expect(len(shed) > total / 3, "little was shed")
    trial.result.expect(not others, f"answers other than 200 and 503: {dict(others)}")
    trial.result.expect(p95[0] < 3, f"who was served waited {p95[0]:.1f} s")
    trial.result.expect(p95[1] < 3, f"who was not served was told after {p95[1]:.1f} s")
    with Probe(port, "/search?q=signold") as after:
        time.sleep(3)
    trial.result.outage = after.longest
    trial.result.expect(after.percentile(0.95) < MAX_P95, "three seconds later it was still slow")


def _pages_per_second(port: int, seconds: float) -> float:
    """How many pages that are never kept the server makes in a second, when asked by eight."""
    counts = [0] * 8

    def ask(place: int) -> None:
        browser = Browser(port, Tally())
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            browser.ask(f"/search?q=signold+{place}+{counts[place]}")
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _arrive(
    port: int, rate: float, seconds: float
) -> tuple[list[float], list[float], Counter[str]]:
    """Open loop: a new visitor comes at each planned moment, however long the others take.

    Returns the waiting times in seconds of the served and the refused, and the outcomes of the others.
    """
    served: list[float] = []
    shed: list[float] = []
    others = Counter[str]()
    room = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def come(number: int) -> None:
        sent = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                status = await _ask_as_somebody_new(port, f"/search?q=signold+{number}")
        except (OSError, TimeoutError, ValueError, IndexError) as error:
            others[type(error).__name__] += 1
        else:
            if status in ("200", "503"):
                (served if status == "200" else shed).append(time.monotonic() - sent)
            else:
                others[status] += 1
        finally:
            room.release()

    async def crowd() -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as there:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                await room.acquire()
                if time.monotonic() > begun + seconds:
                    return  # they come late, which is visible in the numbers
                there.create_task(come(number))

    asyncio.run(crowd())
    return served, shed, others


async def _ask_as_somebody_new(port: int, path: str) -> str:
    """Fetch a page over a connection of its own; the status of the answer, once all of it is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
        writer.write(b"Connection: close\r\n\r\n")
        return (await reader.read()).split(b" ", 2)[1].decode()
    finally:
        writer.close()


def _percentile(waits: list[float], part: float) -> float:
    return statistics.quantiles(waits, n=100)[int(part * 100) - 1] if len(waits) > 1 else 0.0
