"""Load generators: `closed_loop` sends as fast as answers come (wrk), `OpenLoop` at a set rate, however long answers take.

In an open loop, latency counts from the moment at which a request was due, so that a stalled server does not get less load
(coordinated omission).
"""

from __future__ import annotations

import random
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

CONNECTIONS = 16
# wrk counts up a number in the query, so that each request asks for a page that nobody asked for before, of paths in turn.
UNIQUE_QUERY_SCRIPT = """
local n, first = 0, math.random(1, 1000000000)
local paths = {%s}
init = function(args) math.randomseed(os.time()) first = math.random(1, 1000000000) end
request = function()
  n = n + 1
  local path = paths[n %% math.max(1, #paths) + 1] or wrk.path
  local mark = string.find(path, "?", 1, true) and "&" or "?"
  return wrk.format(nil, path .. mark .. "n=" .. first .. "." .. n)
end
"""


def closed_loop(
    url: str,
    seconds: int,
    headers: dict[str, str] | None = None,
    *,
    is_new: bool = False,
    paths: Sequence[str] = (),
    may_be_refused: bool = False,
) -> float:
    """Requests per second over some seconds, with sixteen connections.

    With `is_new`, each request has a query string of its own, so that no cache has its answer. With `paths`, these are
    asked for in turn instead of that of `url`. Raises `RuntimeError` if more than one request in a hundred is refused,
    unless they `may_be_refused`: what is measured is then something else than the rate.
    """
    if shutil.which("wrk") is None:
        return _closed_loop_in_threads(url, seconds, headers or {}, is_new, paths)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(UNIQUE_QUERY_SCRIPT % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}: {value}"]
        said = subprocess.run(
            [*command, *(["-s", script.name] if is_new else [])],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    asked = int(re.findall(r"(\d+) requests in", said)[0])
    answered = asked - (int(refused[1]) if refused else 0)
    # On a busy machine some requests wait for too long, and are told to come again
    if answered < asked * 0.99 and not may_be_refused:
        raise RuntimeError(f"{url}: {asked - answered} of {asked} were refused")
    if not asked:
        return 0.0  # a single second of such a machine
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]) * answered / asked


def _closed_loop_in_threads(
    url: str, seconds: float, headers: dict[str, str], is_new: bool, paths: Sequence[str]
) -> float:
    """As `closed_loop`, without wrk: by threads of this process, which reach a tenth of its rate."""
    host, _, path = url.removeprefix("http://").partition("/")
    done, until = Counter[int](), time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = HTTPConnection(host)
        while time.monotonic() < until:
            mark = "&" if "?" in path else "?"
            new = f"{mark}n={number}.{done[number]}.{time.time_ns()}" if is_new else ""
            turn = paths[done[number] % len(paths)] if paths else f"/{path}"
            connection.request("GET", f"{turn}{new}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{url}: {answer.status}")
            done[number] += 1

    run_in_threads([partial(ask, number) for number in range(4)])
    return sum(done.values()) / seconds


def run_in_threads(deeds: Sequence[Callable[[], None]]) -> None:
    """Run functions at the same time, each in a thread of its own; returns when all have ended."""
    threads = [threading.Thread(target=deed, daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# An open loop

# Of a real link forum, in per cent: a topic, the home page, a profile, and the rest.
MIX = {"topic": 56, "home": 30, "profile": 7, "list": 3, "search": 1, "feed": 1, "write": 2}


@dataclass
class LoadResult:
    """The result of an open loop: latencies in seconds by kind of request, and numbers of answers by status."""

    latencies: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)

    def percentile(self, share: float, *kinds: str) -> float:
        """The latency in seconds within which a share of the requests was answered; of some kinds, or of all."""
        chosen = [
            v for kind, some in self.latencies.items() if not kinds or kind in kinds for v in some
        ]
        return sorted(chosen)[min(len(chosen) - 1, int(share * len(chosen)))] if chosen else 0.0

    @property
    def median(self) -> float:
        """The median latency of all requests, in seconds."""
        return statistics.median(v for some in self.latencies.values() for v in some)


class OpenLoop:
    """Requests at a set rate with random gaps (a Poisson process), over a pool of connections."""

    def __init__(
        self, host: str, port: int, ask: Callable[[HTTPConnection, str], int], *, threads: int = 32
    ) -> None:
        self.host, self.port, self.ask = host, port, ask
        self.threads = threads
        self.lock = threading.Lock()
        self.plan: list[tuple[float, str]] = []
        self.seen = LoadResult()

    def run(self, rate: float, seconds: float, mix: dict[str, int], seed: int = 1) -> LoadResult:
        """Send `rate` requests a second for some seconds; `ask(connection, kind)` sends one, says its status."""
        chance = random.Random(seed)
        at, self.plan = 0.0, []
        while (at := at + chance.expovariate(rate)) < seconds:
            self.plan.append((at, chance.choices(list(mix), list(mix.values()))[0]))
        self.plan.reverse()
        self.begun = time.monotonic() + 0.2
        run_in_threads([self._work] * self.threads)
        return self.seen

    def _work(self) -> None:
        connection = HTTPConnection(self.host, self.port, timeout=30)
        while True:
            with self.lock:
                if not self.plan:
                    return
                at, kind = self.plan.pop()
            intended = self.begun + at
            time.sleep(max(0.0, intended - time.monotonic()))
            try:
                status = str(self.ask(connection, kind))
            except (OSError, HTTPException) as error:
                status = type(error).__name__
                connection.close()
            with self.lock:
                self.seen.statuses[status] += 1
                self.seen.latencies.setdefault(kind, []).append(time.monotonic() - intended)


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident(pid: int) -> float:
    """The resident memory of a process in megabytes."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", said)[0]) / 1024
