"""The time that the forum stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set_clock: ContextVar[datetime | None] = ContextVar("set_clock", default=None)


def now() -> datetime:
    """The current time in UTC, to the second, which is what the forum stores."""
    return _set_clock.get() or datetime.now(UTC).replace(microsecond=0)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now` return another time within: an import brings its dates along."""
    token = _set_clock.set(moment)
    try:
        yield
    finally:
        _set_clock.reset(token)
