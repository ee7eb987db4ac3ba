"""Pages of long lists: every page number gives a page that exists, with few queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from forum.members.models import City
from forum.pages import Page, capped, clamp, count_of, ngettext, page_of, pages_for

CITIES = select(City).order_by(City.name)


def test_how_many_pages_there_are() -> None:
    assert [pages_for(total, 20) for total in (0, 1, 20, 21, 40, 41)] == [1, 1, 1, 2, 2, 3]
    assert [clamp(number, 3) for number in (-1, 0, 1, 3, 4, 10**9)] == [1, 1, 1, 3, 3, 3]


def test_the_pages_beside_it() -> None:
    first, middle, last = (Page([], number, 3, 50) for number in (1, 2, 3))
    assert (first.previous, first.next) == (None, 2)
    assert (middle.previous, middle.next) == (1, 3)
    assert (last.previous, last.next) == (2, None)


@pytest.mark.parametrize(
    ("number", "expected", "names"),
    [
        (1, 1, ["Athens", "Copenhagen", "Medellín"]),
        (3, 3, ["Tampere", "Tokyo"]),
        (0, 1, ["Athens", "Copenhagen", "Medellín"]),
        (10**9, 3, ["Tampere", "Tokyo"]),
    ],
)
def test_a_page_of_a_list(app: Flask, number: int, expected: int, names: list[str]) -> None:
    page = page_of(CITIES, number, 3)
    assert [city.name for city in page.items] == names
    assert (page.number, page.pages, page.total) == (expected, 3, 8)


def test_a_list_of_nothing_has_one_page(app: Flask) -> None:
    page = page_of(CITIES.where(City.id < 0), 5, 3)
    assert (list(page.items), page.number, page.pages, page.total) == ([], 1, 1, 0)


def test_a_page_takes_two_questions(app: Flask, queries: Any) -> None:
    with queries() as made:
        page_of(CITIES, 2, 3)
    assert made.count == 2


def test_a_count_asks_for_no_order_and_few_columns(app: Flask, queries: Any) -> None:
    with queries() as made:
        assert count_of(CITIES) == 8
    assert "ORDER BY" not in made.statements[0] and "latitude" not in made.statements[0]


def test_numbers_are_shown_up_to_a_hundred() -> None:
    assert [capped(number) for number in (1, 99, 100, 1_000)] == ["1", "99", "99+", "99+"]


def test_what_is_counted_is_said_in_the_way_of_the_language(app: Flask) -> None:
    with app.test_request_context():
        assert ngettext("%(num)s mark", "%(num)s marks", 12_000) == "12,000 marks"
        with force_locale("fr"):
            said = ngettext("%(num)s new post", "%(num)s new posts", 12_000)
        assert re.match(r"12[\u00a0\u202f]000 ", said)
