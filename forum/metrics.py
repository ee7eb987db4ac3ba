"""Metrics for Prometheus: each process counts in a small file of its own, and the scraped process adds them up.

A process holds a lock on its file, so that others know that it is alive. The counts of ended processes are kept in
`ended.json`, because a counter must never decrease. Nothing is counted until `init_app` has named a folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from mmap import PAGESIZE, mmap
from pathlib import Path
from struct import unpack

from sqlalchemy import Engine, event

from forum.settings import Settings

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
METRICS = {
    "forum_requests_total": (COUNTER, "Requests that were answered, by room and class of status."),
    "forum_request_seconds": (HISTOGRAM, "How long answers took, by room."),
    "forum_sql_statements_total": (COUNTER, "Statements that requests sent to the database."),
    "forum_sql_seconds_total": (COUNTER, "How long requests waited for the first row of them."),
    "forum_page_cache_total": (COUNTER, "Pages asked of the page cache, by whether it had them."),
    "forum_pool_connections": (GAUGE, "Connections to the database that are in use now."),
    "forum_processes": (GAUGE, "Processes that have answered requests and live."),
    "forum_process_bytes": (GAUGE, "Memory of a process (resident)."),
    "forum_database_up": (GAUGE, "1 when the database answers."),
    "forum_schema_ours": (GAUGE, "1 when the schema is the one that the code was written for."),
    "forum_events_waiting": (GAUGE, "Events that wait for the worker."),
    "forum_oldest_event_seconds": (GAUGE, "How long the oldest of them is due."),
    "forum_events_given_up": (GAUGE, "Events that the worker tried too often and leaves alone."),
    "forum_letters_waiting": (GAUGE, "E-mails that no mail server has taken yet."),
    "forum_oldest_letter_seconds": (GAUGE, "How long ago the oldest of them was written."),
    "forum_reports_open": (GAUGE, "Reports that no moderator has answered."),
    "forum_practices_submitted": (GAUGE, "Practices that wait to be published or sent back."),
    "forum_database_bytes": (GAUGE, "Size of the database."),
    "forum_disk_free_bytes": (GAUGE, "Free room on the disk of the data folder."),
    "forum_worker_seen_seconds": (GAUGE, "How long ago a worker showed a sign of life."),
}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOTS, MAX_NAME = 1_024, 120
SIZE = SLOTS * (8 + MAX_NAME)
SUFFIX, ENDED = ".counts", "ended.json"
HIT, MISS = 'forum_page_cache_total{result="hit"}', 'forum_page_cache_total{result="miss"}'
SQL, SQL_TIME = "forum_sql_statements_total", "forum_sql_seconds_total"
POOL = "forum_pool_connections"

Samples = dict[str, float]


class Counters:
    """The counters of one process: slots with a number and the name of its series, in a file that others may read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}").open("w+b")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file.truncate(SIZE)
        self._map = mmap(self._file.fileno(), SIZE)
        self._values = memoryview(self._map)[: SLOTS * 8].cast("d")
        self._slots: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, *amounts: tuple[str, float]) -> None:
        """Add amounts to series."""
        with self._lock:
            for series, amount in amounts:
                self._values[self._slot(series)] += amount

    def set_value(self, series: str, value: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._values[self._slot(series)] = value

    def _slot(self, series: str) -> int:
        if series not in self._slots:
            # There are few rooms; further series share the last slot
            slot = min(len(self._slots), SLOTS - 1)
            start = SLOTS * 8 + slot * MAX_NAME
            self._map[start : start + MAX_NAME] = series.encode().ljust(MAX_NAME, b"\0")[:MAX_NAME]
            self._slots[series] = slot
        return self._slots[series]


class ProcessCounters:
    """The counters of this process, in a file that is created when there is something to count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counters: Counters | None = None
        self.pid = 0
        self.in_use = 0
        self.lock = threading.Lock()

    def counters_here(self) -> Counters:
        """The counters of this process; a forked one gets its own."""
        if self.counters is None or self.pid != os.getpid():
            with self.lock:
                return self._open()
        return self.counters

    def _open(self) -> Counters:
        if self.counters is None or self.pid != os.getpid():  # unless another thread was faster
            self.counters, self.pid = Counters(self.folder), os.getpid()
            self.counters.set_value(POOL, self.in_use)
        return self.counters

    def note_pool(self, change: int) -> None:
        """A connection was taken from the pool, or given back."""
        with self.lock:
            self.in_use += change
            if self.counters and self.pid == os.getpid():  # commands have no metrics
                self.counters.set_value(POOL, self.in_use)


_process: ProcessCounters | None = None


def init_app(settings: Settings, engine: Engine) -> None:
    """Count what this process does, if FORUM_METRICS names an address for Prometheus."""
    global _process  # noqa: PLW0603  # one for each process, as its file is
    _process = own = ProcessCounters(settings.metrics_path) if settings.metrics else None
    if own:
        event.listen(engine, "checkout", lambda *_: own.note_pool(1))
        event.listen(engine, "checkin", lambda *_: own.note_pool(-1))


def count_hit() -> None:
    """The page cache had a page."""
    if _process:
        _process.counters_here().add((HIT, 1))


def count_miss() -> None:
    """The page cache did not have a page."""
    if _process:
        _process.counters_here().add((MISS, 1))


def observe(room: str, status: int, seconds: float, sql: int, sql_seconds: float) -> None:
    """Count one request: the room of its view (empty for none), its status, and its times."""
    if not _process:
        return
    bound = next((bound for bound in BUCKETS if seconds <= bound), 0)
    requests, bucket, total = _series(room or "none", status // 100, bound)
    _process.counters_here().add(
        (requests, 1), (bucket, 1), (total, seconds), (SQL, sql), (SQL_TIME, sql_seconds)
    )


@cache
def _series(room: str, status: int, bound: float) -> tuple[str, str, str]:
    name, label = "forum_request_seconds", f'room="{room}"'
    requests = f'forum_requests_total{{{label},status="{status}xx"}}'
    return requests, f'{name}_bucket{{{label},le="{bound or "+Inf"}"}}', f"{name}_sum{{{label}}}"


# Totals


def totals(folder: Path) -> Samples:
    """The counts of all processes, including ended ones, and the memory used by those alive.

    Files of ended processes are added to `ended.json` and deleted, so only one process may ask for totals.
    """
    ended, living = _read_ended(folder), []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if _is_alive(path):
            living.append(path)
        else:
            ended = _sum([ended, _without_gauges(_read(path))])
            _write_ended(folder, ended)
            path.unlink()
    memory = {f'forum_process_bytes{{pid="{pid}"}}': size for pid, size in map(_memory, living)}
    return _sum([ended, *map(_read, living)]) | memory | {"forum_processes": len(living)}


def _is_alive(path: Path) -> bool:
    """Whether the process of a file still holds its lock."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _read(path: Path) -> Samples:
    data = path.read_bytes().ljust(SIZE, b"\0")
    values = unpack(f"{SLOTS}d", data[: SLOTS * 8])
    names = (data[SLOTS * 8 + at * MAX_NAME :][:MAX_NAME].rstrip(b"\0") for at in range(SLOTS))
    return {name.decode(): value for name, value in zip(names, values, strict=True) if name}


def _read_ended(folder: Path) -> Samples:
    try:
        return dict(json.loads((folder / ENDED).read_text()))
    except (OSError, ValueError):
        return {}


def _write_ended(folder: Path, figures: Samples) -> None:
    new = folder / f"{ENDED}.new"
    new.write_text(json.dumps(figures))
    new.replace(folder / ENDED)


def _without_gauges(figures: Samples) -> Samples:
    return {name: value for name, value in figures.items() if name != POOL}


def _sum(parts: Iterable[Samples]) -> Samples:
    found: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        for name, value in part.items():
            found[name] += value
    return dict(found)


def _memory(path: Path) -> tuple[str, float]:
    """The id of the process of a file, and its resident memory in bytes; 0 where it is not Linux."""
    pid = path.name.partition("-")[0]
    try:
        return pid, int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGESIZE
    except OSError:
        return pid, 0


# Exposition


def exposition(figures: Samples) -> str:
    """The text that Prometheus reads (format 0.0.4), each metric with its help text."""
    return "".join(line for name in METRICS for line in _metric_lines(name, figures))


def _metric_lines(name: str, figures: Samples) -> Iterator[str]:
    kind, meaning = METRICS[name]
    known = (
        _cumulative_histogram(name, figures) if kind == HISTOGRAM else _samples_of(name, figures)
    )
    if known:
        yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
        yield from (f"{series} {value:.15g}\n" for series, value in known.items())


def _samples_of(name: str, figures: Samples) -> Samples:
    return {key: figures[key] for key in sorted(figures) if key.partition("{")[0] == name}


def _cumulative_histogram(name: str, figures: Samples) -> Samples:
    """A histogram in Prometheus' format: each bucket includes the smaller ones."""
    found: Samples = {}
    for series, total in _samples_of(f"{name}_sum", figures).items():
        labels = series.partition("{")[2].removesuffix("}")
        count = 0.0
        for bound in (*BUCKETS, "+Inf"):
            bucket = f'{name}_bucket{{{labels},le="{bound}"}}'
            found[bucket] = count = count + figures.get(bucket, 0)
        found |= {f"{name}_sum{{{labels}}}": total, f"{name}_count{{{labels}}}": count}
    return found


def server(address: str, figures: Callable[[], Samples]) -> HTTPServer:
    """The HTTP server for `/metrics` at an address such as `127.0.0.1:8001`; not started yet."""

    class MetricsRequest(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = exposition(figures()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Log no requests."""

    host, _colon, port = address.rpartition(":")
    return ThreadingHTTPServer((host or "127.0.0.1", int(port)), MetricsRequest)
