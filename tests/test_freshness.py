"""The versions of scopes: those of the last commit on both databases, and cheap to check when nothing was written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from werkzeug.test import Client

from forum.db import db
from forum.deeds import action, touches
from forum.freshness import (
    PostgresqlVersions,
    SqliteVersions,
    VersionCache,
    version_source,
)
from forum.members import actions as members
from forum.permissions import SYSTEM, VISITOR
from forum.versions import ANY_CHANGE, PAGE_VERSIONS, topic_scope
from tests.forums import Forum, forums

pytestmark = pytest.mark.thorough

TOP = Path(__file__).parent.parent


def test_numbers_are_those_of_the_last_commit(migrated_app: Flask) -> None:
    """Also for other connections, threads and processes: nobody reads an old version after a commit."""
    with migrated_app.app_context():
        engine = db.engine
    source = version_source(engine)
    put = PAGE_VERSIONS.insert().values(scope="of the test", number=1)
    more = PAGE_VERSIONS.update().where(PAGE_VERSIONS.c.scope == "of the test")
    try:
        assert source.versions(["of the test"]) == {}
        seen = source.stamp()
        with engine.begin() as connection:
            connection.execute(put)
        assert source.versions(["of the test", "another"]) == {"of the test": 1}
        for number in range(2, 6):
            moment = source.stamp()
            assert moment is None or moment != seen
            assert source.stamp() == moment
            seen = moment
            with engine.connect() as connection:
                connection.execute(more.values(number=number))
                assert source.versions(["of the test"]) == {"of the test": number - 1}
                assert source.stamp() == moment
                connection.commit()
            assert source.versions(["of the test"]) == {"of the test": number}
    finally:
        with engine.begin() as connection:
            connection.execute(PAGE_VERSIONS.delete().where(PAGE_VERSIONS.c.scope == "of the test"))


@pytest.mark.postgresql_only  # the address of a file has no options
def test_numbers_are_asked_for_with_the_options_of_the_address(migrated_app: Flask) -> None:
    """Without the options the versions could not be read, and every page would be rendered anew."""
    with migrated_app.app_context():
        options = {"options": "-c search_path=public -c statement_timeout=9s"}
        url = db.engine.url.update_query_dict(options)
    source = PostgresqlVersions(url)
    assert VersionCache(source).current([ANY_CHANGE]) is not None
    with psycopg.connect(source.conninfo) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("9s",)


@pytest.mark.parametrize("said", ["1", ""])
def test_on_one_machine_kept_pages_ask_nothing_and_are_never_old(
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
) -> None:
    """A change by this process or by a command in another process is seen with the next request.

    Also by a command that does not know that there is only one machine.
    """
    monkeypatch.setenv("FORUM_ONE_MACHINE", said)
    asked: list[Any] = []
    for kind in (SqliteVersions, PostgresqlVersions):
        ask = kind.versions
        monkeypatch.setattr(kind, "versions", lambda *all, ask=ask: asked.append(all) or ask(*all))
    with forums(database_url, tmp_path_factory) as make:
        forum = make("alone", has_tables=True, page_cache_mb=4, is_one_machine=True)
        reader = Client(forum.app, use_cookies=False)
        with forum.app.app_context():
            members.found_federation(SYSTEM, "Alone")
        for name, add in (("Nora", _join), ("Olga", _add_elsewhere)):
            assert name not in reader.get("/members").text
            asked.clear()
            assert reader.get("/members").status_code == 200 and asked == []
            add(forum, name)
            assert name in reader.get("/members").text and asked
        for _turn in range(2):
            assert "Nora" in reader.get("/members/nora").text
        asked.clear()
        with forum.app.app_context():
            _touch_a_topic(SYSTEM)
        assert reader.get("/members/nora").status_code == 200
        assert bool(asked) == forum.url.startswith("sqlite"), "PostgreSQL's processes say what"


@action
def _touch_a_topic(_doer: Any) -> None:
    touches(topic_scope(5))


def _join(forum: Forum, name: str) -> None:
    with forum.app.app_context():
        members.join(VISITOR, members.Joining(name, f"{name}@example.org", "-"))


def _add_elsewhere(forum: Forum, name: str) -> None:
    settings = {"FORUM_DATABASE_URL": forum.url, "FORUM_LOG": "off"}
    environment = {**os.environ, "FORUM_DATA": str(forum.data), **settings}
    words = ["members", "add", "--email", f"{name}@example.org", "--name", name]
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    word = b"four unrelated plain words\n"
    subprocess.run(
        command, env=environment, cwd=TOP, check=True, input=word, capture_output=True, timeout=120
    )


def _file(path: Path, mode: str = "WAL") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute("CREATE TABLE page_version (scope TEXT PRIMARY KEY, number INTEGER)")
    connection.execute("INSERT INTO page_version VALUES ('one', 1)")
    return connection


MORE = "UPDATE page_version SET number = number + 1"
ELSEWHERE = (
    "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
)


def in_another_process(path: Path, statement: str) -> None:
    subprocess.run([sys.executable, "-c", ELSEWHERE, path, statement], check=True, timeout=60)


def test_what_the_index_of_the_log_says_is_what_sqlite_says(tmp_path: Path) -> None:
    """Each commit by any process changes the stamp; rollbacks and reads do not."""
    path = tmp_path / "a file.sqlite"
    writer, beside = _file(path), sqlite3.connect(path)
    source = SqliteVersions(str(path))

    def version() -> int:
        return int(beside.execute("PRAGMA data_version").fetchone()[0])

    source.stamp()
    assert source.index is not None
    seen: dict[Any, int] = {source.stamp(): version()}
    for number in range(1, 40):
        writer.execute(MORE)
        seen[source.stamp()] = version()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(MORE)
        assert source.stamp() in seen
        writer.execute("ROLLBACK")
        writer.execute("SELECT * FROM page_version").fetchall()
        assert source.stamp() in seen
        if number % 10 == 0:
            in_another_process(path, MORE)
            assert source.stamp() not in seen
            seen[source.stamp()] = version()
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            in_another_process(path, "PRAGMA wal_checkpoint(TRUNCATE)")
            version()
    assert len(set(seen.values())) == len(seen) == 1 + 39 + 3


def test_without_an_index_sqlite_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a file without a write-ahead log, and for a log in an unknown format."""
    with monkeypatch.context() as patch:
        other = _file(tmp_path / "other")
        patch.setattr("forum.freshness.WAL_INDEX_VERSION", 1)
        unknown = SqliteVersions(str(tmp_path / "other"))
        plain = SqliteVersions(str(tmp_path / "plain"))
        writer = _file(tmp_path / "plain", "DELETE")
        for source, connection in ((unknown, other), (plain, writer)):
            seen = source.stamp()
            assert source.stamp() == seen
            connection.execute(MORE)
            assert source.stamp() != seen
            assert source.index is None


