"""Times in sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from flask import Flask
from flask_babel import force_locale

from forum.clock import day_in_words, in_words, in_zone, month_end, months_after, span_in_words

MOMENT = datetime(2026, 3, 1, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "1 March 2026"),
        ("pt_BR", "1 de março de 2026"),
        ("ja", "2026年3月1日"),
        ("ar", "1 مارس 2026"),
        ("fr", "1er mars 2026"),
    ],
)
def test_a_day_is_said_as_is_usual_in_a_language(app: Flask, language: str, words: str) -> None:
    with force_locale(language):
        assert day_in_words(date(2026, 3, 1)) == words


def test_french_says_the_first_of_a_month_as_it_is_said_and_the_other_days_as_numbers(
    app: Flask,
) -> None:
    ends = datetime(2026, 5, 11, 9, tzinfo=UTC)
    with force_locale("fr"):
        assert day_in_words(date(2026, 1, 31)) == "31 janvier 2026"
        assert day_in_words(date(2026, 5, 11)) == "11 mai 2026"
        said = span_in_words(datetime(2026, 5, 1, 9, tzinfo=UTC), ends, UTC)
        assert said == "vendredi 1er mai 2026, 09:00 – lundi 11 mai 2026, 09:00"
        assert in_words(datetime(2026, 5, 1, 9, tzinfo=UTC)).startswith("1er mai 2026")


def test_a_moment_is_said_in_the_zone_and_the_language_of_whoever_reads(app: Flask) -> None:
    assert in_words(MOMENT) == "1 March 2026, 23:05 UTC"
    assert in_words(MOMENT, "HH:mm") == "23:05 UTC"
    assert in_words(None) == ""
    with in_zone(timezone(timedelta(hours=2))), force_locale("pt"):
        assert in_words(MOMENT).startswith("2 de março de 2026, 01:05")


@pytest.mark.parametrize(
    ("months", "today", "end"),
    [
        (0, date(2026, 11, 28), date(2026, 11, 30)),
        (1, date(2026, 12, 31), date(2027, 1, 31)),
        (3, date(2026, 11, 30), date(2027, 2, 28)),
        (12, date(2027, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_month_ends_on_its_last_day(months: int, today: date, end: date) -> None:
    assert month_end(months, today) == end


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 24, date(2028, 11, 30)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_some_months_later_is_the_same_day_or_the_last(day: date, months: int, found: date) -> None:
    assert months_after(day, months) == found
