"""The log: a line for each request, refused factor and received message, errors, and slow SQL, without personal data.

A line contains the URL rule (`/members/<handle>`) and not the address, and neither query string nor IP address, user
agent, member or e-mail address. All lines of one request have its id. When moderators or administrators look at private
data of others, a line of its own says so, with the number of who looks (`web.note_look`).
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from time import perf_counter
from typing import Any, TextIO

from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from forum import logformat, metrics
from forum.environment import WrongSetting
from forum.settings import Settings

VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WITHOUT_BODY = (204, 304)
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
MAX_STATEMENT = 2_000  # characters

log = logging.getLogger("forum")


class Request:
    """What is known about the request that a thread is handling: its id, its response, its SQL statements."""

    __slots__ = ("length", "number", "rule", "sql", "sql_seconds", "status")

    def __init__(self, number: str) -> None:
        self.number = number
        self.status = 500
        self.length: str | None = None
        self.rule: Rule | None = None
        self.sql = 0
        self.sql_seconds = 0.0


_current_request: ContextVar[Request | None] = ContextVar("present_request", default=None)


def request_id() -> str:
    """The id of the present request; empty outside of one."""
    request = _current_request.get()
    return request.number if request else ""


def init_app(app: Flask, settings: Settings, engine: Engine) -> None:
    """Give each request of an application an id, and log requests, errors and slow statements to standard error."""
    if settings.log not in logformat.KINDS:
        raise WrongSetting(f"FORUM_LOG is {settings.log}, and can be {', '.join(logformat.KINDS)}.")
    _log_to_standard_error(settings.log)
    _time_statements(engine, settings.slow_ms / 1000)
    app.wsgi_app = RequestLog(app.wsgi_app, settings)  # type: ignore[method-assign]  # as Flask documents it


# Requests


class RequestLog:
    """A thin WSGI layer that gives each request an id and logs how it was answered.

    It runs for every rendered page, so it is optimised for speed.
    """

    def __init__(
        self, application: Callable[[Any, Any], Iterable[bytes]], settings: Settings
    ) -> None:
        self.application = application
        self.takes_numbers = settings.proxies > 0
        self.kind = settings.log

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        begun = perf_counter()
        request = Request(self._number(environ))

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            request.status = int(status[:3])
            # Read here, because the request context no longer exists when the application returns.
            request.rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
            for name, value in headers:
                if name == "Content-Length":
                    request.length = value
            headers.append(("X-Request-Id", request.number))
            return start_response(status, headers, *rest)

        token = _current_request.set(request)
        try:
            return self.application(environ, start)
        finally:
            _current_request.reset(token)
            self._note(environ["REQUEST_METHOD"], request, perf_counter() - begun)

    def _number(self, environ: dict[str, Any]) -> str:
        """The id from our own proxy, or a new one."""
        if self.takes_numbers and VALID_REQUEST_ID.fullmatch(environ.get("HTTP_X_REQUEST_ID", "")):
            return str(environ["HTTP_X_REQUEST_ID"])
        return _request_ids.next()

    def _note(self, method: str, request: Request, seconds: float) -> None:
        rule = request.rule
        route, endpoint = (rule.rule, rule.endpoint) if rule else ("", "")
        room = endpoint.partition(".")[0]
        metrics.observe(room, request.status, seconds, request.sql, request.sql_seconds)
        if self.kind == logformat.OFF:
            return
        method = method if method in METHODS else "other"
        size = "0" if method == "HEAD" or request.status in WITHOUT_BODY else request.length
        facts = (request.number, method, route, endpoint, request.status, size)
        took = (seconds * 1000, request.sql, request.sql_seconds * 1000)
        logformat.write(logformat.format_request(self.kind, logformat.RequestRecord(*facts, *took)))


class RequestIds:
    """Unique ids: a random part for each process, and a counter."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Choose another random part, as a forked process must do."""
        self.process, self.count = secrets.token_hex(6), count(1)

    def next(self) -> str:
        """The next id."""
        return f"{self.process}-{next(self.count):x}"


_request_ids = RequestIds()
os.register_at_fork(after_in_child=_request_ids.renew)


# Statements


def _time_statements(engine: Engine, slow_seconds: float) -> None:
    """Count the statements of an engine and measure the time to their first row; log the slow ones."""

    def before(_c: Any, _cursor: Any, sql: str, values: Any, context: Any, _m: Any) -> Any:
        context.begun = perf_counter()
        return sql, values

    def after(_c: Any, _cursor: Any, statement: str, _values: Any, context: Any, _m: Any) -> None:
        note(statement, context, perf_counter() - context.begun)

    def failed(error: Any) -> None:
        if begun := getattr(error.execution_context, "begun", None):
            note(error.statement or "", error.execution_context, perf_counter() - begun)

    def note(statement: str, context: Any, seconds: float) -> None:
        if request := _current_request.get():
            request.sql_seconds += seconds
            if not statement.startswith(TRANSACTIONS):
                request.sql += 1
        if seconds >= slow_seconds:
            _note_slow(_as_prepared(statement, context), seconds)

    event.listen(engine, "before_cursor_execute", before, retval=True)  # saves SQLAlchemy a wrapper
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


@contextmanager
def without_slow_log() -> Iterator[None]:
    """Inside, slow statements are not logged: commands that read or write whole tables expect them."""
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _as_prepared(statement: str, context: Any) -> str:
    """A statement without the values that are rendered into it (`literal_execute`), such as search terms."""
    compiled = getattr(context, "compiled", None)
    return str(compiled.string) if compiled is not None else statement


def _note_slow(statement: str, seconds: float) -> None:
    """Log a slow statement, without its values."""
    words = " ".join(statement.split())[:MAX_STATEMENT]
    log.warning("slow statement", extra={"ms": round(seconds * 1000, 1), "statement": words})


# Other records


class _StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to the present `sys.stderr`, which tests replace."""

    def __init__(self, kind: str) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logformat.LineFormatter(kind, request_id))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class keeps the one that it began with
        return sys.stderr


def _log_to_standard_error(kind: str) -> None:
    for handler in [
        handler for handler in log.handlers if isinstance(handler, _StandardErrorHandler)
    ]:
        log.removeHandler(handler)
    log.addHandler(
        _StandardErrorHandler(logformat.JSON if kind == logformat.JSON else logformat.PLAIN)
    )
    log.setLevel(logging.NOTSET if kind == logformat.OFF else logging.INFO)
