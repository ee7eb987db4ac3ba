"""What the server writes down about itself: a line for each request, mistakes, slow statements; nothing about people.

A line names the rule of an address (`/members/<handle>`) and never the address, and holds neither a query string
nor an IP address, a browser, a member or an e-mail address. Every line of one request bears its number.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from os import getpid
from time import perf_counter
from typing import Any, TextIO

from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from forum import metrics
from forum.settings import Settings

JSON, PLAIN, OFF = KINDS = ("json", "plain", "off")
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
LONGEST_STATEMENT, LONGEST_MESSAGE, DEEPEST = 2_000, 300, 40
# What messages of libraries may quote: addresses of people and of machines.
PERSONAL = re.compile(
    r"[^\s'\"=<(]+@[^\s'\"=>),]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}\b",
    re.IGNORECASE,
)


class Request:
    """What is known of the request that a thread is at: its number, its answer, its statements."""

    __slots__ = ("id", "length", "rule", "sql", "sql_seconds", "status")

    def __init__(self, request_id: str) -> None:
        self.id = request_id
        self.status = 500
        self.length: str | None = None
        self.rule: Rule | None = None
        self.sql = 0
        self.sql_seconds = 0.0


_present: ContextVar[Request | None] = ContextVar("present_request", default=None)


def request_id() -> str:
    """The number of the request that is being answered; empty outside of one."""
    request = _present.get()
    return request.id if request else ""


def init_app(app: Flask, settings: Settings, engine: Engine) -> None:
    """Number an application's requests, and write them, its mistakes and its slow statements to standard error."""
    if settings.log not in KINDS:
        raise ValueError(f"FORUM_LOG is {settings.log}, and can be {', '.join(KINDS)}")
    _write_mistakes(settings.log)
    _watch(engine, settings.slow_ms / 1000)
    app.wsgi_app = Requests(app.wsgi_app, settings)  # type: ignore[method-assign]  # as Flask documents it


class Requests:
    """A thin layer around an application: gives each request its number, and notes how it went."""

    def __init__(self, application: Any, settings: Settings) -> None:
        self.application = application
        self.takes_numbers = settings.proxies > 0
        self.kind = settings.log

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        begun = perf_counter()
        request = Request(self._number(environ))

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            request.status = int(status[:3])
            # Flask takes it away again before this layer has its turn.
            request.rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
            request.length = next((v for name, v in headers if name == "Content-Length"), None)
            return start_response(status, [*headers, ("X-Request-Id", request.id)], *rest)

        token = _present.set(request)
        try:
            return self.application(environ, start)  # type: ignore[no-any-return]  # any WSGI application
        finally:
            _present.reset(token)
            self._note(environ, request, perf_counter() - begun)

    def _number(self, environ: dict[str, Any]) -> str:
        """The number that a proxy of ours has given, or a new one."""
        if self.takes_numbers and WELL_FORMED.fullmatch(environ.get("HTTP_X_REQUEST_ID", "")):
            return str(environ["HTTP_X_REQUEST_ID"])
        return secrets.token_hex(8)

    def _note(self, environ: dict[str, Any], request: Request, seconds: float) -> None:
        rule = request.rule
        endpoint = rule.endpoint if rule else ""
        metrics.observe(
            endpoint.partition(".")[0], request.status, seconds, request.sql, request.sql_seconds
        )
        if self.kind == OFF:
            return
        method = environ["REQUEST_METHOD"]
        has_body = method != "HEAD" and request.status not in (204, 304)
        _write(
            self.kind,
            "info",
            "request",
            method=method if method in METHODS else "other",
            route=rule.rule if rule else None,
            endpoint=endpoint or None,
            status=request.status,
            ms=round(seconds * 1000, 2),
            bytes=_whole(request.length) if has_body else 0,
            sql=request.sql,
            sql_ms=round(request.sql_seconds * 1000, 2),
            request=request.id,
            pid=getpid(),
        )


