"""Liveness, readiness, and the administrator's page of figures."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from forum import machine
from forum.agendas.actions import AgendaText, archive, write_agenda
from forum.app import create_app
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import (
    NewTopic,
    choose_answer,
    delete_topic,
    hide,
    open_topic,
    reply,
)
from forum.drawings import bars
from forum.errors import Forbidden
from forum.markup import write
from forum.members import actions as members
from forum.moderation.actions import report
from forum.permissions import SYSTEM, VISITOR
from forum.pictures.actions import add_picture
from forum.settings import Settings
from forum.shrinking import Shrunk
from forum.upkeep import views
from forum.upkeep.queries import figures, is_file_gone


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


def test_a_file_that_is_gone_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.upkeep.queries.is_file_gone", lambda: True)
    status, lines = ready(client)
    assert (status, lines[0]) == (503, "not ready") and "database: its file is gone" in lines[1]


@pytest.mark.sqlite_only
def test_it_is_seen_that_the_file_is_gone(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/forum.sqlite"
    made = create_app(Settings(tmp_path, address, "http://localhost", ("localhost",), "of a test"))
    with made.app_context():
        assert is_file_gone()
        db.session.execute(text("CREATE TABLE one (id INTEGER)"))
        db.session.commit()
        assert not is_file_gone()
        tmp_path.joinpath("forum.sqlite").rename(tmp_path / "away.sqlite")
        assert is_file_gone()
        db.engine.dispose()


def test_a_schema_that_is_to_be_upgraded_is_not_ready(client: FlaskClient) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, lines = ready(client)
    assert (status, lines[0]) == (503, "not ready") and "schema: older" in lines


def test_a_server_goes_on_when_another_has_upgraded_the_schema(client: FlaskClient) -> None:
    """Otherwise a load balancer would lose all servers at once."""
    db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    status, lines = ready(client)
    assert (status, lines[0]) == (200, "ready") and "schema: newer" in lines


def test_a_database_that_takes_no_writes_is_not_ready(
    database_url: str, migrated_app: Flask
) -> None:
    """For example a read-only replica, or a disk that is mounted read-only."""
    is_file = database_url.startswith("sqlite")
    read_only = f"sqlite:///file:{database_url.removeprefix('sqlite:///')}?mode=ro&uri=true"
    options = "&options=-c%20default_transaction_read_only%3Don"
    status, lines = ready(forum(migrated_app, read_only if is_file else database_url + options))
    assert status == 503 and "database: cannot be written" in lines and "schema: ours" in lines


def test_a_database_that_does_not_answer_is_not_ready(migrated_app: Flask, tmp_path: Path) -> None:
    status, lines = ready(forum(migrated_app, f"sqlite:///{tmp_path}/no/such/folder.sqlite"))
    assert (status, lines[:2]) == (503, ["not ready", "database: does not answer"])
    assert str(tmp_path) not in "".join(lines)


def forum(migrated_app: Flask, database_url: str) -> FlaskClient:
    """A client of a forum on another database, on which no transaction is open."""
    known: Settings = migrated_app.extensions["settings"]
    made = create_app(Settings(known.data, database_url, known.url, known.trusted_hosts, "a key"))
    made.config["TESTING"] = True
    return made.test_client()


def test_where_nothing_is_limited_nobody_asks_valkey(
    migrated_app: Flask, database_url: str
) -> None:
    known: Settings = migrated_app.extensions["settings"]
    there = (known.data, database_url, known.url, known.trusted_hosts, "a key")
    made = create_app(Settings(*there, limits=False, valkey_url="valkey://127.0.0.1:1/0"))
    status, lines = ready(made.test_client())
    assert status == 200 and not [line for line in lines if line.startswith("limits")]


@pytest.fixture
def locked(app: Flask, database_url: str) -> Iterator[None]:
    """Another connection holds the strongest lock of the database."""
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
    """SQLite reads beside a writer; on PostgreSQL the probe does not wait for a locked table."""
    is_file = database_url.startswith("sqlite")
    monkeypatch.setattr(views, "_probe", machine.Probe(30 if is_file else 0.3))
    begun = time.monotonic()
    status, lines = ready(client)
    if is_file:
        assert (status, lines[1]) == (200, "database: reads and writes")
    else:
        assert time.monotonic() - begun < 20, "the lock is held until the test is over"
        assert status == 503 and lines[1].startswith("database: no answer within")


def test_whoever_asks_while_an_answer_is_awaited_waits_for_the_same() -> None:
    asked: list[str] = []
    may_answer = threading.Event()

    def slowly() -> tuple[str, bool]:
        asked.append("asked")
        may_answer.wait(30)
        return "ours", True

    probe = machine.Probe(0.05)
    for _time in range(2):
        with pytest.raises(TimeoutError):
            probe.ask(slowly)
    assert asked == ["asked"]
    awaited = probe._asked
    may_answer.set()
    assert awaited and awaited.result(30) == ("ours", True)
    probe.seconds = 30
    assert probe.ask(slowly) == ("ours", True) and len(asked) == 2


@pytest.mark.sqlite_only  # about the folder, not the database
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
    """A stand-in for the result of `shutil.disk_usage`."""

    def __init__(self, free: int) -> None:
        self.free = free


@pytest.fixture
def signs(app: Flask) -> Iterator[tuple[Path, Path]]:
    """The files whose times say when the worker was last at work, and when a backup was made; none is there at first."""
    known = app.extensions["settings"]
    paths = known.heartbeat_path, known.backed_up_path
    for path in paths:
        path.unlink(missing_ok=True)
    yield paths
    for path in paths:
        path.unlink(missing_ok=True)


def touch(path: Path, moment: float) -> None:
    """Set the modification time of a file by the clock of the test, not by that of the file system."""
    path.touch()
    os.utime(path, (moment, moment))


@pytest.mark.sqlite_only  # about the folder, not the database
def test_a_worker_that_is_missed_is_said_and_refuses_nobody(
    signs: tuple[Path, Path], client: FlaskClient
) -> None:
    path, _backed_up = signs
    assert ready(client)[1][-1] == "worker: none has worked on this machine"
    touch(path, time.time())
    assert ready(client)[1][-1] == "worker: at work"
    touch(path, time.time() - 3_600)
    status, lines = ready(client)
    assert status == 200 and lines[-1].startswith("worker: no sign of life for 36")


# Figures


def charts(page: str) -> dict[str, list[str]]:
    """The tables of the page of figures: the values by name of the chart, oldest month first."""
    found = {}
    for chart in re.findall(r'<figure class="chart">(.*?)</figure>', page, re.S):
        name = re.search(r"<h3>(.*?)</h3>", chart)
        rows = re.findall(r'<th scope="row">.*?</th><td class="n">(.*?)</td>', chart)
        assert name and len(rows) == chart.count("<rect") == 12
        # Firefox exposes the parts of an image to screen readers, too; the table already has them
        assert re.search(r'<svg[^>]* role="img" aria-label="[^"]+"><g aria-hidden="true">', chart)
        found[name[1]] = rows
    return found


def test_what_happened_is_counted_by_month(
    people: Any, agenda: Any, sign_in: Callable[[Any], FlaskClient]
) -> None:
    """A question of three months ago is answered this month; things older than a year are left out."""
    this_month = now().replace(day=1, hour=0)
    with at(this_month - timedelta(days=75)):
        asked = open_topic(people.ana, agenda.id, NewTopic("question", "Who?", write("A text.")))
    with at(this_month - timedelta(days=500)):
        open_topic(people.ben, agenda.id, NewTopic("experience", "Old", write("A text.")))
    answer = reply(people.ben, asked.id, write("I."))
    reply(people.ben, asked.id, write("And you?"))
    choose_answer(people.ana, asked.id, answer.id)
    found = charts(sign_in(people.administrator).get("/administration/figures").text)
    nothing = ["0"] * 8
    assert found["Posts written"] == [*nothing, "1", "0", "0", "2"]
    assert found["Members who wrote"] == [*nothing, "1", "0", "0", "1"]
    assert found["Topics opened"] == [*nothing, "1", "0", "0", "0"]
    assert found["Questions asked"] == [*nothing, "1", "0", "0", "0"]
    assert found["Questions answered"] == [*nothing, "0", "0", "0", "1"]
    assert found["New members"] == [*nothing, "0", "0", "0", "6"]


def test_agendas_that_became_quiet_stand_first(
    people: Any, agenda: Any, sign_in: Callable[[Any], FlaskClient]
) -> None:
    quiet, empty, closed = (
        write_agenda(people.moderator, AgendaText(title, write("Of it.")))
        for title in ("Quiet", "Empty", "Closed")
    )
    archive(people.moderator, closed.id)
    write_agenda(people.moderator, AgendaText("Later", write("Of it."), is_open=False))
    with at(now() - timedelta(days=45)):
        asked = open_topic(people.ana, quiet.id, NewTopic("question", "Who?", write("A text.")))
        reply(people.ben, asked.id, write("I."))
    with at(now() - timedelta(days=1)):
        told = open_topic(people.ana, agenda.id, NewTopic("experience", "Told", write("A text.")))
        removed = reply(people.ben, told.id, write("And sold."))
        new = NewTopic("practice", "Felt", write("On wheels."), home="/practices/felt")
        page_of = open_topic(people.ben, agenda.id, new)
        reply(people.ana, page_of.id, write("And on rails."))
        delete_topic(SYSTEM, page_of.id)  # its comments stay in their rows
    hide(people.moderator, removed.id, "No.")
    found = figures.quietest_agendas(people.administrator)
    assert [(row.agenda.title, row.lately, row.before, row.unanswered) for row in found] == [
        ("Empty", 0, 0, 0),
        ("Quiet", 0, 2, 1),
        ("Making Cities Quieter", 1, 0, 0),
    ]
    assert found[0].latest_at is None
    with pytest.raises(Forbidden):
        figures.quietest_agendas(people.moderator)
    page = sign_in(people.administrator).get("/administration/figures").text
    assert f'href="/agendas/{quiet.slug}/topics?order=unanswered">1<' in page
    assert "None yet" in page and empty.title in page and closed.title not in page


def test_the_page_says_what_waits_and_how_the_machine_is(
    people: Any, agenda: Any, sign_in: Callable[[Any], FlaskClient], signs: tuple[Path, Path]
) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Who?", write("A text.")))
    report(people.ben, "topic", topic.id, "spam", "")
    begun = now()
    for path in signs:
        touch(path, begun.timestamp())
    for number in range(2):
        shrunk = Shrunk(f"{number:024x}-900x90", b"x" * 5_000, b"y" * 1_000)
        add_picture(people.ana, shrunk, 20_000)
    page = sign_in(people.administrator).get("/administration/figures").text
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.S))
    assert facts["Reports"] == "1" and facts["Practices to look at"] == "0"
    assert facts["Texts that wait"] == "0"
    assert "Go to the queue" in page
    assert re.match(r"[\d.,]+ [kM]B<small>(SQLite 3|PostgreSQL 1)", facts["Database"])
    assert facts["Pictures and files"] == "2<small>12 kB in the database</small>"
    assert " free on its disk" in facts["Data folder"] and facts["Tables"] == "Up to date"
    for name in ("Last backup on this machine", "The worker was last at work"):
        assert f"{begun:%Y-%m-%dT%H:%M}" in facts[name] and "<small>" not in facts[name]


def test_a_forum_without_a_past_says_so(
    signs: tuple[Path, Path], sign_in: Callable[[Any], FlaskClient]
) -> None:
    with at(now() - timedelta(days=800)):
        admin = members.join(VISITOR, members.Joining("Adam", "a@city.example", "no hash"))
    members.appoint(SYSTEM, admin.handle, "administrator")
    page = sign_in(admin).get("/administration/figures").text
    assert "Nothing has happened yet" in page and "<figure" not in page
    assert page.count("Not known") == 2 and "None has worked on this machine." in page


def test_what_needs_somebody_is_said(
    people: Any, sign_in: Callable[[Any], FlaskClient], signs: tuple[Path, Path]
) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    touch(signs[0], time.time() - 3_600)
    page = sign_in(people.administrator).get("/administration/figures").text
    assert "Run “flask db upgrade”" in page and "Of an older version" in page
    assert "It should be there at all times" in page


def test_the_page_of_figures_takes_few_statements(
    people: Any, agenda: Any, sign_in: Callable[[Any], FlaskClient], queries: Any
) -> None:
    members.found_federation(SYSTEM, "Quiet cities")
    for number in range(8):
        open_topic(people.ana, agenda.id, NewTopic("question", f"Who {number}?", write("A text.")))
    browser = sign_in(people.administrator)
    browser.get("/administration/figures")
    with queries() as made:  # two of them count for the masthead, one is for the session
        assert browser.get("/administration/figures").status_code == 200
    assert made.count <= 12, made.statements


@pytest.mark.parametrize(
    ("counts", "heights"),
    [([0, 0], [0, 0]), ([1, 2, 4], [25, 50, 100]), ([7], [100])],
)
def test_bars_are_as_high_as_what_they_stand_for(counts: list[int], heights: list[float]) -> None:
    drawn = bars(counts, 360, 100, 22)
    assert [bar.height for bar in drawn] == heights
    assert all(bar.y + bar.height == 122 and 0 < bar.x < bar.middle < 360 for bar in drawn)
    assert all(bar.x + bar.width < other.x for bar, other in pairwise(drawn))


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0.0 kB"), (999, "1.0 kB"), (1_500_000, "1.5 MB"), (25e9, "25 GB"), (4e12, "4,000 GB")],
)
def test_sizes_are_in_words(size: float, words: str, app: Flask) -> None:
    with app.test_request_context():
        assert views._size(size) == words


def test_sizes_are_in_the_units_of_the_language(app: Flask) -> None:
    with app.test_request_context(), force_locale("fr"):
        assert [views._size(size) for size in (65_000, 1_500_000, 25e9)] == [
            "65 ko",
            "1,5 Mo",
            "25 Go",
        ]


def test_twelve_months_end_with_the_present_one() -> None:
    months = views._last_months(date(2026, 2, 28))
    assert (months[0], months[10], months[11], len(months)) == (
        date(2025, 3, 1), date(2026, 1, 1), date(2026, 2, 1), 12)  # fmt: skip