def test_an_index_that_others_left_behind_is_not_looked_at(tmp_path: Path) -> None:
    """A file without a log may have an old index beside it; another process then starts a log with this index."""
    path = tmp_path / "a file.sqlite"
    _file(tmp_path / "other").execute("SELECT * FROM page_version").fetchall()
    _file(path, "DELETE").close()
    shutil.copy(tmp_path / "other-shm", f"{path}-shm")
    source = SqliteVersions(str(path))
    seen = [(source.stamp(), dict(source.versions(["one"])))]
    assert source.index is None
    Path(f"{path}-shm").unlink()
    for statement in ("PRAGMA journal_mode=WAL", MORE, MORE):
        in_another_process(path, statement)
        seen.append((source.stamp(), dict(source.versions(["one"]))))
    assert [numbers["one"] for _moment, numbers in seen] == [1, 1, 2, 3]
    assert len({moment for moment, _numbers in seen}) == len(seen)
    assert source.index is not None


def test_a_file_is_looked_at_by_one_mapping_that_stays(tmp_path: Path) -> None:
    """Closing the file would release SQLite's own locks of this process, and another process would restart the log."""
    path = tmp_path / "a file.sqlite"
    writer = _file(path)
    first = SqliteVersions(str(path))
    first.stamp()
    index = first.index
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT number FROM page_version").fetchall() == [(1,)]
    del first
    second = SqliteVersions(str(path))
    second.stamp()
    assert second.index is index
    in_another_process(path, MORE)
    in_another_process(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert reader.execute("SELECT number FROM page_version").fetchall() == [(1,)]
    reader.execute("COMMIT")
    writer.execute(MORE)
    assert reader.execute("SELECT number FROM page_version").fetchall() == [(3,)]


def test_many_versions_come_in_one_row(tmp_path: Path) -> None:
    """At each row the driver lets other threads run, and may wait for 5 ms until it runs again."""
    path = tmp_path / "a file.sqlite"
    _file(path).executemany(
        "INSERT INTO page_version VALUES (?, ?)", [(f'"{n}"', 2**40 + n) for n in range(200)]
    )
    source, rows = SqliteVersions(str(path)), []
    source.stamp()
    assert source.connection
    source.connection.row_factory = lambda _cursor, row: rows.append(row) or row
    found = source.versions([f'"{n}"' for n in range(150)])
    assert len(rows) == 1 and found == {f'"{n}"': 2**40 + n for n in range(150)}
    assert source.versions([]) == source.versions(["none"]) == {}
