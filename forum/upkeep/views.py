"""The doors for who runs the server: whether the forum is alive and ready, and the page of figures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from platform import python_version
from typing import NamedTuple

from flask import Blueprint, Flask, Response, current_app, render_template
from flask_babel import format_date, format_decimal
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from forum import drawings, machine, metrics, web
from forum.db import now
from forum.ratelimits import is_counting_together
from forum.upkeep import queries
from forum.web import me

bp = Blueprint("upkeep", __name__)
PATIENCE = 2.0  # seconds that a question about readiness may take
QUIET = 60.0  # seconds after which a worker that shows no sign of life is missed
MB = 1_000_000
UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
LIBRARIES = ("Flask", "SQLAlchemy", "granian")


class Picture(NamedTuple):
    """The size of a chart: its bars stand below `top`, and their names below them."""

    width: int = 360
    top: int = 22
    height: int = 100


PICTURE = Picture()


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
    states = [*_database(), _disk(), *_counters(), _worker()]
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
        schema, is_writable, is_gone = _probe.ask(lambda: _schema_and_writing(app))
    except TimeoutError:
        return [State("database", False, f"no answer within {PATIENCE:g} s")]
    except SQLAlchemyError as error:
        current_app.logger.error("not ready: %s", error)
        return [State("database", False, "does not answer")]
    if is_gone:
        return [
            State("database", False, "its file is gone: what is written is lost with the server")
        ]
    words = "reads and writes" if is_writable else "cannot be written"
    # Newer: the other server has been upgraded. This one goes on, or a balancer would find all of them unwell at once.
    is_fit = schema in ("ours", "newer")
    return [State("database", is_writable, words), State("schema", is_fit, schema)]


def _schema_and_writing(app: Flask) -> tuple[str, bool, bool]:
    with app.app_context():
        return queries.schema_state(), queries.is_writable(), queries.is_file_gone()


def _disk() -> State:
    settings = web.settings()
    try:
        free = shutil.disk_usage(settings.data).free / MB
        machine.try_to_write(settings.data)
    except OSError as error:
        return State("disk", False, error.strerror or "cannot be written")
    is_enough = free >= settings.free_mb
    return State("disk", is_enough, "room enough" if is_enough else f"{free:.0f} MB left")


def _counters() -> list[State]:
    """Whether Valkey answers, where it is to count the limits of several machines; they are no reason to serve nobody."""
    if not web.settings().valkey_url or not web.settings().limits:
        return []
    words = (
        "counted together"
        if is_counting_together()
        else "Valkey does not answer, so each process counts for itself"
    )
    return [State("limits", True, words)]


def _worker() -> State:
    seconds = worker_seen()
    if seconds is None:
        return State("worker", True, "none has worked on this machine")
    words = "at work" if seconds < QUIET else f"no sign of life for {seconds:.0f} s"
    return State("worker", True, words)


def worker_seen() -> float | None:
    """How many seconds ago a worker of this machine showed a sign of life; None when none ever did."""
    seen = machine.time_of(web.settings().heartbeat_path)
    return max(0.0, time.time() - seen.timestamp()) if seen else None


# For administrators


class Chart(NamedTuple):
    """Twelve months as bars, and the same as rows of a table; the last month is not over yet."""

    name: str
    months: Sequence[date]
    counts: Sequence[int]
    bars: Sequence[drawings.Bar]
    is_summed: bool

    @property
    def most(self) -> int:
        """What the highest bar stands for."""
        return max(self.counts)

    @property
    def total(self) -> int:
        """All months together."""
        return sum(self.counts)


@bp.get("/administration/figures")
def figures() -> str:
    """How much is written and by how many, what waits, and how the machine is."""
    months = _last_months(now().date())
    counted = queries.months(me(), datetime(months[0].year, months[0].month, 1, tzinfo=UTC))
    charts = [_chart(name, key, counted[key], months) for key, name in _names().items()]
    return render_template(
        "upkeep/figures.html",
        charts=charts,
        picture=PICTURE,
        is_empty=not any(chart.total for chart in charts if chart.is_summed),
        waiting=queries.waiting(),
        machine=_machine(),
        worker=machine.time_of(web.settings().heartbeat_path),
        is_worker_missed=(worker_seen() or 0) > QUIET,
    )


def _names() -> dict[str, str]:
    return {
        "posts": _("Posts written"),
        "authors": _("Members who wrote"),
        "members": _("New members"),
        "topics": _("Topics opened"),
        "answers": _("Questions answered"),
    }


def _last_months(today: date) -> list[date]:
    """The first days of twelve months, of which the last is the present one."""
    present = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(present - 11, present + 1)]


def _chart(name: str, key: str, counted: dict[str, int], months: Sequence[date]) -> Chart:
    counts = [counted.get(f"{month:%Y-%m}", 0) for month in months]
    bars = drawings.bars(counts, PICTURE.width, PICTURE.height, PICTURE.top)
    return Chart(name, months, counts, bars, key != "authors")


class Machine(NamedTuple):
    """What the forum runs on and what room it has; sizes are in words."""

    database: str
    database_size: str
    data_size: str
    free: str
    schema: str
    versions: Sequence[tuple[str, str]]
    backed_up: datetime | None


def _machine() -> Machine:
    settings = web.settings()
    name, size = queries.database_size()
    return Machine(
        name,
        _size(size),
        _size(machine.bytes_in(settings.data)),
        _size(shutil.disk_usage(settings.data).free),
        queries.schema_state(),
        [
            ("Interurban", queries.version()),
            ("Python", python_version()),
            *((name, version(name)) for name in LIBRARIES),
        ],
        machine.time_of(settings.backed_up_path),
    )


def _size(size: float) -> str:
    unit, amount = next((one for one in UNITS if size >= one[1]), UNITS[-1])
    size /= amount
    return f"{format_decimal(size, '#,##0.0' if size < 10 else '#,##0')} {unit}"


@bp.app_template_filter("month")
def month(value: date, pattern: str = "LLLL yyyy") -> str:
    """The month of a day in words; `LLLLL` is its first letter."""
    return str(format_date(value, pattern))


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


_probe = machine.Probe[tuple[str, bool, bool]](PATIENCE)


def _plain(text: str, status: int) -> Response:
    answer = Response(text, status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
