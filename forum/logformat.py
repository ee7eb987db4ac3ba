"""Lines of the log, in JSON or as plain text, without personal data."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from os import getpid
from time import gmtime, strftime, time
from typing import Any, NamedTuple

JSON, PLAIN, OFF = KINDS = ("json", "plain", "off")
MAX_MESSAGE, MAX_TRACE_DEPTH = 300, 40  # characters, and calls
# Personal data that messages of libraries may contain: e-mail addresses and IP addresses
PERSONAL = re.compile(
    r"[^\s'\"=<(]+@[^\s'\"=>),]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}\b",
    re.IGNORECASE,
)


def write(line: str) -> None:
    """Write a line to standard error."""
    # The reader of the log is gone: requests are answered all the same
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")


# Requests: formatted by hand, which takes a third of the time of a JSON encoder


class RequestRecord(NamedTuple):
    """A request that was answered: its id and route, and what it cost.

    `route` is the URL rule and `endpoint` its endpoint, both empty if none matched; `size` is the Content-Length of
    the response; times are in milliseconds.
    """

    number: str
    method: str
    route: str
    endpoint: str
    status: int
    size: str | None
    ms: float
    sql: int
    sql_ms: float


def format_request(kind: str, record: RequestRecord) -> str:
    """The line about a request, in the format `kind`."""
    size = record.size if record.size and record.size.isdecimal() else "null"
    if kind == JSON:
        where = _route_fields(record.method, record.route, record.endpoint)
        return (
            f'{{"at":"{_now()}","level":"info","message":"request",{where},"status":{record.status}'
            f',"ms":{record.ms:.2f},"bytes":{size},"sql":{record.sql},"sql_ms":{record.sql_ms:.2f}'
            f',"request":"{record.number}","pid":{getpid()}}}'
        )
    return (
        f"{_now()} info request method={record.method} route={record.route} endpoint={record.endpoint}"
        f" status={record.status} ms={record.ms:.2f} bytes={size} sql={record.sql} sql_ms={record.sql_ms:.2f}"
        f" request={record.number} pid={getpid()}"
    )


@lru_cache(maxsize=1_000)
def _route_fields(method: str, route: str, endpoint: str) -> str:
    """The fields that all requests of one route have in common, as JSON without its braces."""
    names = {"method": method, "route": route or None, "endpoint": endpoint or None}
    return _encode(names)[1:-1]


def _now() -> str:
    """The current time in UTC, to the millisecond."""
    moment = time()
    return f"{_format_second(int(moment))}.{int(moment % 1 * 1000):03}Z"


@lru_cache(maxsize=4)
def _format_second(moment: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(moment))


# Other records


def format_record(kind: str, level: str, message: str, **values: Any) -> str:
    """The line for any other record with further values; in plain text a `trace` follows on separate lines."""
    if kind == JSON:
        return _encode({"at": _now(), "level": level, "message": message, **values})
    said = " ".join(f"{name}={value}" for name, value in values.items() if name != "trace")
    return "\n    ".join([f"{_now()} {level} {message} {said}", *values.get("trace", [])])


class LineFormatter(logging.Formatter):
    """Formats log records like the lines of requests, in JSON or plain text; `request_id` returns the id of the present request."""

    def __init__(self, kind: str, request_id: Callable[[], str] = str) -> None:
        super().__init__()
        self.kind, self.request_id = kind, request_id

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        further = record.__dict__
        values: dict[str, Any] = {n: further[n] for n in ("ms", "statement") if n in further}
        if record.exc_info and record.exc_info[1]:
            values["trace"] = format_trace(record.exc_info[1])
        request = self.request_id() or None
        values |= {"logger": record.name, "request": request, "pid": record.process}
        message = mask_personal_data(record.getMessage())
        return format_record(self.kind, record.levelname.lower(), message, **values)


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def format_trace(error: BaseException) -> list[str]:
    """The lines of code that an exception and its causes passed, and the message of each, first causes first.

    Only the first line of a message is kept, with personal data masked, because databases quote rows in further
    lines.
    """
    told = traceback.TracebackException.from_exception(error, limit=-MAX_TRACE_DEPTH, compact=True)
    return [line for link in _with_causes(told) for line in _trace_lines(link)]


def _with_causes(told: traceback.TracebackException) -> list[traceback.TracebackException]:
    before = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return [*(_with_causes(before) if before else []), told]


def _trace_lines(told: traceback.TracebackException) -> list[str]:
    places = [f"{at.filename}:{at.lineno} {at.name}: {at.line}" for at in told.stack]
    words = mask_personal_data(next(told.format_exception_only(), "").strip())
    return [*places, words]


def mask_personal_data(words: str) -> str:
    """The first line of a message, with e-mail and IP addresses replaced by `…`."""
    line = words.partition("\n")[0][: 2 * MAX_MESSAGE]
    return PERSONAL.sub("…", line)[:MAX_MESSAGE]
