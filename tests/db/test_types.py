"""Columns of times and of HTML, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import Date

from forum import columns
from forum.clock import at, now
from forum.columns import Base
from tests.db.conftest import NOON, ana, elsewhere


def test_the_clock_can_be_set_and_goes_on_afterwards() -> None:
    with at(NOON):
        assert now() == NOON
        with at(NOON + timedelta(days=1)):
            assert now() == NOON + timedelta(days=1)
        assert now() == NOON
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert now().microsecond == 0


def test_the_clock_is_set_back_when_something_fails() -> None:
    with pytest.raises(KeyError), at(NOON):
        raise KeyError
    assert now() != NOON


def test_moments_know_their_zone_on_both_databases(own: Flask) -> None:
    there = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    elsewhere(silenced_until=there)
    member = ana()
    assert member.silenced_until == NOON and member.silenced_until.tzinfo == UTC
    assert member.left_at is None


def test_only_html_columns_come_back_as_markup(own: Flask) -> None:
    elsewhere(about="<b>", about_html="<p>a</p>")
    member = ana()
    assert isinstance(member.about_html, Markup) and not isinstance(member.about, Markup)


def test_every_column_of_html_is_told_as_one() -> None:
    html = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.split("_")[-1] == "html"
    }
    typed = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, columns.Html)
    }
    assert html == typed


def test_every_time_has_a_zone() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            # Words, as printed
            if column.name.endswith(("_at", "_until")) and column.name != "as_at":
                # “until” with a day that has no time
                is_day = column.name.endswith("_until") and isinstance(column.type, Date)
                assert is_day or isinstance(column.type, columns.Moment), (
                    f"{table.name}.{column.name}"
                )
