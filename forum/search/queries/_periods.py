"""The period in which texts were written: as conditions on a moment, and as words of the index on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement

# The index has texts from before this year with its first day
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Period:
    """The days, in UTC, from `first` to `last` (none: without an end). A false one is any time."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        """Whether it has an end at all."""
        return bool(self.first or self.last)

    def conditions(self, moment: Any) -> Iterator[ColumnElement[bool]]:
        """That a moment is in it."""
        if self.first:
            yield moment >= _beginning(self.first)
        if self.last and self.last < date.max:
            yield moment < _beginning(self.last + timedelta(days=1))


ANY_TIME = Period()


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def period_words(period: Period, today: date) -> list[str]:
    """Words of the index for days, months and years, of which each text in the period has exactly one.

    A period without an end goes on until the end of the next year.
    """
    end = date(today.year + 1, 12, 31)
    last = max(min(period.last or end, end), EARLIEST)
    day = max(period.first or EARLIEST, EARLIEST)
    words = []
    while day <= last:
        month, year = _month_after(day), date(day.year + 1, 1, 1)
        if day.day == day.month == 1 and year <= last + timedelta(days=1):
            words.append(f"=y{day:%Y}")
            day = year
        elif day.day == 1 and month <= last + timedelta(days=1):
            words.append(f"=m{day:%Y%m}")
            day = month
        else:
            words.append(f"=d{day:%Y%m%d}")
            day += timedelta(days=1)
    # A word that no text has, so that nothing is found in a period before the first or after the last text
    return words or ["=d"]


def _month_after(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
