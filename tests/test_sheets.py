"""Tables for spreadsheet programs: no formulas, every script; and the libraries as tables, for the same readers as their pages."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from forum import savedfiles
from forum.agendas.models import Agenda
from forum.db import db
from forum.library import actions as library
from forum.library.actions import CaseText, PracticeText, ReadingText
from forum.library.queries import get_practice
from forum.library.views import tables
from forum.moderation.actions import Reasons, decide
from forum.permissions import MEMBERS, SYSTEM
from forum.sheets import sheet
from tests.conftest import People


@pytest.fixture(autouse=True)
def application(app: Flask) -> Flask:
    """An application context, which responses need."""
    return app


def rows_of(*rows: list[object]) -> list[list[str]]:
    """The rows that a spreadsheet program would read."""
    return list(csv.reader(StringIO(sheet("t", rows).get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=cmd|' /C calc'!A0"]
)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert rows_of([text])[0][0].lstrip().startswith("'")


@pytest.mark.parametrize("end", [",", ";", "\t", "\n", "\r\n"])
@pytest.mark.parametrize("between", ["", " ", '"', "'"])
def test_no_formula_begins_within_a_text_where_a_program_ends_a_cell(
    end: str, between: str
) -> None:
    (cell,) = rows_of([f"a{end}{between}=1+1{end}b"])[0]
    assert f"{between}'=1+1" in cell


def test_words_with_such_signs_stay_as_they_are() -> None:
    words = ["a-b", "1 + 1 = 2", "me@example.org", "(+45) 12", "so; and, so", "C40 – cities"]
    assert rows_of(words) == [words]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert rows_of([-2, 3.5, None, "", "a-b"]) == [["-2", "3.5", "", "", "a-b"]]


def test_signs_of_the_format_and_all_scripts_come_through() -> None:
    words = ['a, "b"', "two\nlines", "Medellín", "נירובי 東京 🚋"]
    assert rows_of(words) == [words]


def test_excel_knows_that_it_is_utf_8_and_browsers_save_it() -> None:
    answer = sheet("trees", [["a"]])
    assert answer.get_data() == b"\xef\xbb\xbfa\r\n"
    assert answer.headers["Content-Type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="trees.csv"'


def table(browser: FlaskClient, address: str, language: str = "en") -> list[dict[str, str]]:
    """The rows of a table by the names of its columns."""
    answer = browser.get(address, headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(StringIO(answer.get_data().decode("utf-8-sig"))))


def publish(people: People, agenda: Agenda, title: str, **more: Any) -> None:
    """A practice of Ana's that is published."""
    text = PracticeText(title, "Said in one sentence.", sections={"done": "So."}, **more)
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    library.publish(people.moderator, made.id)


@pytest.mark.parametrize(
    ("address", "name"),
    [("/cases.csv", "Name"), ("/practices.csv", "Title"), ("/readings.csv", "Title")],
)
def test_a_table_has_what_the_list_has(
    client: FlaskClient, world: dict[str, Any], address: str, name: str
) -> None:
    page = unescape(client.get(address.removesuffix(".csv")).text)
    rows = table(client, address)
    assert rows
    assert all(row[name] in page for row in rows)
    assert f'href="{address}"' in page


