"""The log of the server: numbers of requests, errors with their place, slow statements; no personal data."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Text, bindparam, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from forum import logformat, logs
from forum.admission import AdmissionGate
from forum.app import create_app
from forum.clock import now
from forum.db import db
from forum.environment import WrongSetting
from forum.members.models import Member
from forum.settings import Settings
from tests.conftest import IsolatedClient

LineFormatter = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> LineFormatter:
    """Returns a function: the JSON lines on standard error since its last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.fixture
def request_log(app: Flask) -> Any:
    """The layer that writes a line for each request; around it is another one until the first request."""
    app.test_client().get("/healthz")
    return app.wsgi_app


@pytest.fixture
def logged(app: Flask, request_log: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application of the tests, with a JSON log."""
    monkeypatch.setattr(request_log, "kind", logformat.JSON)
    logs._log_to_standard_error(logformat.JSON)
    app.test_client_class = IsolatedClient
    yield app
    logs._log_to_standard_error(logformat.OFF)


# RequestLog


def test_a_request_is_one_line_of_what_it_cost(
    logged: Flask, lines: LineFormatter, queries: Any, agenda: Any
) -> None:
    lines()
    with queries() as made:
        answer = logged.test_client().get("/agendas/quieter?page=2&q=secret")
    [line] = lines()
    assert set(line) == {"at", "level", "message", "method", "route", "endpoint", "status", "ms",
                         "bytes", "sql", "sql_ms", "request", "pid"}  # fmt: skip
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "info")
    assert (line["route"], line["endpoint"]) == ("/agendas/<slug>", "front.agenda")
    assert line["bytes"] == len(answer.data) and line["sql"] == made.count > 3
    assert 0 < line["sql_ms"] < line["ms"] < 10_000
    assert line["request"] == answer.headers["X-Request-Id"]


def test_nothing_about_people_is_written(
    logged: Flask, lines: LineFormatter, people: Any, sign_in: Any
) -> None:
    browser = sign_in(people.ana)
    lines()
    told = {
        "User-Agent": "Canary/1",
        "Referer": "http://localhost/canary",
        "X-Forwarded-For": "9.8.7.6",
    }
    for address in ("/members/ana-prado", "/search?q=canary", "/settings", "/members/canary"):
        browser.get(address, headers=told, environ_base={"REMOTE_ADDR": "9.8.7.6"})
    browser.post("/sign-in", data={"email": "ana@example.org", "password": "canary"})
    written = json.dumps(lines())
    assert written.count('"request"') >= 5
    for word in ("canary", "Canary", "9.8.7.6", "ana-prado", "ana@", "Prado"):
        assert word not in written, word


def test_what_no_route_takes_and_odd_methods_are_written_without_their_words(
    logged: Flask, lines: LineFormatter
) -> None:
    browser = logged.test_client()
    lines()
    browser.get("/nothing/of/ana")
    browser.open("/", method="CANARY")
    browser.head("/rules")
    missing, odd, head = lines()
    assert (missing["route"], missing["endpoint"], missing["status"]) == (None, None, 404)
    assert (odd["method"], odd["status"]) == ("other", 405)
    assert (head["method"], head["bytes"], head["status"]) == ("HEAD", 0, 200)


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize("kind", [logformat.PLAIN, logformat.OFF])
def test_lines_can_be_in_words_or_left_out(
    logged: Flask, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logged.wsgi_app, "kind", kind)
    logged.test_client().get("/healthz")
    line = capsys.readouterr().err
    assert bool(line) is (kind == logformat.PLAIN)
    assert not line or re.search(r" info request method=GET route=/healthz .* status=200 ", line)


def test_who_is_asked_to_come_again_is_written_down(
    logged: Flask, lines: LineFormatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_gate: AdmissionGate, *_request: Any) -> bool:
        return False

    monkeypatch.setattr(AdmissionGate, "_admit", full)
    lines()
    answer = logged.test_client().get("/rules")
    [line] = lines()
    assert (answer.status_code, line["status"], line["route"]) == (503, 503, None)
    assert answer.headers["X-Request-Id"] == line["request"]


def test_nobody_who_reads_the_log_is_no_reason_to_refuse_a_reader(
    logged: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(io.StringIO):
        def write(self, _words: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    assert logged.test_client().get("/healthz").status_code == 200


# RequestIds


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        (1, "0af7651916cd43dd8448eb211c80319c", True),
        (1, "6d1c2f9e-2b0a-4f7e-9f5e-0123456789ab", True),
        (0, "0af7651916cd43dd8448eb211c80319c", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'forged","level":"error', False),
        (1, "", False),
    ],
)
def test_a_number_is_taken_from_a_proxy_of_ours_alone(
    request_log: Any,
    client: FlaskClient,
    proxies: int,
    given: str,
    is_taken: bool,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(request_log, "takes_numbers", proxies > 0)
    number = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert (number == given) is is_taken
    assert logs.VALID_REQUEST_ID.fullmatch(number)


def test_the_settings_say_whether_a_proxy_is_trusted(tmp_path: Path) -> None:
    for proxies in (0, 1):
        settings = Settings(
            tmp_path, f"sqlite:///{tmp_path}/x.sqlite", "http://x", ("x",), "key", proxies=proxies
        )
        assert logs.RequestLog(None, settings).takes_numbers is (proxies == 1)


def test_pages_hold_no_number_so_that_one_copy_serves_all(client: FlaskClient, agenda: Any) -> None:
    one, other = client.get("/agendas/quieter"), client.get("/agendas/quieter")
    assert one.data == other.data and one.headers["ETag"] == other.headers["ETag"]
    assert one.headers["X-Request-Id"] != other.headers["X-Request-Id"]
    assert logs.request_id() == ""


# Errors


@pytest.fixture
def mistaken(logged: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], Any]:
    """Request a page with personal data in its address, whose view fails."""

    def ask(fails: Callable[[], None]) -> Any:
        monkeypatch.setitem(logged.view_functions, "front.profile", lambda handle: fails())
        monkeypatch.setitem(logged.config, "PROPAGATE_EXCEPTIONS", False)
        monkeypatch.setattr(logged, "testing", False)
        return logged.test_client().get("/members/ana-prado")

    return ask


def test_a_mistake_has_its_place_and_the_number_that_the_page_shows(
    mistaken: Any, lines: LineFormatter
) -> None:
    def fails() -> None:
        try:
            raise KeyError("the cause")
        except KeyError as error:
            raise ValueError(
                "nobody at ana@example.org, 10.1.2.3 or fe80::1:2:3\nsecond line"
            ) from error

    answer = mistaken(fails)
    mistake, request = lines()
    number = answer.headers["X-Request-Id"]
    assert answer.status_code == 500 and f"name this number: {number}." in answer.text
    assert mistake["request"] == request["request"] == number
    assert (mistake["level"], request["status"]) == ("error", 500)
    trace = mistake["trace"]
    assert "KeyError: 'the cause'" in trace and trace[-1] == "ValueError: nobody at …, … or …"
    assert any("test_logs.py" in line and "raise ValueError" in line for line in trace)
    assert "ana-prado" not in json.dumps(mistake)


def test_what_a_database_says_of_a_row_is_left_out(
    mistaken: Any, people: Any, lines: LineFormatter
) -> None:
    twice = {
        "handle": "new",
        "name": "Canary",
        "email": "ana@example.org",
        "password_hash": "canary",
    }

    def fails() -> None:
        db.session.execute(insert(Member).values(joined_at=now(), hosted=[], **twice))

    lines()
    mistaken(fails)
    mistake = lines()[0]
    assert "IntegrityError" in mistake["trace"][-1] and "email" in mistake["trace"][-1]
    assert not re.search("canary|ana@|ana-prado", json.dumps(mistake), re.I)


def test_a_mistake_without_bottom_is_cut() -> None:
    def deeper(level: int) -> None:
        deeper(level + 1)

    with pytest.raises(RecursionError) as caught:
        deeper(0)
    assert len(logformat.format_trace(caught.value)) <= logformat.MAX_TRACE_DEPTH + 1


def test_what_the_program_says_is_a_line_too(logged: Flask, lines: LineFormatter) -> None:
    logging.getLogger("forum.jobs").warning("task %s failed", "notices")
    [line] = lines()
    assert (line["level"], line["logger"], line["message"]) == (
        "warning", "forum.jobs", "task notices failed")  # fmt: skip
    assert line["request"] is None


def test_making_an_application_again_writes_nothing_twice(
    tmp_path: Path, lines: LineFormatter
) -> None:
    # All applications share the limiter, which would still count in later tests
    settings = Settings(
        tmp_path,
        f"sqlite:///{tmp_path}/x.sqlite",
        "http://x",
        ("x",),
        "key",
        log="json",
        limits=False,
    )
    for _time in range(2):
        create_app(settings)
    logging.getLogger("forum").error("once")
    assert len(lines()) == 1
    logs._log_to_standard_error(logformat.OFF)


def test_a_log_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="FORUM_LOG is xml, and can be json, plain, off"):
        create_app(
            Settings(
                tmp_path, f"sqlite:///{tmp_path}/x.sqlite", "http://x", ("x",), "key", log="xml"
            )
        )


# Slow statements


@pytest.fixture
def watched(database_url: str, logged: Flask) -> Iterator[Any]:
    """A connection to the database whose every statement counts as slow."""
    engine = create_engine(database_url)
    logs._time_statements(engine, 0.0)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_a_slow_statement_is_written_without_its_values(watched: Any, lines: LineFormatter) -> None:
    lines()
    watched.execute(text("SELECT id\n  FROM member WHERE name = :name"), {"name": "Canary"})
    line = lines()[-1]
    assert (line["message"], line["level"]) == ("slow statement", "warning")
    assert line["statement"].startswith("SELECT id FROM member WHERE name = ") and line["ms"] >= 0
    assert "Canary" not in json.dumps(line)


def test_words_that_are_sent_as_a_part_of_a_statement_are_not_written(
    watched: Any, lines: LineFormatter
) -> None:
    """For example searched words, which PostgreSQL gets as part of the statement."""
    word = bindparam(None, "Canary", Text, literal_execute=True)
    for wanted in (select(word), select(word).select_from(text("nowhere"))):
        lines()
        with suppress(DBAPIError):
            watched.execute(wanted)
        written = json.dumps(lines())
        assert "SELECT" in written and "Canary" not in written


def test_a_statement_that_fails_after_a_long_wait_is_written(
    watched: Any, lines: LineFormatter
) -> None:
    lines()
    with pytest.raises(DBAPIError):
        watched.execute(text("SELECT nothing FROM nowhere"))
    assert lines()[-1]["statement"] == "SELECT nothing FROM nowhere"


def test_a_quick_statement_is_not_written(app: Flask, lines: LineFormatter) -> None:
    db.session.execute(text("SELECT 1"))
    assert lines() == []
