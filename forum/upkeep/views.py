"""Views for the person who runs the server: health, readiness, and the page of figures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from platform import python_version
from typing import NamedTuple

from flask import Blueprint, Flask, Response, current_app, render_template
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from forum import drawings, machine, metrics, web
from forum.clock import now
from forum.ratelimits import is_counting_together
from forum.upkeep import queries
from forum.web import me

bp = Blueprint("upkeep", __name__)
PROBE_SECONDS = 2.0  # in which the database must answer to count as ready
WORKER_SILENCE_SECONDS = 60.0  # without a heartbeat, after which a worker is reported as missing
MB = 1_000_000
LIBRARIES = ("Flask", "SQLAlchemy", "granian")


class ChartSize(NamedTuple):
    """The size of a chart in SVG units: the bars begin below `top`, and their labels are below the bars."""

    width: int = 360
    top: int = 22
    height: int = 100


CHART_SIZE = ChartSize()


# For machines


@bp.get("/healthz")
def healthz() -> Response:
    """Liveness: the process answers. Uses neither the database nor the disk."""
    return _plain_text("alive\n", 200)


@bp.get("/readyz")
def readyz() -> Response:
    """Readiness: the database reads and writes, its schema matches, there is space on the disk. Else 503.

    One line for each part, without secrets. A missing worker is reported, but does not make the forum unready.
    """
    states = [
        *_database_readiness(),
        _disk_readiness(),
        *_counters_readiness(),
        _worker_readiness(),
    ]
    is_ready = all(state.is_ready for state in states)
    lines = [
        "ready" if is_ready else "not ready",
        *(f"{state.name}: {state.words}" for state in states),
    ]
    return _plain_text("\n".join([*lines, ""]), 200 if is_ready else 503)


class Readiness(NamedTuple):
    """The state of one part: whether the forum can serve with it, and words for the person who runs it."""

    name: str
    is_ready: bool
    words: str


def _database_readiness() -> list[Readiness]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy, as Flask documents it
    try:
        schema, is_writable, is_gone = _probe.ask(lambda: _ask_database(app))
    except TimeoutError:
        return [Readiness("database", False, f"no answer within {PROBE_SECONDS:g} s")]
    except SQLAlchemyError as error:
        current_app.logger.error("not ready: %s", error)
        return [Readiness("database", False, "does not answer")]
    if is_gone:
        return [
            Readiness(
                "database", False, "its file is gone: what is written is lost with the server"
            )
        ]
    words = "reads and writes" if is_writable else "cannot be written"
    # Newer: another server was upgraded. This one goes on; otherwise a load balancer would lose all servers at once.
    is_fit = schema in ("ours", "newer")
    return [Readiness("database", is_writable, words), Readiness("schema", is_fit, schema)]


def _ask_database(app: Flask) -> tuple[str, bool, bool]:
    with app.app_context():
        return queries.schema_state(), queries.is_writable(), queries.is_file_gone()


def _disk_readiness() -> Readiness:
    settings = web.settings()
    try:
        free = shutil.disk_usage(settings.data).free / MB
        machine.try_to_write(settings.data)
    except OSError as error:
        return Readiness("disk", False, error.strerror or "cannot be written")
    is_enough = free >= settings.free_mb
    return Readiness("disk", is_enough, "room enough" if is_enough else f"{free:.0f} MB left")


def _counters_readiness() -> list[Readiness]:
    """Whether Valkey answers, if rate limits are counted there; without it the forum is still ready."""
    if not web.settings().valkey_url or not web.settings().limits:
        return []
    words = (
        "counted together"
        if is_counting_together()
        else "Valkey does not answer, so each process counts for itself"
    )
    return [Readiness("limits", True, words)]


def _worker_readiness() -> Readiness:
    seconds = seconds_since_worker()
    if seconds is None:
        return Readiness("worker", True, "none has worked on this machine")
    words = (
        "at work" if seconds < WORKER_SILENCE_SECONDS else f"no sign of life for {seconds:.0f} s"
    )
    return Readiness("worker", True, words)


def seconds_since_worker() -> float | None:
    """Seconds since the last heartbeat of a worker on this machine; None without any."""
    seen = machine.time_of(web.settings().heartbeat_path)
    return max(0.0, time.time() - seen.timestamp()) if seen else None


# For administrators


class Chart(NamedTuple):
    """Twelve months as bars, and as rows of a table; the last month is not over yet. `is_summed`: a total makes sense."""

    name: str
    months: Sequence[date]
    counts: Sequence[int]
    bars: Sequence[drawings.Bar]
    is_summed: bool

    @property
    def most(self) -> int:
        """The value of the highest bar."""
        return max(self.counts)

    @property
    def total(self) -> int:
        """The sum of all months."""
        return sum(self.counts)


@bp.get("/administration/figures")
def figures() -> str:
    """How much is written and by how many members, what waits, and the state of the machine."""
    months = _last_months(now().date())
    counted = queries.months(me(), datetime(months[0].year, months[0].month, 1, tzinfo=UTC))
    charts = [_chart(name, key, counted[key], months) for key, name in _chart_names().items()]
    return render_template(
        "upkeep/figures.html",
        charts=charts,
        picture=CHART_SIZE,
        is_empty=not any(chart.total for chart in charts if chart.is_summed),
        waiting=queries.waiting(),
        agendas=queries.quietest_agendas(me()),
        machine=_machine(),
        worker=machine.time_of(web.settings().heartbeat_path),
        is_worker_missed=(seconds_since_worker() or 0) > WORKER_SILENCE_SECONDS,
    )


def _chart_names() -> dict[str, str]:
    return {
        "posts": _("Posts written"),
        "authors": _("Members who wrote"),
        "members": _("New members"),
        "topics": _("Topics opened"),
        "questions": _("Questions asked"),
        "answers": _("Questions answered"),
    }


def _last_months(today: date) -> list[date]:
    """The first days of the last twelve months, the present one included."""
    present = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(present - 11, present + 1)]


def _chart(name: str, key: str, counted: dict[str, int], months: Sequence[date]) -> Chart:
    counts = [counted.get(f"{month:%Y-%m}", 0) for month in months]
    bars = drawings.bars(counts, CHART_SIZE.width, CHART_SIZE.height, CHART_SIZE.top)
    return Chart(name, months, counts, bars, key != "authors")


class Machine(NamedTuple):
    """The machine, and sizes on disk, in words such as `1.2 GB`."""

    database: str
    database_size: str
    data_size: str
    free: str
    schema: str
    pictures: int
    pictures_size: str
    versions: Sequence[tuple[str, str]]
    backed_up: datetime | None


def _machine() -> Machine:
    settings = web.settings()
    name, size = queries.database_size()
    pictures, bytes_of_pictures = queries.pictures_kept(me())
    return Machine(
        name,
        _size(size),
        _size(machine.bytes_in(settings.data)),
        _size(shutil.disk_usage(settings.data).free),
        queries.schema_state(),
        pictures,
        _size(bytes_of_pictures),
        [
            ("Interurban", queries.version()),
            ("Python", python_version()),
            *((name, version(name)) for name in LIBRARIES),
        ],
        machine.time_of(settings.backed_up_path),
    )


def _size(size: float) -> str:
    units = ((_("GB"), 1e9), (_("MB"), 1e6), (_("kB"), 1e3))
    unit, amount = next((size_unit for size_unit in units if size >= size_unit[1]), units[-1])
    size /= amount
    return f"{format_decimal(size, '#,##0.0' if size < 10 else '#,##0')} {unit}"


# For Prometheus


def measurements() -> dict[str, float]:
    """Metrics that are measured when asked for: what waits, free disk space, whether the database answers (0 or 1).

    Needs an application context, but no request.
    """
    settings = web.settings()
    found = metrics.totals(settings.metrics_path)
    found["forum_disk_free_bytes"] = shutil.disk_usage(settings.data).free
    if (seen := seconds_since_worker()) is not None:
        found["forum_worker_seen_seconds"] = seen
    try:
        return found | _database_measurements() | {"forum_database_up": 1}
    except SQLAlchemyError:
        return found | {"forum_database_up": 0}


def _database_measurements() -> dict[str, float]:
    waiting, (_name, size) = queries.waiting(), queries.database_size()
    return {
        "forum_schema_ours": queries.schema_state() == "ours",
        "forum_events_waiting": waiting.events,
        "forum_oldest_event_seconds": _seconds_since(waiting.oldest_at),
        "forum_events_given_up": waiting.given_up,
        "forum_letters_waiting": waiting.letters,
        "forum_oldest_letter_seconds": _seconds_since(waiting.oldest_letter_at),
        "forum_reports_open": waiting.reports,
        "forum_practices_submitted": waiting.practices,
        "forum_database_bytes": size,
    }


def _seconds_since(moment: datetime | None) -> float:
    return max(0, (now() - moment).total_seconds()) if moment else 0


_probe = machine.Probe[tuple[str, bool, bool]](PROBE_SECONDS)


def _plain_text(text: str, status: int) -> Response:
    answer = Response(text, status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
