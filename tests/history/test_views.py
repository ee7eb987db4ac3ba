"""Restoring an earlier version: the form opens with its text, and nothing is saved until it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from tests.everything import COPENHAGEN, case_text, opened, opening, practice, said

LATER = timedelta(hours=1)
CHANGES = {
    "agenda": {"title": "Louder", "introduction": "Now *loud*.", "palette": "rose"},
    "statement": {"name": "Bo", "quotation": "We wait.", "said_on": ""},
    "case": {
        "name": "The river network",
        "since": "",
        "checked_on": "",
        "places-1-city": "",
        "figures-1-label": "Members",
        "figures-1-value": "80",
        "links-1-label": "",
        "links-1-address": "",
    },
    "practice": {"title": "Pumps", "failure": "", "lessons": "Ask first.", "started": ""},
    "reading": {"title": "The other book", "year": "", "kind": "film"},
    "organisation": {"name": "Port of Surat", "seats": "", "about": "Ships."},
    "topic": {"title": "Day trains", "source": "By day."},
    "post": {"source": "I take it back."},
}


def make(kind: str, people: Any, agenda: Any) -> tuple[str, str, Any]:
    """Make a page of a kind; returns the addresses of its form and history, and who edits it."""
    if kind == "agenda":
        text = agendas.AgendaText("Trees", write("They *shade*."), "Trees in cities.")
        made = agendas.write_agenda(people.moderator, text)
        return f"/agendas/{made.slug}/edit", f"/agendas/{made.slug}/history", people.moderator
    if kind == "statement":
        text = agendas.StatementText("Ines", "We plant.", "Planner", said_on=date(2026, 6, 5))
        trees = agendas.write_agenda(people.moderator, agendas.AgendaText("Trees", write("Tall.")))
        made = agendas.write_statement(people.moderator, trees.id, text)
        address = f"/agendas/{trees.slug}/statements/{made.id}/edit"
        return address, f"/agendas/{trees.slug}/history", people.moderator
    if kind == "case":
        links = [library.LinkText("Report", "https://example.org/a", "report")]
        text = case_text(since=2014, checked_on=date(2026, 5, 4), links=links)
        made = library.write_case(people.moderator, agenda.id, text)
        return f"/cases/{made.slug}/edit", f"/cases/{made.slug}/history", people.host
    if kind == "practice":
        made = practice(people, agenda, "Pumps that call", started=2021)
        return f"/practices/{made.slug}/edit", f"/practices/{made.slug}/history", people.ana
    if kind == "reading":
        made = library.write_reading(
            people.moderator, agenda.id, library.ReadingText("The book", "Katz, Bruce", 2013)
        )
        return f"/readings/{made.id}/edit", f"/readings/{made.id}/history", people.host
    if kind == "organisation":
        words = {"kind": "city", "city_id": COPENHAGEN, "representative_id": people.ana.id}
        text = members.OrganisationText(name="Surat", seats=5, **words)
        made = members.write_organisation(people.moderator, text)
        address = f"/organisations/{made.slug}"
        return f"{address}/edit", f"{address}/history", people.moderator
    topic = opened(people.ana, agenda, "Night trains")
    post = opening(topic) if kind == "topic" else said(people.ana, topic, "So it is.")
    return f"/posts/{post.id}/edit", f"/posts/{post.id}/history", people.ana


class Form(HTMLParser):
    """The data that a browser would send from the form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.choice = self.area = ""
        self.feed(page.partition("novalidate")[2].partition("</form>")[0])

    def handle_starttag(self, tag: str, pairs: Any) -> None:
        """Note the value of a field."""
        found = dict(pairs)
        name, value = found.get("name") or "", found.get("value") or ""
        is_ticked = found.get("type") not in ("checkbox", "radio") or "checked" in found
        if tag == "input" and found.get("type") != "submit" and is_ticked:
            self.sent.setdefault(name, []).append(value)
        elif tag == "textarea" and "readonly" not in found:
            self.area = name
            self.sent[name] = [""]
        elif tag == "select":
            self.choice = name
        elif tag == "option" and "selected" in found:
            self.sent.setdefault(self.choice, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        """End a `textarea`."""
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        """Note the text of a `textarea`."""
        if self.area:
            self.sent[self.area][0] += data if self.sent[self.area][0] else data.lstrip("\r\n")


@pytest.fixture(params=CHANGES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of page that keeps its versions."""
    return str(request.param)


def filled(page: str) -> dict[str, list[str]]:
    """The values in the form of a page, without tokens and the like, which differ each time."""
    return compared(Form(page).sent)


def compared(sent: dict[str, list[str]]) -> dict[str, list[str]]:
    """The values that a form sends, without tokens and the like, which differ each time."""
    differing = ("seen", "csrf_token", "submission_key")
    return {name: value for name, value in sent.items() if name not in differing}


def change(browser: Any, address: str, kind: str) -> None:
    """Send the form of a page with other values, more than a quarter of an hour later, so that a version is kept."""
    with at(now() + LATER):
        sent = {**Form(browser.get(address).text).sent, **CHANGES[kind]}
        assert browser.post(address, data=sent).status_code == 303


def version_links(page: str) -> list[str]:
    """The addresses of forms that begin with an earlier version, newest first."""
    return [unescape(found) for found in re.findall(r'href="([^"]+/edit\?version=\d+)"', page)]


def test_a_page_is_put_back_as_it_was(
    kind: str, people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make(kind, people, agenda)
    browser = sign_in(editor)
    first = Form(browser.get(address).text).sent
    with at(now() + LATER):
        assert browser.post(address, data={**first, **CHANGES[kind]}).status_code == 303
        changed = filled(browser.get(address).text)
        (link,) = version_links(browser.get(history).text)
        page = browser.get(link).text
        assert "Below is what it said until" in page and "It is not saved yet." in page
        assert filled(page) == compared(first) != changed
        assert filled(browser.get(address).text) == changed  # opening a form saves nothing
        assert browser.post(link, data=Form(page).sent).status_code == 303
        assert filled(browser.get(address).text) == compared(first)
        assert len(version_links(browser.get(history).text)) in (1, 2)


def test_an_earlier_version_has_a_number_and_can_be_read_whole(
    kind: str, people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make(kind, people, agenda)
    browser = sign_in(editor)
    first = Form(browser.get(address).text).sent
    with at(now() + LATER):
        assert browser.post(address, data={**first, **CHANGES[kind]}).status_code == 303
        page = browser.get(history).text
    assert "ersion 1" in page and "from version 1</a>" in page and "\xa0UTC</time>" in page
    if kind == "organisation":  # its history shows whole versions only
        return
    (whole,) = {
        unescape(found)
        for found in re.findall(r'href="([^"]+/history\?version=\d+[^"]*)"', page)
        if "view=whole" in found or kind not in ("topic", "post")
    }
    text = unescape(browser.get(whole).text)
    assert "<del>" not in text and "ersion 1" in text
    long = ("title", "name", "introduction", "quotation", "body", "done", "source")
    for field in set(long) & set(first):
        assert re.sub(r"[*]", "", first[field][0]) in re.sub(r"[*]|<[^>]+>", "", text), field


def test_only_versions_of_the_page_itself_are_put_back(
    kind: str, people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, _history, editor = make(kind, people, agenda)
    other, other_history, other_editor = make("case", people, agenda)
    browser = sign_in(other_editor)
    change(browser, other, "case")
    (link,) = version_links(browser.get(other_history).text)
    number = link.partition("=")[2]
    for wanted in (number, "0", "99999999999", "-1", "x", ""):
        assert sign_in(editor).get(f"{address}?version={wanted}").status_code == 404, wanted


def test_nobody_else_is_offered_to_put_a_version_back(
    kind: str, people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make(kind, people, agenda)
    browser = sign_in(editor)
    change(browser, address, kind)
    (link,) = version_links(browser.get(history).text)
    stranger = sign_in(people.chitra)
    assert not version_links(stranger.get(history).text)
    assert stranger.get(link).status_code == 403


def test_the_statement_that_was_removed_is_not_offered(
    people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make("statement", people, agenda)
    browser = sign_in(editor)
    assert browser.post(address.replace("/edit", "/remove")).status_code == 303
    page = browser.get(history).text
    assert "Ines" in page and not version_links(page)


def test_what_a_version_would_not_change_is_not_offered(
    people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    browser = sign_in(people.moderator)
    page = browser.get("/agendas/quieter/history").text
    assert people.host.handle in page and not version_links(page)  # only the hosts were changed


def test_what_a_version_said_to_members_alone_is_put_back_for_them_alone(
    people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make("practice", people, agenda)
    browser = sign_in(editor)
    opened_up = {"failure": "Nothing.", "failure_audience": "public"}
    sent = {**Form(browser.get(address).text).sent, **opened_up}
    assert browser.post(address, data=sent).status_code == 303
    (link,) = version_links(browser.get(history).text)
    filled_in = filled(browser.get(link).text)
    assert filled_in["failure"] == ["The pumps drowned."]
    assert (filled_in["failure_audience"], filled_in["audience"]) == (["members"], ["public"])


def test_a_withdrawn_version_is_not_given_back(
    people: Any, agenda: Any, sign_in: Callable[..., Any]
) -> None:
    address, history, editor = make("post", people, agenda)
    post_id = int(address.split("/")[2])
    with at(now() + LATER):
        dialogue.edit(editor, post_id, write("Better so."))
    browser = sign_in(editor)
    (link,) = version_links(browser.get(history).text)
    dialogue.withdraw(editor, int(link.partition("=")[2]))
    assert not version_links(browser.get(history).text)
    assert browser.get(link).status_code == 404
