"""The tests' own tools do what the tests rely on."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text

from forum import ratelimits
from forum.agendas.actions import write_theme
from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.members.actions import found_federation
from forum.members.models import Member
from forum.permissions import SYSTEM
from tests import conftest
from tests.conftest import OneConnectionSession, Standing, remembered


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


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_world_stands_for_the_next_test_and_what_was_done_in_it_does_not(
    app: Flask, standing: Standing, people: Any, agenda: Any, turn: int
) -> None:
    assert standing.worlds == ["people", "agenda"]
    assert (
        people.ana in db.session and people.ana.position == "" and people.host.hosted == [agenda.id]
    )
    people.ana.position = f"Planner {turn}"
    db.session.delete(agenda)
    db.session.commit()


def test_only_what_a_test_asks_for_stands(app: Flask, standing: Standing, people: Any) -> None:
    assert standing.worlds == ["people"]
    assert db.session.query(Agenda).count() == 0


def test_who_writes_first_has_no_world_that_stays(app: Flask, standing: Standing) -> None:
    standing.is_clean = True  # as while the fixtures are made
    found_federation(SYSTEM, "Interurban")
    remembered("a test of worlds", app, lambda: write_theme(SYSTEM, "Noise").name)
    assert standing.worlds == []


def test_nothing_stands_beside_who_is_alone(
    alone: None, app: Flask, standing: Standing, database_url: str
) -> None:
    assert standing.worlds == []
    other = create_engine(database_url)
    with other.begin() as connection:  # would wait for a lock that a world holds
        connection.exec_driver_sql("UPDATE federation SET name = name")
    other.dispose()


@pytest.mark.parametrize("_turn", [1, 2])
def test_limits_that_a_test_switches_on_are_off_for_the_next(app: Flask, _turn: int) -> None:
    assert not ratelimits.limiter.enabled
    ratelimits.limiter.enabled = True


@pytest.fixture
def said(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said of savepoints, without their names."""
    words: list[str] = []
    say = conftest._say

    def note(connection: Any, *sentences: str) -> None:
        words.extend(sentence.rpartition(" ")[0] for sentence in sentences)
        say(connection, *sentences)

    monkeypatch.setattr(conftest, "_say", note)
    return words


def themes() -> list[str]:
    return list(db.session.scalars(select(Theme.name).order_by(Theme.name)))


def test_a_savepoint_is_made_when_something_is_written(
    people: Any, sign_in: Any, client: FlaskClient, said: list[str]
) -> None:
    assert client.get("/agendas").status_code == 200
    assert said == []
    sign_in(people.ana)
    assert said == ["SAVEPOINT", "RELEASE"]


def test_savepoints_are_made_in_their_order(app: Flask, said: list[str]) -> None:
    connection = OneConnectionSession.connection_of_test
    outer = connection.begin_nested()
    connection.begin_nested().commit()
    inner = connection.begin_nested()
    write_theme(SYSTEM, "Noise")
    assert said == ["SAVEPOINT", "SAVEPOINT", "SAVEPOINT", "RELEASE"]
    inner.rollback()
    outer.commit()
    assert said[4:] == ["ROLLBACK TO", "RELEASE", "RELEASE"]


@pytest.mark.parametrize("reads_first", [True, False])
def test_what_is_undone_is_what_was_written_within(app: Flask, reads_first: bool) -> None:
    write_theme(SYSTEM, "Before")
    outer = OneConnectionSession.connection_of_test.begin_nested()
    if reads_first:
        themes()
        db.session.rollback()
    write_theme(SYSTEM, "Within")
    inner = OneConnectionSession.connection_of_test.begin_nested()
    write_theme(SYSTEM, "Further within")
    inner.rollback()
    assert themes() == ["Before", "Within"]
    db.session.rollback()
    outer.rollback()
    assert themes() == ["Before"]


@pytest.mark.postgresql_only
def test_new_rows_are_numbered_after_those_that_were_put(app: Flask) -> None:
    given = text("SELECT nextval('member_id_seq')")
    last = db.session.scalar(given) or 0
    conftest._number_on({"member": last + 10, "agenda_host": 1})
    assert db.session.scalar(given) == last + 11
    conftest._number_on({"member": 1})
    assert db.session.scalar(given) == last + 12
