"""Searches for texts that were written in a period: the days that count, the order, and how many texts are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.actions import Entry
from forum.search.queries import Period, Query, find, finding
from forum.search.queries._periods import period_words
from tests.datasets import dataset_fixture, load_dataset

# Not in the order of their days, as after an import
WRITTEN = {
    1: datetime(2026, 3, 1, tzinfo=UTC),
    2: datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    3: datetime(2020, 1, 1, tzinfo=UTC),
    4: datetime(2020, 2, 29, 12, tzinfo=UTC),
    5: datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
    6: datetime(1985, 6, 1, tzinfo=UTC),
    7: datetime(2020, 12, 31, 1, tzinfo=UTC),
}
PERIODS: list[tuple[str, str, set[int]]] = [
    ("", "", {1, 2, 3, 4, 5, 6, 7}),
    ("2020-01-01", "2020-12-31", {3, 4, 7}),
    ("2020-02-29", "2020-02-29", {4}),
    ("2019-12-31", "2020-01-01", {2, 3}),
    ("2020-03-01", "2020-12-30", set()),
    ("2026-03-01", "", {1}),
    ("2026-02-28", "", {1, 5}),
    ("", "2019-12-31", {2, 6}),
    ("", "1990-01-01", {6}),
    ("", "1980-01-01", set()),
    ("1985-06-02", "2019-12-31", {2}),
    ("0001-01-01", "9999-12-31", {1, 2, 3, 4, 5, 6, 7}),
    ("9999-12-31", "", set()),
    ("", "0001-01-01", set()),
]


@pytest.fixture
@dataset_fixture
def texts(app: Flask) -> Flask:
    load_dataset("texts of several years", app, index_texts)
    return app


def index_texts() -> None:
    for number, moment in WRITTEN.items():
        text = Entry("topic", number, f"/topics/{number}", f"Text {number}", "Words.", moment)
        actions.index(SYSTEM, text)


def ids(typed: str, period: Period, **more: Any) -> list[int]:
    page = find(VISITOR, Query(typed, period=period, **more)).page
    return [hit.document.item_id for hit in page.items]


def period(first: str, last: str) -> Period:
    return Period(*(date.fromisoformat(day) if day else None for day in (first, last)))


@pytest.mark.parametrize(("first", "last", "expected"), PERIODS)
def test_the_days_of_a_period_are_whole_and_in_utc(
    texts: Flask, first: str, last: str, expected: set[int]
) -> None:
    days = period(first, last)
    for typed in ("text words", '"words"', "wor"):
        assert set(ids(typed, days)) == expected
    found = find(VISITOR, Query("words", period=days))
    assert found.kinds == ({"topic": len(expected)} if expected else {})


def test_a_phrase_is_found_in_a_period(texts: Flask) -> None:
    assert ids('"text 4"', period("2020-02-29", "2020-02-29")) == [4]
    assert ids('"text 4"', period("2020-03-01", "")) == []


def test_the_newest_are_first_also_in_a_period(texts: Flask) -> None:
    assert ids("words", period("2020-01-01", ""), is_newest_first=True) == [7, 5, 4, 3, 1]


def test_a_text_that_moves_to_another_day_is_found_there(texts: Flask) -> None:
    moved = Entry("topic", 4, "/topics/4", "Text 4", "Words.", datetime(2021, 5, 5, tzinfo=UTC))
    actions.index(SYSTEM, moved)
    assert ids("words", period("2021-05-05", "2021-05-05")) == [4]
    assert ids("words", period("2020-02-29", "2020-02-29")) == []
    assert not actions.mend_index(SYSTEM)
    actions.unindex(SYSTEM, "topic", 4)
    assert ids("words", period("2021-05-05", "2021-05-05")) == []


def test_in_one_topic_the_days_count_too(texts: Flask) -> None:
    for number, moment in WRITTEN.items():
        more = {"parent": ("topic", 3)}
        actions.index(
            SYSTEM, Entry("post", number, f"/posts/{number}", "Text 3", "Words.", moment, **more)
        )  # type: ignore[arg-type]
    found = find(VISITOR, Query("words", topic_id=3, period=period("2020-01-01", "2020-12-31")))
    assert sorted(hit.document.item_id for hit in found.page.items) == [3, 3, 4, 7]


def test_a_period_of_more_hits_than_are_read_at_once_is_read_in_portions(
    texts: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MAX_RANKED", 2)
    replies = {number: datetime(2020, 5, number, tzinfo=UTC) for number in (9, 2, 7, 4)}
    for number, moment in replies.items():
        text = Entry(
            "post", number, f"/posts/{number}", "Text 3", "Nothing.", moment, parent=("topic", 3)
        )
        actions.index(SYSTEM, text)
    assert set(ids("text", period("2020-01-01", "2020-06-30"))) == {3, 4}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2020-01-01", "2020-12-31", ["=y2020"]),
        ("2020-02-01", "2020-02-29", ["=m202002"]),
        ("2020-02-28", "2020-03-01", ["=d20200228", "=d20200229", "=d20200301"]),
        ("2019-11-30", "2021-01-31", ["=d20191130", "=m201912", "=y2020", "=m202101"]),
        ("2026-12-01", "", ["=m202612", "=y2027"]),
        ("2028-01-01", "", ["=d"]),
        ("2021-01-01", "2020-01-01", ["=d"]),
        ("", "1985-01-01", ["=d19900101"]),
    ],
)
def test_the_words_of_a_period_are_its_years_months_and_days(
    first: str, last: str, words: list[str]
) -> None:
    assert period_words(period(first, last), date(2026, 12, 1)) == words


def test_a_period_never_has_many_words() -> None:
    longest = period_words(period("1990-01-02", "2027-12-30"), date(2026, 12, 1))
    assert len(longest) <= 2 * (30 + 11) + 37
    assert len(period_words(Period(date.min + timedelta(days=1)), date(2026, 12, 1))) == 38
