"""The shared fixtures do what the tests rely on: rollback, datasets, savepoints."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text

from forum import ratelimits
from forum.agendas.actions import write_theme
from forum.agendas.models import Agenda, Theme
from forum.clock import at, now
from forum.db import db
from forum.members.actions import found_federation
from forum.members.models import Member
from forum.permissions import SYSTEM
from tests import conftest, datasets, savepoints
from tests.datasets import DatasetStack, load_dataset
from tests.savepoints import OneConnectionSession


@pytest.mark.parametrize("names", [["Trams"], ["Floods"], ["Trams", "Floods"]])
def test_datasets_that_were_made_apart_can_be_loaded_together(
    app: Flask, people: Any, names: list[str]
) -> None:
    for name in names:
        load_dataset(
            f"a theme, {name}", app, lambda name=name: write_theme(people.moderator, name).id
        )
    assert sorted(db.session.scalars(select(Theme.name))) == sorted(names)


@pytest.mark.parametrize("_turn", [1, 2])
def test_what_a_test_writes_is_rolled_back(app: Flask, people: Any, _turn: int) -> None:
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
def test_a_dataset_stays_for_the_next_test_and_changes_to_it_do_not(
    app: Flask, dataset_stack: DatasetStack, people: Any, agenda: Any, turn: int
) -> None:
    assert dataset_stack.loaded == ["people", "agenda"]
    assert (
        people.ana in db.session and people.ana.position == "" and people.host.hosted == [agenda.id]
    )
    people.ana.position = f"Planner {turn}"
    db.session.delete(agenda)
    db.session.commit()


def test_only_requested_datasets_are_loaded(
    app: Flask, dataset_stack: DatasetStack, people: Any
) -> None:
    assert dataset_stack.loaded == ["people"]
    assert db.session.query(Agenda).count() == 0


def test_a_dataset_on_top_of_other_writes_is_not_kept(
    app: Flask, dataset_stack: DatasetStack
) -> None:
    dataset_stack.can_keep = True  # as while fixtures are set up
    found_federation(SYSTEM, "Interurban")
    load_dataset("a test of datasets", app, lambda: write_theme(SYSTEM, "Noise").name)
    assert dataset_stack.loaded == []


def test_an_exclusive_database_is_empty_and_unlocked(
    exclusive_database: None, app: Flask, dataset_stack: DatasetStack, database_url: str
) -> None:
    assert dataset_stack.loaded == []
    other = create_engine(database_url)
    with other.begin() as connection:  # this would wait for a lock if a dataset were loaded
        connection.exec_driver_sql("UPDATE federation SET name = name")
    other.dispose()


@pytest.mark.parametrize("_turn", [1, 2])
def test_limits_that_a_test_switches_on_are_off_for_the_next(app: Flask, _turn: int) -> None:
    assert not ratelimits.limiter.enabled
    ratelimits.limiter.enabled = True


@pytest.fixture
def statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The savepoint statements that reach the driver, without the names of the savepoints."""
    executed: list[str] = []
    execute = savepoints.execute_on_driver

    def recording(connection: Any, *statements: str) -> None:
        executed.extend(statement.rpartition(" ")[0] for statement in statements)
        execute(connection, *statements)

    monkeypatch.setattr(savepoints, "execute_on_driver", recording)
    return executed


def themes() -> list[str]:
    return list(db.session.scalars(select(Theme.name).order_by(Theme.name)))


def test_a_savepoint_is_made_when_something_is_written(
    people: Any, sign_in: Any, client: FlaskClient, statements: list[str]
) -> None:
    assert client.get("/agendas").status_code == 200
    assert statements == []
    sign_in(people.ana)
    assert statements == ["SAVEPOINT", "RELEASE"]


def test_savepoints_are_made_in_their_order(app: Flask, statements: list[str]) -> None:
    connection = OneConnectionSession.connection_of_test
    outer = connection.begin_nested()
    connection.begin_nested().commit()
    inner = connection.begin_nested()
    write_theme(SYSTEM, "Noise")
    assert statements == ["SAVEPOINT", "SAVEPOINT", "SAVEPOINT", "RELEASE"]
    inner.rollback()
    outer.commit()
    assert statements[4:] == ["ROLLBACK TO", "RELEASE", "RELEASE"]


@pytest.mark.parametrize("reads_first", [True, False])
def test_a_rollback_undoes_what_was_written_after_the_savepoint(
    app: Flask, reads_first: bool
) -> None:
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
def test_new_rows_get_ids_after_those_that_were_inserted(app: Flask) -> None:
    given = text("SELECT nextval('member_id_seq')")
    last = db.session.scalar(given) or 0
    datasets._advance_sequences({"member": last + 10, "agenda_host": 1})
    assert db.session.scalar(given) == last + 11
    datasets._advance_sequences({"member": 1})
    assert db.session.scalar(given) == last + 12


def test_what_python_compiles_is_kept_for_the_next_process() -> None:
    """Also with PYTHONDONTWRITEBYTECODE: a run starts some hundred commands, and each would compile the whole forum."""
    asked = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split() == ["False", str(sys.pycache_prefix)]
    assert not sys.dont_write_bytecode


def test_no_test_begins_shortly_before_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(conftest.time, "sleep", waited.append)
    evening = datetime(2026, 12, 31, 23, 58, 59, tzinfo=UTC)
    day = conftest.Day(conftest.midnight_after(evening))
    with at(evening):
        assert not day.has_ended() and waited == []
    with at(evening + timedelta(seconds=31)):
        assert day.has_ended() and waited == [30]
    day = conftest.Day(conftest.midnight_after(evening))
    with at(evening + timedelta(hours=3)):  # the last test of the day went on until then
        assert day.has_ended() and not day.has_ended() and waited == [30]


def test_after_midnight_datasets_are_created_anew(
    app: Flask, people: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    assert conftest.SNAPSHOTS
    monkeypatch.setattr(conftest, "SNAPSHOTS", dict(conftest.SNAPSHOTS))
    monkeypatch.setattr(conftest, "DATASET_STACKS", {"": (cleared := Cleared())})
    monkeypatch.setattr(conftest, "DAY", conftest.Day(now() - timedelta(seconds=1)))
    conftest.pytest_runtest_setup(request.node)
    assert conftest.SNAPSHOTS == {} and cleared.times == 1
    conftest.pytest_runtest_setup(request.node)
    assert cleared.times == 1


class Cleared:
    """A stack of datasets that counts how often it is cleared."""

    times = 0

    def clear(self) -> None:
        self.times += 1


def test_where_processor_time_is_bounded_nothing_looks_for_garbage() -> None:
    """A look through all that a worker holds late in a run takes more time than such a bound allows."""
    here = Path(__file__).parent
    bare = []
    for file in (*here.glob("test_*.py"), *here.glob("*/**/test_*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                marks = " ".join(map(ast.unparse, function.decorator_list))
                measures = ast.unparse(function).count("process_time()") > 1
                if measures and "no_collection" not in marks:
                    bare.append(f"{file.name}: {function.name}")
    assert bare == []
