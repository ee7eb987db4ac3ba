"""The time that the forum stores, and how sentences express it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo

from babel import dates
from flask_babel import get_locale, get_timezone

from forum import locales

_set_clock: ContextVar[datetime | None] = ContextVar("set_clock", default=None)
# Empty until the deed that is under way asks for the time
_moment_of_deed: ContextVar[list[datetime] | None] = ContextVar("moment_of_deed", default=None)
_set_zone: ContextVar[tzinfo | None] = ContextVar("set_zone", default=None)

# A second press of a button within this time is one with the first
DOUBLE_PRESS = timedelta(seconds=10)


def now() -> datetime:
    """The current time in UTC, to the second, which is what the forum stores."""
    if moment := _set_clock.get():
        return moment
    asked = _moment_of_deed.get()
    if asked:
        return asked[0]
    moment = datetime.now(UTC).replace(microsecond=0)
    if asked is not None:
        asked.append(moment)
    return moment


@contextmanager
def one_moment() -> Iterator[None]:
    """Inside, `now` returns the time at which it was first asked.

    A deed asks when it has the rows on which it decides; it may have waited for them, on PostgreSQL.
    """
    token = _moment_of_deed.set([])
    try:
        yield
    finally:
        _moment_of_deed.reset(token)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, `now` returns another time: an import brings its own dates."""
    token = _set_clock.set(moment)
    try:
        yield
    finally:
        _set_clock.reset(token)


def in_words(moment: datetime | None, pattern: str = "") -> str:
    """A moment for a sentence without markup, in the time zone of the reader, which it names: `…, 14:00 UTC`.

    `pattern` is a CLDR pattern; by default day and time. Empty for None.
    """
    if moment is None:
        return ""
    zone = _set_zone.get() or get_timezone() or UTC
    locale = str(get_locale() or locales.SOURCE)
    if pattern:
        words = dates.format_datetime(moment, pattern, tzinfo=zone, locale=locale)
    else:
        local = moment.astimezone(zone)
        words = f"{locales.day_in_words(local, locale)}, {local:%H:%M}"
    name = getattr(zone, "key", "UTC")
    return f"{words} UTC" if name == "UTC" else f"{words} ({name})"


def span_in_words(begins_at: datetime, ends_at: datetime, zone: tzinfo) -> str:
    """The beginning and the end of a span, in a time zone, with the day of the week; the day only once if it is the same."""
    begins, ends = begins_at.astimezone(zone), ends_at.astimezone(zone)
    locale = str(get_locale() or locales.SOURCE)
    # English with the day before the month, as everywhere in the forum
    named = "en_GB" if locale == locales.SOURCE else locale
    first, last = (
        locales.with_first_of_month(str(dates.format_date(day, "full", named)), day, named)
        for day in (begins.date(), ends.date())
    )
    if first == last:
        return f"{first}, {begins:%H:%M}–{ends:%H:%M}"
    return f"{first}, {begins:%H:%M} – {last}, {ends:%H:%M}"


def day_in_words(day: date, locale: str = "") -> str:
    """A day for a sentence without markup, in a language, by default the present one."""
    return locales.day_in_words(day, locale or str(get_locale() or locales.SOURCE))


def last_day(end: datetime) -> date:
    """The last day of something that ends at a moment: the day before, if it ends at midnight."""
    return (end - timedelta(microseconds=1)).date()


def month_in_words(day: date, pattern: str = "LLLL yyyy") -> str:
    """The month of a day, by a CLDR pattern; `LLLLL` is its first letter."""
    return str(dates.format_date(day, pattern, locale=get_locale()))


def month_end(months: int, today: date | None = None) -> date:
    """The last day of the month that is `months` months after that of a day, by default today; 0 is that month itself."""
    first = (today or now().date()).replace(day=1)
    return months_after(first, months + 1) - timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of a month that is too short for it."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@contextmanager
def in_zone(zone: tzinfo) -> Iterator[None]:
    """Inside, `in_words` uses another time zone: that of the member to whom a letter is addressed."""
    token = _set_zone.set(zone)
    try:
        yield
    finally:
        _set_zone.reset(token)