def test_filters_hold_and_the_link_keeps_them(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    publish(people, agenda, "Told", evidence="told")
    publish(people, agenda, "Measured", evidence="measured")
    chosen = "?evidence=measured"
    assert [row["Title"] for row in table(client, f"/practices.csv{chosen}")] == ["Measured"]
    assert f'href="/practices.csv{chosen}"' in client.get(f"/practices{chosen}&order=newest").text
    assert table(client, "/practices.csv?evidence=studied") == []
    assert "/practices.csv" not in client.get("/practices?evidence=studied").text


def test_members_get_what_is_for_members(
    client: FlaskClient, people: People, agenda: Agenda, sign_in: Callable[[Any], FlaskClient]
) -> None:
    publish(people, agenda, "Among us", audience=MEMBERS)
    assert table(client, "/practices.csv") == []
    answer = sign_in(people.ben).get("/practices.csv")
    assert "Among us" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_host_passes_on_nothing_hidden_or_in_preparation(
    people: People, agenda: Agenda, sign_in: Callable[[Any], FlaskClient]
) -> None:
    publish(people, agenda, "Shown")
    publish(people, agenda, "Hidden")
    hidden = get_practice(SYSTEM, "hidden")
    decide(people.moderator, "practice", hidden.id, "hide", Reasons("Spam.", 2))
    host = sign_in(people.host)
    assert "Hidden" in host.get("/practices").text
    assert [row["Title"] for row in table(host, "/practices.csv")] == ["Shown"]
    db.session.execute(update(Agenda).values(opened_at=None))
    db.session.commit()
    assert "Shown" in host.get("/practices").text
    assert table(host, "/practices.csv") == []


def test_columns_and_values_are_in_the_language_of_the_reader(
    app: Flask, client: FlaskClient, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = replace(app.extensions["settings"], locales=("en", "fr"))
    monkeypatch.setitem(app.extensions, "settings", both)
    english = table(client, "/cases.csv")[0]
    lines = client.get("/cases.csv", headers={"Accept-Language": "fr"}).get_data()
    french = next(csv.DictReader(StringIO(lines.decode("utf-8-sig")), delimiter=";"))
    assert english["Name"] == french["Nom"]
    assert english["Kind"] != french["Type"]


def test_a_long_table_needs_no_more_queries(
    client: FlaskClient, people: People, agenda: Agenda, queries: Callable[[], Any]
) -> None:
    counts = []
    for number in range(3):
        publish(people, agenda, f"Number {number}")
        client.get("/practices.csv")
        with queries() as made:
            assert len(table(client, "/practices.csv")) == number + 1
        counts.append(made.count)
    assert counts[1] == counts[2] <= 6


@pytest.mark.parametrize("in_memory", [10, savedfiles.MAX_IN_MEMORY])
@pytest.mark.parametrize("portion", [1, 2, 3])
@pytest.mark.parametrize(
    ("address", "name"),
    [("/cases.csv", "Name"), ("/practices.csv", "Title"), ("/readings.csv", "Title")],
)
def test_a_table_of_many_portions_is_the_same_file(
    client: FlaskClient,
    people: People,
    agenda: Agenda,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    name: str,
    portion: int,
    in_memory: int,
) -> None:
    for title in ("One", "Two", "Three"):
        publish(people, agenda, title)
        library.write_case(people.host, agenda.id, CaseText(title, "network", "Short.", "Long."))
        library.write_reading(people.host, agenda.id, ReadingText(title, "Somebody"))
    whole = client.get(address)
    assert "ETag" in whole.headers
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", portion)
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", in_memory)
    sent = client.get(address)
    assert ("ETag" in sent.headers) == (in_memory > 10)
    assert sent.get_data() == whole.get_data()
    assert sent.headers["Content-Length"] == whole.headers["Content-Length"]
    assert sent.headers["Content-Disposition"] == whole.headers["Content-Disposition"]
    rows = table(client, address)
    assert sorted(row[name] for row in rows) == ["One", "Three", "Two"]


def test_a_portion_of_what_is_hidden_does_not_end_a_table(
    client: FlaskClient,
    people: People,
    agenda: Agenda,
    sign_in: Callable[[Any], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for title in ("Oldest", "Hidden", "Newest"):
        publish(people, agenda, title)
    hidden = get_practice(SYSTEM, "hidden")
    decide(people.moderator, "practice", hidden.id, "hide", Reasons("Spam.", 2))
    publish(people, agenda, "Among us", audience=MEMBERS)
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 1)
    titles = [row["Title"] for row in table(sign_in(people.host), "/practices.csv")]
    assert titles == ["Among us", "Newest", "Oldest"]
    assert [row["Title"] for row in table(client, "/practices.csv")] == ["Newest", "Oldest"]


def test_a_long_table_is_wholly_in_the_language_of_the_reader(
    app: Flask,
    client: FlaskClient,
    people: People,
    agenda: Agenda,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also the parts that are made after the first rows were sent."""
    for title in ("One", "Two", "Three"):
        library.write_case(people.host, agenda.id, CaseText(title, "network", "Short.", "Long."))
    both = replace(app.extensions["settings"], locales=("en", "fr"))
    monkeypatch.setitem(app.extensions, "settings", both)
    french = {"Accept-Language": "fr"}
    whole = client.get("/cases.csv", headers=french).get_data()
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 1)
    assert client.get("/cases.csv", headers=french).get_data() == whole
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", 1)
    assert client.get("/cases.csv", headers=french).get_data() == whole


def test_few_long_tables_are_made_at_once(
    client: FlaskClient, people: People, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(people, agenda, "One")
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", 1)
    places = savedfiles._long_files
    office, home = ({"REMOTE_ADDR": f"203.0.113.{number}"} for number in (1, 2))
    assert places.acquire("203.0.113.1")
    refused = client.get("/practices.csv", environ_base=office)
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert client.get("/practices.csv", environ_base=home).status_code == 200
    assert places.acquire("203.0.113.2")
    assert (
        client.get("/practices.csv", environ_base={"REMOTE_ADDR": "203.0.113.3"}).status_code == 503
    )
    places.release("203.0.113.1")
    places.release("203.0.113.2")
    assert client.get("/practices.csv", environ_base=office).status_code == 200
    assert places._free == savedfiles.LONG_FILES


@pytest.mark.parametrize("in_memory", [1, savedfiles.MAX_IN_MEMORY])
def test_nothing_is_sent_of_a_table_that_cannot_be_made_to_its_end(
    client: FlaskClient,
    people: People,
    agenda: Agenda,
    monkeypatch: pytest.MonkeyPatch,
    in_memory: int,
) -> None:
    for title in ("One", "Two", "Three"):
        publish(people, agenda, title)
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", in_memory)
    made: list[Any] = []
    after = tables.queries.practices_after

    def fail_midway(*given: Any) -> Any:
        made.append(given)
        if len(made) == 3:
            raise OSError
        return after(*given)

    monkeypatch.setattr(tables.queries, "practices_after", fail_midway)
    answer = client.get("/practices.csv")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert len(made) == 3 and savedfiles._long_files._free == savedfiles.LONG_FILES