def _whole(length: str | None) -> int | None:
    return int(length) if length and length.isdigit() else None


# Statements


def _watch(engine: Engine, slow_seconds: float) -> None:
    """Count the statements of an engine and time them until their first row; write down the slow ones."""

    def before(_c: Any, _cursor: Any, sql: str, values: Any, context: Any, _m: Any) -> Any:
        context.begun = perf_counter()
        return sql, values

    def after(_c: Any, _cursor: Any, statement: str, _values: Any, context: Any, _m: Any) -> None:
        note(statement, perf_counter() - context.begun)

    def failed(error: Any) -> None:
        if begun := getattr(error.execution_context, "begun", None):
            note(error.statement or "", perf_counter() - begun)

    def note(statement: str, seconds: float) -> None:
        if request := _present.get():
            request.sql_seconds += seconds
            if not statement.startswith(TRANSACTIONS):
                request.sql += 1
        if seconds >= slow_seconds:
            _note_slow(statement, seconds)

    event.listen(engine, "before_cursor_execute", before, retval=True)  # spares a wrapper
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


def _note_slow(statement: str, seconds: float) -> None:
    """Write down a statement as it was prepared: its values stand apart and are left out."""
    words = " ".join(statement.split())[:LONGEST_STATEMENT]
    log.warning("slow statement", extra={"ms": round(seconds * 1000, 1), "statement": words})


# Mistakes

log = logging.getLogger("forum")


class Lines(logging.Formatter):
    """Formats what the program says, of one kind with the lines of requests."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        values: dict[str, Any] = {"logger": record.name}
        for name in ("ms", "statement"):
            if name in record.__dict__:
                values[name] = record.__dict__[name]
        if record.exc_info and record.exc_info[1]:
            values["trace"] = trace(record.exc_info[1])
        values |= {"request": request_id() or None, "pid": record.process}
        return _line(self.kind, record.levelname.lower(), masked(record.getMessage()), values)


def trace(error: BaseException) -> list[str]:
    """Where a mistake was made, from its cause on: the lines of code that were under way, and what it says.

    Of what it says the first line alone, without addresses of people: databases quote rows in further lines.
    """
    told = traceback.TracebackException.from_exception(error, limit=-DEEPEST, compact=True)
    return [line for one in _causes(told) for line in _told(one)]


def _causes(told: traceback.TracebackException) -> list[traceback.TracebackException]:
    before = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return [*(_causes(before) if before else []), told]


def _told(told: traceback.TracebackException) -> list[str]:
    places = [f"{at.filename}:{at.lineno} {at.name}: {at.line}" for at in told.stack]
    words = masked(next(told.format_exception_only(), "").strip())
    return [*places, words]


def masked(words: str) -> str:
    """The first line of a message, without addresses of people and machines."""
    line = words.partition("\n")[0][: 2 * LONGEST_MESSAGE]
    return PERSONAL.sub("…", line)[:LONGEST_MESSAGE]


class _Output(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment."""

    def __init__(self, kind: str) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(Lines(kind))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class keeps the one that it began with
        return sys.stderr


def _write_mistakes(kind: str) -> None:
    for handler in [one for one in log.handlers if isinstance(one, _Output)]:
        log.removeHandler(handler)
    log.addHandler(_Output(JSON if kind == JSON else PLAIN))


# Lines


def _write(kind: str, level: str, message: str, **values: Any) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more: no reason to refuse a reader
        sys.stderr.write(_line(kind, level, message, values) + "\n")


def _line(kind: str, level: str, message: str, values: dict[str, Any]) -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    if kind == JSON:
        return _encode({"at": at, "level": level, "message": message, **values})
    said = " ".join(f"{name}={value}" for name, value in values.items() if name != "trace")
    return "\n    ".join([f"{at} {level} {message} {said}", *values.get("trace", [])])


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
