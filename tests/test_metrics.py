"""Metrics for Prometheus: counted exactly in each process, and summed over running and ended processes."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine
from werkzeug.test import Client

from forum import metrics
from forum.app import create_app
from forum.clock import at, now
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.freshness import VersionCache
from forum.mail.actions import write_letter
from forum.markup import write
from forum.moderation.actions import report
from forum.pagecache import PageCache
from forum.permissions import SYSTEM
from forum.settings import Settings
from forum.upkeep import views
from tests.ports import free_port

TOP = Path(__file__).parent.parent
COUNT_AND_WAIT = """
import sys, time
from pathlib import Path
from forum.metrics import Counters
counters = Counters(Path(sys.argv[1]))
counters.add(("forum_sql_statements_total", 5), ("forum_pool_connections", 2))
print("counted", flush=True)
time.sleep(60)
"""


def settings(folder: Path, address: str = "127.0.0.1:0") -> Settings:
    return Settings(
        folder,
        f"sqlite:///{folder}/x.sqlite",
        "http://localhost",
        ("localhost",),
        "key",
        metrics=address,
    )


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Path]:
    """Switch counting on in this process for one test; returns the folder."""
    engine = create_engine("sqlite://")
    metrics.init_app(settings(tmp_path), engine)
    yield tmp_path / "metrics"
    metrics.init_app(settings(tmp_path, ""), engine)


def test_nothing_is_counted_unless_somebody_wants_to_know(tmp_path: Path) -> None:
    metrics.init_app(settings(tmp_path, ""), create_engine("sqlite://"))
    metrics.count_hit()
    metrics.count_miss()
    metrics.observe("front", 200, 0.1, 1, 0.1)
    assert not (tmp_path / "metrics").exists()


def test_what_a_request_costs_is_counted(counting: Path) -> None:
    metrics.observe("front", 200, 0.02, 7, 0.01)
    metrics.observe("front", 204, 30.0, 3, 0.5)
    metrics.observe("", 404, 0.001, 0, 0.0)
    metrics.count_hit()
    metrics.count_hit()
    metrics.count_miss()
    found = metrics.totals(counting)
    assert found['forum_requests_total{room="front",status="2xx"}'] == 2
    assert found['forum_requests_total{room="none",status="4xx"}'] == 1
    assert found['forum_request_seconds_sum{room="front"}'] == pytest.approx(30.02)
    assert found["forum_sql_statements_total"] == 10
    assert found["forum_sql_seconds_total"] == pytest.approx(0.51)
    assert found['forum_page_cache_total{result="hit"}'] == 2
    assert found['forum_page_cache_total{result="miss"}'] == 1
    assert found["forum_processes"] == 1
    assert sum(key.startswith("forum_process_bytes{") for key in found) == 1


def test_threads_lose_no_count(counting: Path) -> None:
    def count() -> None:
        for _time in range(5_000):
            metrics.count_hit()

    threads = [threading.Thread(target=count) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.totals(counting)[metrics.HIT] == 20_000
    assert len(list(counting.iterdir())) == 1


def test_processes_are_added_up_and_the_dead_are_not_forgotten(counting: Path) -> None:
    metrics.observe("front", 200, 0.02, 7, 0.01)
    command = [sys.executable, "-c", COUNT_AND_WAIT, str(counting)]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "counted\n"
        both = metrics.totals(counting)
        other.kill()
    assert (both["forum_sql_statements_total"], both["forum_processes"]) == (12, 2)
    assert both["forum_pool_connections"] == 2
    for _time in range(2):
        after = metrics.totals(counting)
        assert (after["forum_sql_statements_total"], after["forum_processes"]) == (12, 1)
        assert after["forum_pool_connections"] == 0
    assert len(list(counting.glob("*.counts"))) == 1


def test_more_series_than_there_is_room_for_break_nothing(tmp_path: Path) -> None:
    counters = metrics.Counters(tmp_path)
    for number in range(metrics.SLOTS + 10):
        counters.add((f"series_{number}", 1))
    found = metrics.totals(tmp_path)
    assert found["series_0"] == 1 and sum(v for k, v in found.items() if "series" in k) > 1_000


def test_connections_in_use_are_known(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/pool.sqlite")
    metrics.init_app(settings(tmp_path), engine)
    try:
        with engine.connect(), engine.connect():
            metrics.observe("front", 200, 0.1, 0, 0.0)
            assert metrics.totals(tmp_path / "metrics")[metrics.POOL] == 2
        assert metrics.totals(tmp_path / "metrics")[metrics.POOL] == 0
    finally:
        metrics.init_app(settings(tmp_path, ""), create_engine("sqlite://"))
        engine.dispose()


def test_the_text_is_what_prometheus_reads() -> None:
    bucket = 'forum_request_seconds_bucket{room="front",le="%s"}'
    told = metrics.exposition(
        {
            "forum_sql_statements_total": 12_345_678_901,
            bucket % 0.01: 3,
            bucket % 0.1: 2,
            bucket % "+Inf": 1,
            'forum_request_seconds_sum{room="front"}': 12.5,
        }
    )
    lines = told.splitlines()
    assert lines[0] == "# HELP forum_request_seconds How long answers took, by room."
    assert lines[1] == "# TYPE forum_request_seconds histogram"
    counts = [float(line.rpartition(" ")[2]) for line in lines if "_bucket" in line]
    assert counts == [0, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 6]
    assert 'forum_request_seconds_sum{room="front"} 12.5' in lines
    assert 'forum_request_seconds_count{room="front"} 6' in lines
    assert lines[-1] == "forum_sql_statements_total 12345678901" and told.endswith("\n")


def test_the_private_address_answers_and_nothing_else_there(tmp_path: Path) -> None:
    with metrics.server("127.0.0.1:0", lambda: {"forum_processes": 2}) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{door.server_address[1]}"
            with urllib.request.urlopen(f"{url}/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert b"\nforum_processes 2\n" in answer.read()
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/")
            with socket.create_connection(("127.0.0.1", door.server_address[1])):  # says nothing
                assert urllib.request.urlopen(f"{url}/metrics", timeout=9).status == 200
        finally:
            door.shutdown()
            thread.join()


def test_a_forum_counts_by_room_and_not_by_address(tmp_path: Path) -> None:
    made = create_app(settings(tmp_path))
    made.config["TESTING"] = True
    try:
        client = made.test_client()
        for _time in range(3):
            client.get("/healthz?q=canary")
        found = metrics.totals(tmp_path / "metrics")
    finally:
        metrics.init_app(settings(tmp_path, ""), create_engine("sqlite://"))
    assert found['forum_requests_total{room="upkeep",status="2xx"}'] == 3
    assert "canary" not in str(found)


def test_the_page_cache_is_counted(app: Flask, counting: Path) -> None:
    class Unchanging:
        def stamp(self) -> int:
            return 1

        def versions(self, scopes: Iterable[str]) -> dict[str, int]:
            return dict.fromkeys(scopes, 1)

    cache = PageCache(app, VersionCache(Unchanging()), 1)
    with app.test_request_context():
        address = app.jinja_env.globals["asset"]("mark.svg")
    for _time in range(3):
        assert Client(cache).get(address).status_code == 200
    found = metrics.totals(counting)
    assert (found[metrics.MISS], found[metrics.HIT]) == (1, 2)
    assert found['forum_requests_total{room="static",status="2xx"}'] == 1


def test_nobody_reads_figures_at_the_public_address(app: Flask, client: Any) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.sqlite_only  # the statements do not depend on the database
@pytest.mark.parametrize(
    ("words", "is_wanted", "commands"),
    [
        ([], False, ["wsgi:app", "worker"]),
        ([], True, ["wsgi:app", "worker", "metrics"]),
        (["--no-worker"], False, ["wsgi:app"]),
        (["--no-worker"], True, ["wsgi:app", "metrics"]),
    ],
)
def test_the_server_comes_with_a_worker_and_figures_as_they_are_wanted(
    words: list[str],
    is_wanted: bool,
    commands: list[str],
    migrated_app: Flask,
    database_url: str,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    started: list[list[str]] = []
    monkeypatch.setenv("FORUM_METRICS", f"127.0.0.1:{free_port()}" if is_wanted else "")
    monkeypatch.setenv("FORUM_DATA", str(tmp_path))
    monkeypatch.setenv("FORUM_DATABASE_URL", database_url)
    monkeypatch.setattr("forum.supervisor.become", lambda plan: started.extend(plan.commands()))
    runner = migrated_app.test_cli_runner()
    assert runner.invoke(args=["serve", "--port", str(free_port()), *words]).exit_code == 0
    assert [command[-1] for command in started] == commands
    if not is_wanted:
        assert "Set FORUM_METRICS" in runner.invoke(args=["metrics"]).output


# Values that are read from the machine or database


def test_what_waits_is_measured(app: Flask, people: Any, agenda: Any, queries: Any) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Who?", write("A text.")))
    answer = reply(people.ben, topic.id, write("I."))
    report(people.chitra, "post", answer.id, "spam", "")
    with at(now() - timedelta(minutes=1)):
        write_letter(SYSTEM, "test", "ana@example.org", {})
    with queries() as made:
        found = views.measurements()
    assert made.count <= 4
    assert found["forum_database_up"] == 1 and found["forum_schema_ours"] == 1
    assert found["forum_events_waiting"] >= 1 and found["forum_reports_open"] == 1
    assert found["forum_letters_waiting"] == 1 and found["forum_oldest_letter_seconds"] >= 60
    assert found["forum_oldest_event_seconds"] >= 0 and found["forum_events_given_up"] == 0
    assert found["forum_database_bytes"] > 100_000 < found["forum_disk_free_bytes"]
    assert set(found) <= set(metrics.METRICS)


def test_a_database_that_does_not_answer_is_a_figure_too(tmp_path: Path) -> None:
    made = create_app(
        Settings(tmp_path, f"sqlite:///{tmp_path}/no/such.sqlite", "http://x", ("x",), "key")
    )
    with made.app_context():
        assert views.measurements()["forum_database_up"] == 0
