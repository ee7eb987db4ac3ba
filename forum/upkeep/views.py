"""The doors for who runs the server: whether the forum is alive and ready, and the page of figures."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from forum import metrics, web
from forum.db import now
from forum.upkeep import queries

bp = Blueprint("upkeep", __name__)
PATIENCE = 2.0  # seconds that a question about readiness may take
QUIET = 60.0  # seconds after which a worker that shows no sign of life is missed
MB = 1_000_000


# For machines


@bp.get("/healthz")
def healthz() -> Response:
    """The process is alive; nothing else is touched."""
    return _plain("alive\n", 200)


@bp.get("/readyz")
def readyz() -> Response:
    """The forum can serve: the database reads and writes, its schema is ours, there is room on the disk.

    One line for each, in words without secrets. A worker that is missed is said and refuses no reader.
    """
    states = [*_database(), _disk(), _worker()]
    is_ready = all(state.is_ready for state in states)
    lines = ["ready" if is_ready else "not ready", *(f"{one.name}: {one.words}" for one in states)]
    return _plain("\n".join([*lines, ""]), 200 if is_ready else 503)


class State(NamedTuple):
    """How one part is: whether the forum can serve with it, and words for who looks after it."""

    name: str
    is_ready: bool
    words: str


def _database() -> list[State]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy, as Flask documents it
    try:
        schema, is_writable = _probe.ask(lambda: _schema_and_writing(app))
    except TimeoutError:
        return [State("database", False, f"no answer within {PATIENCE:g} s")]
    except SQLAlchemyError as error:
        current_app.logger.error("not ready: %s", error)
        return [State("database", False, "does not answer")]
    words = "reads and writes" if is_writable else "cannot be written"
    return [State("database", is_writable, words), State("schema", schema == "ours", schema)]


def _schema_and_writing(app: Flask) -> tuple[str, bool]:
    with app.app_context():
        return queries.schema_state(), queries.is_writable()


def _disk() -> State:
    settings = web.settings()
    try:
        free = shutil.disk_usage(settings.data).free / MB
        _write_and_delete(settings.data / f"ready-{threading.get_ident()}")
    except OSError as error:
        return State("disk", False, error.strerror or "cannot be written")
    is_enough = free >= settings.free_mb
    return State("disk", is_enough, "room enough" if is_enough else f"{free:.0f} MB left")


def _write_and_delete(path: Path) -> None:
    try:
        path.write_bytes(bytes(4_096))
    finally:
        path.unlink(missing_ok=True)


def _worker() -> State:
    seconds = worker_seen()
    if seconds is None:
        return State("worker", True, "none has worked on this machine")
    words = "at work" if seconds < QUIET else f"no sign of life for {seconds:.0f} s"
    return State("worker", True, words)


def worker_seen() -> float | None:
    """How many seconds ago a worker of this machine showed a sign of life; None when none ever did."""
    try:
        return max(0.0, time.time() - web.settings().heartbeat_path.stat().st_mtime)
    except OSError:
        return None


# For Prometheus


def measurements() -> dict[str, float]:
    """The figures that no process counts: what waits, the room that there is, whether the database answers.

    Needs an application context and no request. A database that does not answer is a figure too.
    """
    settings = web.settings()
    found = metrics.totals(settings.metrics_path)
    found["forum_disk_free_bytes"] = shutil.disk_usage(settings.data).free
    if (seen := worker_seen()) is not None:
        found["forum_worker_seen_seconds"] = seen
    try:
        return found | _of_the_database() | {"forum_database_up": 1}
    except SQLAlchemyError:
        return found | {"forum_database_up": 0}


def _of_the_database() -> dict[str, float]:
    waiting, (_name, size) = queries.waiting(), queries.database_size()
    age = (now() - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0
    return {
        "forum_schema_ours": queries.schema_state() == "ours",
        "forum_events_waiting": waiting.events,
        "forum_oldest_event_seconds": max(0, age),
        "forum_events_given_up": waiting.given_up,
        "forum_reports_open": waiting.reports,
        "forum_practices_submitted": waiting.practices,
        "forum_database_bytes": size,
    }


class Probe:
    """Asks a question in a thread of its own, one at a time, so that whoever asks waits no longer than told."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._asked: Future[tuple[str, bool]] | None = None

    def ask(self, question: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
        """The answer; raises `TimeoutError` when it takes too long, or what the question raises.

        While an answer is still awaited, whoever asks next waits for that one.
        """
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                told = (self._asked, question)
                threading.Thread(target=_answer, args=told, daemon=True).start()
            asked = self._asked
        return asked.result(self.seconds)


def _answer(asked: Future[tuple[str, bool]], question: Callable[[], tuple[str, bool]]) -> None:
    try:
        asked.set_result(question())
    except Exception as error:
        asked.set_exception(error)


_probe = Probe(PATIENCE)


def _plain(text: str, status: int) -> Response:
    answer = Response(text, status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
