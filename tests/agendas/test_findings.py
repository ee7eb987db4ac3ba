"""The findings of an agenda: who writes them, where they are shown, and their notices."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.agendas import actions
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic
from forum.markup import write
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import AGENDA, MUTED, WATCHING, Notice
from forum.permissions import SYSTEM

FOUND = "Quiet asphalt **lasts** five years. [The practice](/practices/quiet-street) says how."
FIELDS = {
    "title": "Making Cities Quieter",
    "summary": "Noise.",
    "introduction": "Noise is heard last.",
    "language": "en",
    "palette": "water",
    "pattern": "delta",
}


@pytest.fixture
def found(people: Any, agenda: Agenda) -> Agenda:
    """The agenda; a week ago its host wrote what the dialogue has found."""
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    with at(now() - timedelta(days=7)):
        return actions.write_agenda(people.host, text, agenda.id)


def fields_of(page: str) -> dict[str, str]:
    seen = re.findall(r'name="seen"[^>]* value="(\w+)"', page)[0]
    return FIELDS | {"seen": seen}


def test_a_host_says_what_the_dialogue_has_found(
    sign_in: Any, client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    page = client.get("/agendas/quieter").text
    assert "has found" not in page and "#found" not in page
    browser = sign_in(people.host)
    assert "Say what the dialogue has found" in browser.get("/agendas/quieter").text
    fields = fields_of(browser.get("/agendas/quieter/edit").text)
    asked = {**fields, "findings": FOUND, "preview": "1"}
    assert "<strong>lasts</strong>" in browser.post("/agendas/quieter/edit", data=asked).text
    assert get_agenda(SYSTEM, "quieter").findings_at is None
    sent = browser.post("/agendas/quieter/edit", data=fields | {"findings": FOUND})
    assert sent.status_code == 303
    page = client.get("/agendas/quieter").text
    assert "What the dialogue has found so far" in page and "Put together by the hosts" in page
    assert 'href="#found"' in page and "<strong>lasts</strong>" in page
    assert now().date().isoformat() in page.split('id="found"')[1].split("</section>")[0]
    assert "Edit the findings" not in page
    assert "Edit the findings" in browser.get("/agendas/quieter").text


def test_the_day_is_that_of_the_findings(people: Any, found: Agenda) -> None:
    said_at = found.findings_at
    assert said_at and now() - said_at > timedelta(days=6)
    text = actions.AgendaText(found.title, write("Other words."), findings=write(FOUND))
    actions.write_agenda(people.host, text, found.id)
    assert found.findings_at == said_at and "lasts" in found.findings_html
    actions.write_agenda(people.host, replace(text, findings=write("Nothing is sure.")), found.id)
    assert found.findings_at and found.findings_at > said_at
    actions.write_agenda(people.host, replace(text, findings=None), found.id)
    assert (found.findings_at, found.findings, found.findings_html) == (None, "", "")


def test_its_history_brings_an_earlier_one_back(sign_in: Any, people: Any, found: Agenda) -> None:
    text = actions.AgendaText(found.title, write("Noise is heard last."), findings=write("None."))
    actions.write_agenda(people.host, text, found.id)
    browser = sign_in(people.host)
    page = browser.get("/agendas/quieter/history").text
    assert "What the dialogue has found so far" in page
    version = re.findall(r"/agendas/quieter/edit\?version=(\d+)", page)[0]
    assert FOUND in browser.get(f"/agendas/quieter/edit?version={version}").text


def test_too_long_a_text_comes_back(sign_in: Any, people: Any, found: Agenda) -> None:
    browser = sign_in(people.host)
    fields = fields_of(browser.get("/agendas/quieter/edit").text)
    sent = browser.post("/agendas/quieter/edit", data=fields | {"findings": "x" * 20_001})
    assert sent.status_code == 422 and "x" * 20_001 in sent.text
    assert found.findings == FOUND


def test_a_page_that_was_open_before_takes_no_findings_away(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    browser = sign_in(people.host)
    fields = fields_of(browser.get("/agendas/quieter/edit").text)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    actions.write_agenda(people.moderator, text, agenda.id)
    db.session.commit()
    sent = browser.post("/agendas/quieter/edit", data=fields | {"findings": ""})
    assert sent.status_code in {409, 422} and "Quiet asphalt" in sent.text
    assert get_agenda(SYSTEM, "quieter").findings == FOUND


def test_who_watches_the_agenda_is_told_once_a_week_at_most(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    watch(people.ben, AGENDA, agenda.id, MUTED)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    actions.write_agenda(people.host, text, agenda.id)
    assert told(people) == {"ana": 1}
    page = sign_in(people.ana).get("/notices").text
    assert "says what the dialogue has found so far" in page and "Hana Virtanen" in page
    assert db.session.scalars(select(Notice.address)).all() == ["/agendas/quieter#found"]
    actions.write_agenda(people.host, replace(text, findings=write("A slip.")), agenda.id)
    actions.write_agenda(people.host, replace(text, title="Making Cities Silent"), agenda.id)
    assert told(people) == {"ana": 1}
    with at(now() + timedelta(days=8)):
        actions.write_agenda(people.host, replace(text, findings=None), agenda.id)
        assert told(people) == {"ana": 1}
        actions.write_agenda(people.host, text, agenda.id)
        assert told(people) == {"ana": 2}


def test_nobody_is_told_of_an_agenda_in_preparation(people: Any, agenda: Agenda) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    actions.prepare_agenda(people.host, agenda.id)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    actions.write_agenda(people.host, text, agenda.id)
    assert told(people) == {}


def test_who_was_not_yet_told_is_not_told_of_what_was_taken_back(
    people: Any, agenda: Agenda
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    actions.write_agenda(people.host, text, agenda.id)
    actions.write_agenda(people.host, replace(text, findings=None), agenda.id)
    assert told(people) == {}
    actions.write_agenda(people.host, text, agenda.id)
    assert told(people) == {"ana": 1}


def test_notices_go_and_come_again_with_the_findings(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    browser = sign_in(people.ana)
    for _time in range(3):
        actions.write_agenda(people.host, text, agenda.id)
        assert told(people) == {"ana": 1}
        assert "has found so far" in browser.get("/notices").text
        actions.write_agenda(people.host, replace(text, findings=None), agenda.id)
        assert told(people) == {"ana": 1}
        assert "has found so far" not in browser.get("/notices").text


def told(people: Any) -> dict[str, int]:
    """The number of notices about findings, by member; members without any are left out."""
    make_notices(SYSTEM)
    db.session.commit()
    kind = select(Notice.member_id).where(Notice.kind == "findings")
    names = {getattr(people, name).id: name for name in ("ana", "ben", "chitra", "host")}
    return dict(Counter(names[member_id] for member_id in db.session.scalars(kind)))


def test_an_archived_agenda_has_found_what_it_found(
    client: FlaskClient, people: Any, found: Agenda
) -> None:
    actions.archive(people.moderator, found.id)
    page = client.get("/agendas/quieter").text
    assert "What the dialogue has found</h2>" in page and "Quiet asphalt" in page


def test_findings_of_an_agenda_in_preparation_are_for_its_moderators(
    client: FlaskClient, sign_in: Any, people: Any, found: Agenda
) -> None:
    actions.prepare_agenda(people.host, found.id)
    db.session.commit()
    for browser in (client, sign_in(people.ana)):
        assert browser.get("/agendas/quieter").status_code == 404
        assert browser.get("/api/v1/agendas/quieter").status_code == 404
    assert "Quiet asphalt" in sign_in(people.host).get("/agendas/quieter").text


def test_notices_of_findings_are_hidden_while_their_agenda_is_in_preparation(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    text = actions.AgendaText(agenda.title, write("Noise is heard last."), findings=write(FOUND))
    actions.write_agenda(people.host, text, agenda.id)
    browser, said = sign_in(people.ana), "has found so far"
    assert told(people) == {"ana": 1} and said in browser.get("/notices").text
    actions.prepare_agenda(people.host, agenda.id)
    assert said not in browser.get("/notices").text
    actions.open_agenda(people.host, agenda.id)
    assert told(people) == {"ana": 1} and said in browser.get("/notices").text


def test_only_its_own_page_reads_them(
    sign_in: Any, people: Any, found: Agenda, queries: Any
) -> None:
    topic = open_topic(people.ana, found.id, NewTopic("question", "Why so loud?", write("Why?")))
    browser = sign_in(people.ana)
    for path in ("/", "/agendas", "/topics", "/agendas/quieter/topics", topic.address):
        with queries() as made:
            assert browser.get(path).status_code == 200
        read = [statement for statement in made.statements if "agenda.findings_html," in statement]
        # The list of an agenda's topics reads the agenda's row anyway
        assert len(read) == (path == "/agendas/quieter/topics"), path


def test_the_json_api_has_the_findings(client: FlaskClient, found: Agenda) -> None:
    told = json.loads(client.get("/api/v1/agendas/quieter").text)
    assert "<strong>lasts</strong>" in told["findings_html"]
    assert told["findings_at"].startswith((now() - timedelta(days=7)).date().isoformat())
