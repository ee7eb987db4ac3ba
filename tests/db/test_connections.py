"""Connections: what they keep prepared, and what becomes of those that were lost."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from forum.agendas.models import Theme
from forum.db import db, execute_core
from forum.engines import checkpoint_wal
from forum.members.models import City
from forum.permissions import SYSTEM
from tests.db.conftest import name_theme, names, page


@pytest.mark.postgresql_only  # SQLite has no server
def test_a_session_closes_when_the_server_has_gone_away(own: Flask) -> None:
    pid = db.session.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
    db.session.remove()
    assert db.session.scalar(text("SELECT 1")) == 1
    db.session.remove()


@pytest.mark.postgresql_only  # SQLite plans statements in microseconds
def test_statements_of_pages_stay_prepared(own: Flask) -> None:
    """psycopg prepares statements that are used five times, and forgets them at a rollback; so pages must not end with one."""
    for _page in range(8):
        with page(own):
            execute_core(select(Theme.name).where(Theme.slug == "a"))
    known = text("SELECT statement FROM pg_prepared_statements")
    assert any("theme.slug" in statement for statement in db.session.scalars(known))


@pytest.mark.postgresql_only  # psycopg describes the columns of each result
def test_the_columns_of_a_statement_are_described_once(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = select(City.id, City.name.label("called"))
    assert execute_core(names).one()._asdict() == {"id": 1, "called": "A"}
    described: list[int] = []
    usual = psycopg.Column.__init__

    def describe(column: Any, cursor: Any, index: int) -> None:
        described.append(index)
        usual(column, cursor, index)

    monkeypatch.setattr(psycopg.Column, "__init__", describe)
    assert execute_core(names).one()._asdict() == {"id": 1, "called": "A"}
    assert not described
    found = db.session.execute(text("SELECT id, name AS called FROM city"))
    assert list(found.keys()) == ["id", "called"] and found.one() == (1, "A")
    assert described
    described.clear()
    assert execute_core(select(City.id, City.name.label("new"))).one() == (1, "A")
    assert described == [0, 1], "not again for each column"
    cursor = db.session.connection().connection.cursor()
    cursor.execute("SELECT 1 AS one, 2 AS two")
    assert len(cursor.description) == 2 and cursor.description[1].name == "two"
    cursor.execute("SELECT")
    assert cursor.description == []
    cursor.execute("SET LOCAL lock_timeout = 100")
    assert cursor.description is None


@pytest.mark.postgresql_only  # SQLite has no prepared statements on a server
def test_a_connection_that_lost_what_was_prepared_is_not_taken_again(own: Flask) -> None:
    """A connection pooler may have connected it to another server process."""
    ask = select(Theme.slug).where(Theme.name == "a")
    for _page in range(8):
        with page(own):
            execute_core(ask)
    with page(own), pytest.raises(DBAPIError):
        driver: Any = db.session.connection().connection.driver_connection
        driver.pgconn.exec_(b"DEALLOCATE ALL")
        execute_core(ask)
    with page(own):
        assert execute_core(ask).all() == []


@pytest.mark.postgresql_only  # SQLite keeps no outdated plans
def test_no_plan_of_an_older_schema_is_kept_after_it_failed(own: Flask) -> None:
    """Only one page fails, not all that follow."""
    ask = text("SELECT note FROM of_the_test")
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_the_test (note int)"))
    for _page in range(8):
        with page(own):
            execute_core(ask)
    other = create_engine(db.engine.url)
    with other.begin() as connection:
        connection.execute(text("ALTER TABLE of_the_test ALTER note TYPE text"))
    with page(own), pytest.raises(DBAPIError):
        execute_core(ask)
    with page(own):
        assert execute_core(ask).all() == []
    with other.begin() as connection:
        connection.execute(text("DROP TABLE of_the_test"))
    other.dispose()


@pytest.mark.postgresql_only  # SQLite has no server
def test_a_page_that_lived_through_a_cut_connection_closes_its_session(own: Flask) -> None:
    pid = db.session.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
    with suppress(DBAPIError):
        execute_core(select(Theme.name))
    db.session.remove()
    assert execute_core(select(Theme.name)).all() == []


@pytest.mark.sqlite_only  # these are SQLite's own settings
def test_sqlite_is_durable_and_keeps_its_promises(own: Flask) -> None:
    with db.engine.connect() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_that_cannot_be_reached_takes_no_deed(tmp_path: Path) -> None:
    app = Flask("broken")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/none/none.sqlite"
    db.init_app(app)
    with app.app_context(), pytest.raises(OperationalError):
        name_theme(SYSTEM, "locked")


@pytest.mark.sqlite_only  # PostgreSQL manages its log itself
def test_what_somebody_still_reads_stays_in_the_log_without_a_word(own: Flask) -> None:
    name_theme(SYSTEM, "Noise")
    with db.engine.connect() as reader:
        reader.execute(select(Theme.id)).all()
        name_theme(SYSTEM, "Water")
        log = Path(f"{db.engine.url.database}-wal")
        checkpoint_wal(db.engine)
        assert log.stat().st_size > 0
    checkpoint_wal(db.engine)
    assert log.stat().st_size == 0 and names() == ["Noise", "Water"]
