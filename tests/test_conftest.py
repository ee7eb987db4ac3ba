"""The tests' own tools do what the tests rely on."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.db import db
from forum.members.models import Member


@pytest.mark.parametrize("_turn", [1, 2])
def test_what_a_test_writes_is_thrown_away(app: Flask, people: Any, _turn: int) -> None:
    assert db.session.query(Member).count() == 6


def test_a_browser_is_signed_in_and_a_visitor_is_not(
    people: Any, sign_in: Any, client: FlaskClient
) -> None:
    assert sign_in(people.ana).get("/settings").status_code == 200
    assert client.get("/settings").status_code == 303


def test_two_browsers_are_two_people(people: Any, sign_in: Any) -> None:
    ana, ben = sign_in(people.ana), sign_in(people.ben)
    assert b"Ana Prado" in ana.get("/settings").data
    assert b"Ben Okoth" in ben.get("/settings").data
