"""Bodies outside of the forum to which members can turn: who names them, what is refused, where they are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.errors import Forbidden, Invalid
from forum.mail.actions import write_notice_letters, write_report_letters
from forum.markup import write
from forum.members.actions import found_federation
from forum.moderation import actions as moderation
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.moderation.models import Report
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.rules import queries
from forum.rules.actions import RecourseText, name_recourses
from forum.rules.queries import recourse_versions, recourses

BODY = RecourseText(
    "Ombuds of Cities", "https://ombuds.example/en", "Free of charge, in <English>."
)
AUTHORITY = RecourseText("Media Authority", "https://media.example")
GENERAL = "You can also turn to an out-of-court body or to a court."
SAID = {
    "body_name": BODY.name,
    "body_address": BODY.address,
    "body_sentence": BODY.sentence,
    "authority_name": "",
    "authority_address": "",
    "authority_sentence": "",
    "language": "en",
}


@pytest.fixture
def decision(people: Any, agenda: Agenda) -> Any:
    """The decision that hides a reply by Ben, which a visitor has reported, too."""
    found_federation(SYSTEM, "Interurban")
    new = NewTopic("question", "Why so loud?", write("What we did."))
    post = reply(people.ben, open_topic(people.ana, agenda.id, new).id, write("Rude."))
    notice = IllegalContentNotice("Why.", "Vera", "vera@x.example", is_in_good_faith=True)
    moderation.report_illegal(VISITOR, "post", post.id, notice)
    return moderation.decide(people.host, "post", post.id, "hide", Reasons("It is rude.", 2))


def test_an_administrator_names_them_and_nobody_else(people: Any) -> None:
    assert recourses() == []
    name_recourses(people.administrator, {"authority": AUTHORITY, "body": BODY})
    assert [(recourse.kind, recourse.name) for recourse in recourses()] == [
        ("body", BODY.name),
        ("authority", AUTHORITY.name),
    ]
    for person in (VISITOR, people.ana, people.host, people.moderator):
        with pytest.raises(Forbidden):
            name_recourses(person, {})
        with pytest.raises(Forbidden):
            queries.recourses_to_name(person)
        with pytest.raises(Forbidden):
            recourse_versions(person)


def test_each_change_is_written_down_with_who_made_it(people: Any) -> None:
    name_recourses(people.administrator, {"body": BODY})
    name_recourses(people.administrator, {"body": BODY})  # the same values again
    name_recourses(people.administrator, {"body": AUTHORITY})
    name_recourses(people.administrator, {})
    assert recourses() == []
    kept = [
        (version.fields["name"], version.editor_name, version.item_id)
        for version in recourse_versions(SYSTEM)
    ]
    assert kept == [(who, "Adam de Wit", 0) for who in (AUTHORITY.name, BODY.name, "")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (RecourseText("", "https://a.example"), "body_name"),
        (RecourseText("", "", "A sentence."), "body_name"),
        (RecourseText("A"), "body_address"),
        (RecourseText("A", "http://a.example"), "body_address"),
        (RecourseText("A", "javascript:alert(1)"), "body_address"),
        (RecourseText("A", "https://"), "body_address"),
        (RecourseText("A", "https://host"), "body_address"),
        (RecourseText("A", "https://a..example"), "body_address"),
        (RecourseText("A", "https://a.example:abc/"), "body_address"),
        (RecourseText("A", "https://a.example:99999/"), "body_address"),
        (RecourseText("A", "https://a.example/ b"), "body_address"),
        (RecourseText("A", "https://me:secret@a.example"), "body_address"),
        (RecourseText("A", "https://[a.example"), "body_address"),
        (RecourseText("A", "https://a.example/" + "b" * 500), "body_address"),
        (RecourseText("A" * 201, "https://a.example"), "body_name"),
        (RecourseText("A", "https://a.example", "b" * 501), "body_sentence"),
    ],
)
def test_a_wrong_recourse_is_refused_at_its_field(
    people: Any, wrong: RecourseText, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        name_recourses(people.administrator, {"body": wrong})
    assert refused.value.field == field and recourses() == []


def test_the_page_of_the_administrator(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    browser, address = sign_in(people.administrator), "/administration/recourse"
    assert address in browser.get("/administration/rules").text
    assert "What was changed" not in browser.get(address).text
    wrong = browser.post(address, data=SAID | {"body_address": "http://ombuds.example"})
    assert wrong.status_code == 422 and "begins with https://" in wrong.text
    assert BODY.name in wrong.text
    assert browser.post(address, data=SAID).status_code == 303
    page = browser.get(address).text
    assert f'value="{BODY.name}"' in page and "nobody was named" in page and "Adam de Wit" in page


def test_the_statement_of_reasons_names_them(people: Any, sign_in: Any, decision: Any) -> None:
    browser, address = sign_in(people.ben), f"/moderation/decisions/{decision.id}"
    for path in (address, f"{address}/appeal"):
        assert GENERAL in browser.get(path).text
    name_recourses(people.administrator, {"body": BODY, "authority": AUTHORITY})
    for path in (address, f"{address}/appeal"):
        page = browser.get(path).text
        assert GENERAL not in page
        assert f'<a href="{BODY.address}" rel="noopener" dir="auto">{BODY.name}</a>' in page
        assert "Free of charge, in &lt;English&gt;." in page
        assert "The authority in charge is <a" in page and "A court is open" in page
    with at(now() + timedelta(days=200)):  # too late for an appeal, but not for the bodies outside
        assert BODY.name in sign_in(people.ben).get(address).text
    name_recourses(people.administrator, {})
    assert GENERAL in sign_in(people.ben).get(address).text


def in_a_line(text: str) -> str:
    return " ".join(text.split())


def test_letters_name_them(people: Any, letters: Any, decision: Any) -> None:
    name_recourses(people.administrator, {"body": BODY, "authority": AUTHORITY})
    make_notices(SYSTEM)
    with at(now() + timedelta(hours=1)):
        write_notice_letters(SYSTEM)
        write_report_letters(SYSTEM)
    told = [letter for letter in letters() if letter.to == people.ben.email]
    told += [letter for letter in letters() if "is decided" in letter.subject]
    assert len(told) == 2
    for letter in told:
        for words in (BODY.name, BODY.address, AUTHORITY.name, AUTHORITY.address):
            assert words in letter.text and words in letter.html
        assert "in <English>." in letter.text and "in &lt;English&gt;." in letter.html
        assert "country has certified" not in in_a_line(letter.text)


def test_without_one_letters_say_what_always_holds(
    people: Any, letters: Any, decision: Any
) -> None:
    make_notices(SYSTEM)
    with at(now() + timedelta(hours=1)):
        write_notice_letters(SYSTEM)
        write_report_letters(SYSTEM)
    (outcome,) = [letter for letter in letters() if "is decided" in letter.subject]
    assert "country has certified" in in_a_line(outcome.text)
    (notice,) = [letter for letter in letters() if letter.to == people.ben.email]
    assert GENERAL in in_a_line(notice.text)


def test_the_receipt_names_them(client: Any, people: Any, decision: Any) -> None:
    (report,) = moderation_reports()
    page = client.get(f"/reports/{report}").text
    assert "that your country has certified" in page
    name_recourses(people.administrator, {"body": BODY})
    page = client.get(f"/reports/{report}").text
    assert BODY.address in page and "that your country has certified" not in page


def moderation_reports() -> list[str]:
    return [str(number) for number in db.session.scalars(select(Report.number))]
