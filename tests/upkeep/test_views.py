"""Whether the forum is alive and ready, and the administrator's page of figures."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from forum import web
from forum.app import create_app
from forum.db import db
from forum.settings import Settings
from forum.upkeep import views


def ready(client: FlaskClient) -> tuple[int, list[str]]:
    answer = client.get("/readyz")
    assert answer.headers["Cache-Control"] == "no-store" and answer.mimetype == "text/plain"
    return answer.status_code, answer.text.splitlines()


def test_a_process_that_lives_says_so_and_asks_nothing(client: FlaskClient, queries: Any) -> None:
    with queries() as made:
        answer = client.get("/healthz")
    assert (answer.text, answer.headers["Cache-Control"], made.count) == ("alive\n", "no-store", 0)


def test_a_forum_that_can_serve_is_ready(client: FlaskClient, queries: Any) -> None:
    with queries() as made:
        status, lines = ready(client)
    assert (status, lines[0], made.count <= 4) == (200, "ready", True)
    assert lines[1:4] == ["database: reads and writes", "schema: ours", "disk: room enough"]


@pytest.mark.parametrize(("version", "words"), [("0001", "older"), ("9999", "newer")])
def test_another_schema_is_not_ready(client: FlaskClient, version: str, words: str) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    status, lines = ready(client)
    assert (status, lines[0]) == (503, "not ready") and f"schema: {words}" in lines


def test_a_database_that_takes_no_writes_is_not_ready(database_url: str, whole_app: Flask) -> None:
    """Read as a copy of a server or a disk mounted read-only would have it."""
    is_file = database_url.startswith("sqlite")
    read_only = f"sqlite:///file:{database_url.removeprefix('sqlite:///')}?mode=ro&uri=true"
    options = "&options=-c%20default_transaction_read_only%3Don"
    status, lines = ready(forum(whole_app, read_only if is_file else database_url + options))
    assert status == 503 and "database: cannot be written" in lines and "schema: ours" in lines


def test_a_database_that_does_not_answer_is_not_ready(whole_app: Flask, tmp_path: Path) -> None:
    status, lines = ready(forum(whole_app, f"sqlite:///{tmp_path}/no/such/folder.sqlite"))
    assert (status, lines[:2]) == (503, ["not ready", "database: does not answer"])
    assert str(tmp_path) not in "".join(lines)


def forum(whole_app: Flask, database_url: str) -> FlaskClient:
    """A browser before a forum on another database, which nobody has begun a transaction on."""
    known: Settings = whole_app.extensions["settings"]
    made = create_app(Settings(known.data, database_url, known.url, known.trusted_hosts, "a key"))
    made.config["TESTING"] = True
    return made.test_client()


@pytest.fixture
def locked(app: Flask, database_url: str) -> Iterator[None]:
    """Somebody holds the strongest lock there is on the database."""
    if database_url.startswith("sqlite"):
        holder: Any = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
    else:
        holder = create_engine(database_url, poolclass=NullPool).connect()
        holder.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
    yield
    holder.close()


def test_a_locked_database_is_answered_for_in_time(
    locked: None, client: FlaskClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite goes on reading beside a writer; a table that PostgreSQL has locked is not waited for."""
    monkeypatch.setattr(views, "_probe", views.Probe(0.3))
    begun = time.monotonic()
    status, lines = ready(client)
    assert time.monotonic() - begun < 1.5
    if database_url.startswith("sqlite"):
        assert (status, lines[1]) == (200, "database: reads and writes")
    else:
        assert status == 503 and lines[1].startswith("database: no answer within")


def test_whoever_asks_while_an_answer_is_awaited_waits_for_the_same() -> None:
    asked: list[str] = []

    def slowly() -> tuple[str, bool]:
        asked.append("asked")
        time.sleep(0.2)
        return "ours", True

    probe = views.Probe(0.05)
    for _time in range(2):
        with pytest.raises(TimeoutError):
            probe.ask(slowly)
    assert asked == ["asked"]
    time.sleep(0.2)
    probe.seconds = 2
    assert probe.ask(slowly) == ("ours", True) and len(asked) == 2


@pytest.mark.sqlite_only  # about the folder, whatever the database
def test_a_disk_without_room_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(99_000_000))
    status, lines = ready(client)
    assert status == 503 and "disk: 99 MB left" in lines

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "disk: No space left on device" in ready(client)[1]


class Usage:
    """What `shutil.disk_usage` hands back, as far as it is asked."""

    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.sqlite_only  # about the folder, whatever the database
def test_a_worker_that_is_missed_is_said_and_refuses_nobody(
    app: Flask, client: FlaskClient
) -> None:
    path = web.settings().heartbeat_path
    assert ready(client)[1][-1] == "worker: none has worked on this machine"
    path.touch()
    assert ready(client)[1][-1] == "worker: at work"
    os.utime(path, (time.time() - 3_600,) * 2)
    status, lines = ready(client)
    path.unlink()
    assert status == 200 and lines[-1].startswith("worker: no sign of life for 36")
