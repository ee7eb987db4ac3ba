"""Numbers beside rows, by which these are put in order."""

from __future__ import annotations

import pytest
from flask import Flask

from forum.orderforms import OrderForm


def test_rows_come_in_the_order_of_their_numbers(app: Flask) -> None:
    """A row moved up comes before the row with that number, a row moved down after it; an empty field keeps its row's place."""
    for typed, ordered in (
        ({}, [7, 8, 9]),
        ({"place-9": "1"}, [9, 7, 8]),
        ({"place-7": "2"}, [8, 7, 9]),
        ({"place-7": "3", "place-8": ""}, [8, 9, 7]),
    ):
        with app.test_request_context("/", method="POST", data=typed):
            form = OrderForm.of([7, 8, 9])
            assert form.validate() and form.ordered_ids == ordered, typed


@pytest.mark.parametrize("typed", ["0", "-1", "10000", "first", "1.5"])
def test_a_place_that_is_none_is_refused(app: Flask, typed: str) -> None:
    with app.test_request_context("/", method="POST", data={"place-7": typed}):
        form = OrderForm.of([7])
        assert not form.validate()
        assert form.errors["place-7"] == ["Enter a place from 1 to 9999."]
