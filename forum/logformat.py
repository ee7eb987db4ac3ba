"""Lines of the log, in JSON or in words, in which nobody's data stands."""

from __future__ import annotations

import json
import re
import sys
import traceback
from contextlib import suppress
from functools import lru_cache
from os import getpid
from time import gmtime, strftime, time
from typing import Any, NamedTuple

JSON, PLAIN, OFF = KINDS = ("json", "plain", "off")
LONGEST, DEEPEST = 300, 40
# What messages of libraries may quote: addresses of people and of machines.
PERSONAL = re.compile(
    r"[^\s'\"=<(]+@[^\s'\"=>),]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}\b",
    re.IGNORECASE,
)


def put(line: str) -> None:
    """Write a line to standard error."""
    with suppress(OSError, ValueError):  # nobody reads any more: no reason to refuse a reader
        sys.stderr.write(f"{line}\n")


# Requests: put together by hand, which takes a third of the time of an encoder


class Answered(NamedTuple):
    """A request that was answered: its number and door, and what it took.

    `route` is the rule of an address and `endpoint` its name, empty where there is none; `size` are the bytes of
    the answer as its header says them; times are in milliseconds.
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


def of_request(kind: str, one: Answered) -> str:
    """The line of a request."""
    size = one.size if one.size and one.size.isdecimal() else "null"
    if kind == JSON:
        where = _where(one.method, one.route, one.endpoint)
        return (
            f'{{"at":"{_now()}","level":"info","message":"request",{where},"status":{one.status}'
            f',"ms":{one.ms:.2f},"bytes":{size},"sql":{one.sql},"sql_ms":{one.sql_ms:.2f}'
            f',"request":"{one.number}","pid":{getpid()}}}'
        )
    return (
        f"{_now()} info request method={one.method} route={one.route} endpoint={one.endpoint}"
        f" status={one.status} ms={one.ms:.2f} bytes={size} sql={one.sql} sql_ms={one.sql_ms:.2f}"
        f" request={one.number} pid={getpid()}"
    )


@lru_cache(maxsize=1_000)
def _where(method: str, route: str, endpoint: str) -> str:
    """What is the same in every line of one door, as JSON without its brackets."""
    names = {"method": method, "route": route or None, "endpoint": endpoint or None}
    return _encode(names)[1:-1]


def _now() -> str:
    """The moment in UTC to the millisecond."""
    moment = time()
    return f"{_second(int(moment))}.{int(moment % 1 * 1000):03}Z"


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(moment))


# What the program says


def of_record(kind: str, level: str, message: str, **values: Any) -> str:
    """Anything else; `trace`, if there is one, stands on lines of its own among words."""
    if kind == JSON:
        return _encode({"at": _now(), "level": level, "message": message, **values})
    said = " ".join(f"{name}={value}" for name, value in values.items() if name != "trace")
    return "\n    ".join([f"{_now()} {level} {message} {said}", *values.get("trace", [])])


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


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
    line = words.partition("\n")[0][: 2 * LONGEST]
    return PERSONAL.sub("…", line)[:LONGEST]
