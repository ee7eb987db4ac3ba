"""What the whole forum refuses: a database that was made for another version of it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from flask_migrate import upgrade
from sqlalchemy import create_engine, inspect, text

from forum.db import db
from tests.forums import Forum, Made, forums


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Forums over empty databases of the kind that the test runs on: `made("name")`."""
    with forums(database_url, tmp_path_factory) as make:
        yield make


LOCK = text("SELECT pg_advisory_xact_lock(1096114000)")  # see migrations/env.py
OLDER = "The database is of an older version of the forum. Run `flask db upgrade` first."
NEWER = "The database is of a newer version of the forum. Install that version"
EMPTY = "The database is empty. Run `flask db upgrade` first."


def set_version(version: str) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    db.session.commit()


def assert_refused(forum: Forum, words: str) -> None:
    """By every command, and at every door but those that tell how it is."""
    for command in (["check"], ["members", "list"], ["serve"], ["worker"], ["reindex"]):
        refused = forum.run(*command)
        assert refused.exit_code == 1 and words in refused.output, (command, refused.output)
    browser = forum.app.test_client()
    for path in ("/", "/topics", "/sign-in", "/feeds/all.atom", "/"):
        answer = browser.get(path)
        assert answer.status_code == 503 and answer.headers["Retry-After"], path
        assert "being upgraded" in answer.text
    assert browser.get("/healthz").status_code == 200
    assert "schema" in browser.get("/readyz").text


def test_a_database_of_another_version_is_refused_until_it_is_ours(made: Made) -> None:
    forum = made("versions")
    assert_refused(forum, EMPTY)
    with forum.app.app_context():
        upgrade(revision="0003")
    assert_refused(forum, OLDER)
    with forum.app.app_context():
        set_version("9999")
    assert_refused(forum, NEWER)
    saved = forum.run("backup", forum.data / "backup")  # one can get out of it
    assert saved.exit_code == 0, saved.output
    with forum.app.app_context():
        set_version("0003")
        upgrade()
    assert forum.app.test_client().get("/topics").status_code == 200  # without being started again
    assert forum.run("check").exit_code == 0


def test_of_two_who_upgrade_at_once_one_waits(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a deed waits for a lock, and then it finds that there is nothing left to do."""
    monkeypatch.setattr("forum.db.BUSY_TIMEOUT_MS", 100)
    forum = made("twice")
    engine = create_engine(forum.url)
    with engine.connect().execution_options(is_writing=True) as first:
        first.execute(LOCK if engine.dialect.name == "postgresql" else text("SELECT 1"))
        second = Thread(target=forum.run, args=("db", "upgrade"))
        second.start()
        second.join(0.6)
        assert second.is_alive()
        assert "alembic_version" not in inspect(engine).get_table_names()
    engine.dispose()
    second.join(20)
    assert forum.run("check").exit_code == 0
