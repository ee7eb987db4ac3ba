"""The pages of the register: the report, the report as CSV, every decision without names."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html import unescape
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from forum.agendas.models import Agenda
from forum.clock import now
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import RESTRICTING_DEEDS
from forum.register import queries
from forum.rules.models import said_of_rule
from tests.moderation.conftest import Things, known_things, report_of_these_months


@pytest.fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    return known_things(app, people, agenda)


def test_everybody_reads_the_report_and_the_register(client: Any, people: Any, things: Any) -> None:
    assert "Nothing and nobody was restricted." in client.get("/transparency").text
    assert "Nobody has been restricted" in client.get("/transparency/decisions").text
    moderation.report(people.ana, "post", things.first.id, "rules", "Look at Ben.")
    why = Reasons("Ben was rude to Ana.", 2)
    moderation.decide(people.moderator, "post", things.first.id, "hide", why)
    report = report_of_these_months(client)
    register = client.get("/transparency/decisions").text
    assert "Breaks the rules, reported by members" in report and "2. Be fair to people" in report
    assert "2. Be fair to people" in register and "a report" in register
    for words in ("Ben", "Ana", "rude", "Mona", "Look at"):
        assert words not in report and words not in register, words


def test_the_csv_says_the_same(client: Any, people: Any, things: Any) -> None:
    moderation.report(people.ana, "post", things.first.id, "illegal")
    why = Reasons("It is rude.", law="Penal code, 130", is_automated=True)
    moderation.decide(people.moderator, "post", things.first.id, "hide", why)
    answer = client.get("/transparency.csv")
    assert (
        answer.mimetype == "text/csv" and "transparency-" in answer.headers["Content-Disposition"]
    )
    rows = list(csv.reader(StringIO(report_of_these_months(client, ".csv"))))
    assert rows[0] == ["section", "what", "by", "number"]
    assert ["reports", "illegal", "member", "1"] in rows
    assert ["restrictions", "hide", "machine", "1"] in rows
    assert ["restrictions by ground", "law", "", "1"] in rows
    assert all(len(row) == 4 for row in rows)


def test_every_decision_is_in_a_table_with_the_fields_of_the_eu_and_nobodys_name(
    client: Any, people: Any, things: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "TABLE_PORTION", 2)
    moderation.report(people.ana, "post", things.first.id, "illegal", "Look at Ben.")
    law = Reasons("Ben was rude.", law="Penal code, 130", is_automated=True)
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", law)
    moderation.undo(people.moderator, hidden.id)
    moderation.warn(people.moderator, people.ben.id, Reasons("Ben again.", 2))
    moderation.report(people.chitra, "topic", things.topic.id, "rules")
    moderation.decide(people.moderator, "topic", things.topic.id, "remove", Reasons("Rude.", 2))
    answer = client.get("/transparency/decisions.csv")
    assert answer.mimetype == "text/csv" and "decisions-" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8-sig")
    first, second, third = csv.DictReader(StringIO(text))
    for name, value in {
        "decision_visibility": "DECISION_VISIBILITY_CONTENT_DISABLED",
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "Yes",
        "rule": "",
        "taken_back": "yes",
    }.items():
        assert first[name] == value, name
    assert (second["deed"], second["content_type"]) == ("warn", "CONTENT_TYPE_OTHER")
    assert (second["rule"], second["source_type"]) == ("2. Be fair to people", "SOURCE_VOLUNTARY")
    assert third["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"
    assert third["decision_visibility"] == "DECISION_VISIBILITY_CONTENT_REMOVED"
    for words in ("Ben", "Ana", "ude.", "Look at", "Penal"):
        assert words not in text, words
    assert len(client.get("/transparency/decisions.csv?to=2020-01-01").text.splitlines()) == 1


def test_each_restriction_has_a_word_of_the_eu() -> None:
    assert set(queries.EU_RESTRICTIONS) == set(RESTRICTING_DEEDS)


def test_the_csv_is_the_same_in_every_language(
    app: Flask, client: Any, people: Any, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the names of rules, in whichever language a decision has stored them."""
    both = replace(app.extensions["settings"], locales=("en", "fr"))
    monkeypatch.setitem(app.extensions, "settings", both)
    moderation.report(people.ana, "post", things.first.id, "illegal")
    for number, language in enumerate(("en", "fr")):
        with force_locale(language):
            moderation.warn(people.moderator, people.ben.id, Reasons(f"{number}", 2))
    english, french = (
        client.get("/transparency.csv", headers={"Accept-Language": language}).get_data()
        for language in ("en", "fr")
    )
    assert english == french
    assert b"restrictions by ground,2. Be fair to people,,2\r\n" in english
    page = client.get("/transparency", headers={"Accept-Language": "fr"}).text
    with force_locale("fr"):
        assert f"2. {said_of_rule('Be fair to people')}" in unescape(page)
    assert "Be fair to people" not in page


def test_the_register_is_fresh_though_reports_touch_no_other_page(
    client: Any, people: Any, things: Any
) -> None:
    before = report_of_these_months(client, ".csv")
    moderation.report(people.ana, "post", things.first.id, "spam")
    assert report_of_these_months(client, ".csv") != before


def test_what_was_reported_this_month_is_not_told_before_it_has_ended(
    client: Any, people: Any, things: Any
) -> None:
    """Whoever looks every day would know that they were reported today, before a moderator has decided."""
    today = now().date()
    addresses = [
        f"/transparency{ending}{days}"
        for ending in ("", ".csv")
        for days in ("", f"?from={today}&to={today}")
    ]
    before = [client.get(address).text for address in addresses]
    moderation.report(people.ana, "post", things.first.id, "spam")
    assert [client.get(address).text for address in addresses] == before
    assert "No whole month of this period has ended yet." in before[1]
    assert "Nothing decided yet" not in before[1]
    rows = [*csv.reader(StringIO(before[3]))]
    assert ["months of reports and orders", "last day", "", ""] in rows
    page = client.get("/transparency?from=2020-01-01&to=2020-04-01").text
    said = re.sub(r"<[^>]+>", "", page).replace("\N{NO-BREAK SPACE}", " ")
    assert "from 1 January 2020 until 31 March 2020." in said


def test_odd_periods_and_pages(client: Any, people: Any, things: Any) -> None:
    for query in ("from=x&to=y", "from=2026-02-30", "to=0000-00-00", "from=%00", "page=-1"):
        for address in (
            *("/transparency", "/transparency.csv"),
            *("/transparency/decisions", "/transparency/decisions.csv"),
        ):
            assert client.get(f"{address}?{query}").status_code in (200, 404), (address, query)


def test_pages_cost_few_queries(client: Any, people: Any, things: Any, queries: Any) -> None:
    for n in range(3):
        moderation.warn(people.moderator, people.ben.id, Reasons(f"{n}", 2))
    for address, most in (
        ("/transparency", 14),
        ("/transparency/decisions", 9),
        ("/transparency/decisions.csv", 9),
    ):
        client.get(address)
        with queries() as made:
            assert client.get(address).status_code == 200
        assert made.count <= most, (address, made.count, made.statements)
