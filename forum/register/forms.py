"""Which period the transparency report is about."""

from __future__ import annotations

from datetime import date

from forum.register.queries import Period

EARLIEST = date(2000, 1, 1)


def period(first: str, last: str, today: date) -> Period:
    """The period that an address asks for; the year until today where it says nothing that can be read.

    Days that stand the wrong way round are turned, and those to come end today.
    """
    begin, end = _day(first) or date(today.year, 1, 1), _day(last) or today
    begin, end = sorted((max(begin, EARLIEST), max(end, EARLIEST)))
    return Period(min(begin, today), min(end, today))


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
