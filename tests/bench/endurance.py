"""An hour of load: the memory of a server process, and whether it grows.

People come at a set rate, with the mix of a real link forum and a third of them signed in, and post meanwhile. Each
minute the memory of the processes is sampled; the slope is that of the last half, by least squares.
"""

from __future__ import annotations

import itertools
import os
import statistics
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

from tests.bench.load import MIX, OpenLoop, resident
from tests.bench.server import Forum, Row, Writers, children, served

RATE = 60  # requests a second
DEFAULT_MINUTES = 60  # BENCH_MINUTES sets another number
MAX_MB, MAX_SLOPE = 180, 6  # megabytes, and megabytes an hour


def rows(forum: Forum) -> Iterator[Row]:
    """Apply the load, and measure the memory of the processes each minute."""
    minutes = int(os.environ.get("BENCH_MINUTES", DEFAULT_MINUTES))
    with served(forum.environment) as (url, process, _seconds):
        workers = children(process.pid)
        samples: list[tuple[float, float]] = []
        stop = threading.Event()

        def sample_memory() -> None:
            begun = time.monotonic()
            while not stop.wait(60):
                samples.append(((time.monotonic() - begun) / 3600, max(map(resident, workers))))

        watching = threading.Thread(target=sample_memory)
        watching.start()
        seen = _crowd(forum, url).run(RATE, minutes * 60, MIX)
        stop.set()
        watching.join()
    errors = [status for status in seen.statuses if status not in ("200", "301", "303", "304")]
    yield "requests (for the record)", f"{seen.statuses.total():,}", "", True
    yield "answers that are errors", ", ".join(errors) or "none", "none", not errors
    yield "median, ms (for the record)", f"{seen.median * 1000:.1f}", "", True
    yield "95th percentile, ms (for the record)", f"{seen.percentile(0.95) * 1000:.1f}", "", True
    for quarter in range(4):
        part = samples[len(samples) * quarter // 4 : len(samples) * (quarter + 1) // 4]
        most = max(size for _at, size in part)
        yield (
            f"a worker, MB, quarter {quarter + 1}",
            f"{most:.0f}",
            f"under {MAX_MB}",
            most < MAX_MB,
        )
    slope = statistics.linear_regression(*zip(*samples[len(samples) // 2 :], strict=True)).slope
    yield (
        "slope of the last half, MB an hour",
        f"{slope:.1f}",
        f"under {MAX_SLOPE}",
        slope < MAX_SLOPE,
    )


def _crowd(forum: Forum, url: str) -> OpenLoop:
    paths, writers = forum.addresses(), Writers(forum, url, 8)
    host, port = url.removeprefix("http://").split(":")
    turns = itertools.count()

    def ask(connection: HTTPConnection, kind: str) -> int:
        turn = next(turns)
        if kind == "write":
            return writers.post(connection, turn % 8, f"What we found on day {turn}. " * 12)
        path = paths[kind][turn % len(paths[kind])]
        headers: dict[str, Any] = {"Accept-Encoding": "br"}
        if turn % 3 == 0:
            headers["Cookie"] = writers.cookies[turn % 8]
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return OpenLoop(host, int(port), ask)
