"""Reading the period of the transparency report from the address."""

from __future__ import annotations

from datetime import date

from forum.register.queries import Period

EARLIEST = date(2000, 1, 1)


def period(first: str, last: str, today: date) -> Period:
    """The period from `first` to `last` (ISO 8601); by default, or if they cannot be read, this year until today.

    Days in the wrong order are swapped, and days outside `EARLIEST` to today are moved to its ends.
    """
    begin, end = _day(first) or date(today.year, 1, 1), _day(last) or today
    begin, end = sorted((max(begin, EARLIEST), max(end, EARLIEST)))
    return Period(min(begin, today), min(end, today))


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
