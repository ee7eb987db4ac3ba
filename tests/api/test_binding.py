"""Terms of use and house rules for programs: in force and earlier, as JSON and as Markdown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.clock import at, now
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM
from forum.rules.actions import RulesText, write_rules
from forum.terms.actions import TermsText, write_terms
from tests.conftest import People
from tests.datasets import dataset_fixture, load_dataset

A_WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
@dataset_fixture
def founded(app: Flask) -> None:
    load_dataset("interurban", app, lambda: members.found_federation(SYSTEM, "Interurban").name)


def read(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-cache, max-age=0"
    return answer.json


def day(moment: str) -> date:
    return datetime.fromisoformat(moment).date()


def write_two_terms(people: People) -> None:
    write_terms(people.administrator, TermsText(write("First **text**."), now(), "", False))
    ahead = TermsText(write("Autre.", "fr"), now() + A_WEEK, 'Plus court: "oui".', True)
    write_terms(people.administrator, ahead)


def test_programs_read_the_terms_in_force_and_since_when(
    client: FlaskClient, people: People
) -> None:
    assert client.get("/api/v1/terms").status_code == 404
    assert client.get("/terms.md").status_code == 404
    write_two_terms(people)
    found = read(client, "/terms")
    assert (found["number"], found["source"], found["is_in_force"]) == (1, "First **text**.", True)
    assert day(found["valid_until"]) == (now() + A_WEEK).date()
    assert found["api_url"].endswith("/api/v1/terms/1") and found["url"].endswith("/terms/1")
    with at(now() + 2 * A_WEEK):
        later = read(client, "/terms")
        assert (later["number"], later["language"], later["valid_until"]) == (2, "fr", None)
        assert read(client, "/terms/1")["is_in_force"] is False
        listed = read(client, "/terms/versions")["items"]
    assert [(version["number"], version["is_in_force"]) for version in listed] == [
        (2, True),
        (1, False),
    ]
    assert listed[1]["valid_until"] == listed[0]["valid_from"] == later["valid_from"]
    assert "source" not in listed[0]


def test_programs_read_the_house_rules_in_force_and_those_before(
    client: FlaskClient, people: People
) -> None:
    found = read(client, "/rules")
    assert (found["number"], found["valid_from"], found["valid_until"]) == (0, None, None)
    assert found["rules"][0]["name"] == "Speak from your work"
    text = RulesText([("Be brief", "Say it once.")], now() + A_WEEK, "One rule.")
    write_rules(people.administrator, text)
    with at(now() + 2 * A_WEEK):
        found = read(client, "/rules")
        listed = read(client, "/rules/versions")["items"]
    assert found["rules"] == [{"number": 1, "name": "Be brief", "sentence": "Say it once."}]
    assert [version["number"] for version in listed] == [1, 0]
    assert listed[1]["valid_until"] == found["valid_from"]


def test_both_are_there_as_markdown_below_their_facts(client: FlaskClient, people: People) -> None:
    write_two_terms(people)
    answer = client.get("/terms/2.md")
    assert answer.content_type == "text/markdown; charset=utf-8"
    head, _line, text = answer.text.removeprefix("---\n").partition("\n---\n")
    assert 'version: 2\nlanguage: "fr"\nchange: "Plus court: \\"oui\\"."' in head
    assert f'valid_from: "{(now() + A_WEEK).date()}' in head and "valid_until: null" in head
    assert text == "\n# Terms of use\n\nAutre.\n"
    assert "First **text**." in client.get("/terms.md").text
    rules = client.get("/rules.md").text
    assert "version: 0" in rules and "1. **Speak from your work**\n\n   Write what you" in rules
    assert client.get("/rules/0.md").text == rules


def test_facts_in_markdown_are_yaml_whatever_was_pasted_into_them(
    client: FlaskClient, people: People
) -> None:
    change = 'Shorter\x7f: #1\x1b, "a"\u2028---\n---'
    text = RulesText([("Be brief", "Say it once.")], now() + A_WEEK, change)
    write_rules(people.administrator, text)
    page = client.get("/rules/1.md").text
    assert '\nchange: "Shorter: #1, \\"a\\" --- ---"\n' in page and "\x7f" not in page


def test_pages_name_what_programs_read_instead(client: FlaskClient, people: People) -> None:
    write_two_terms(people)
    for page, number in (("/terms", 1), ("/terms/2", 2), ("/rules", 0)):
        shown = client.get(page).text
        room = page.split("/")[1]
        for mimetype, address in (
            ("application/json", f"/api/v1/{room}/{number}"),
            ("text/markdown", f"/{room}/{number}.md"),
        ):
            assert f'<link rel="alternate" type="{mimetype}" href="{address}">' in shown
            assert client.get(address).mimetype == mimetype
