"""Declarations that are begun, and changes of them: kept while their drafter types, and deleted once they are sent."""

from __future__ import annotations

import re

import pytest

from forum.agendas.actions import set_hosts
from forum.db import db
from forum.declarations import actions
from forum.declarations.actions import keep_declaration_draft
from forum.declarations.models import Declaration
from forum.dialogue.actions import SentForm, UnsentForm
from forum.dialogue.models import Draft
from forum.errors import Forbidden
from forum.markup import PlainTexts
from forum.permissions import SYSTEM, VISITOR
from tests.declarations.conftest import draft, in_days, text_of
from tests.library.test_drafts import kept, link_of

NEW = "/agendas/quieter/declarations/new"
BEGUN = {"title": "", "body": "We, the cities.", "language": "en", "submission_key": "abc"}
WORDS = [("title", "Nights"), ("body", "We want them."), ("language", "en")]


def test_a_declaration_is_kept_without_a_title_and_gone_on_with(sign_in, people, agenda):
    browser = sign_in(people.host)
    assert browser.post(NEW, data={**BEGUN, "draft": "auto"}).status_code == 204
    assert db.session.query(Declaration).count() == 0
    page = browser.get("/drafts").text
    assert "We, the cities.</bdi>" in page and "Declaration ·" in page
    again = browser.get(link_of(page)).text
    assert 'name="submission_key" type="hidden" value="abc"' in again
    assert "We, the cities.</textarea>" in again
    new = browser.get(NEW).text
    assert "You have begun this before." in new
    buttons = "Save the declaration", "Keep as a draft"
    assert all(f">{button}</button>" in new for button in buttons), "not two of the same"
    done = BEGUN | {"title": "Quiet nights"}
    assert browser.post(NEW, data=done).status_code == 303
    assert kept(people.host) == []
    # What the form sends to be kept may come after what it sends to be saved
    assert browser.post(NEW, data={**done, "draft": "auto"}).status_code == 204
    assert kept(people.host) == []


def test_changes_of_a_declaration_are_kept_and_gone_on_with(sign_in, people, agenda):
    found = draft(people, agenda)
    browser, path = sign_in(people.host), f"/declarations/{found.id}/edit"
    seen = re.search(r'name="seen"[^>]* value="([^"]*)"', browser.get(path).text)[1]
    form = {**BEGUN, "title": "Quiet nights", "seen": seen, "submission_key": "k"}
    answer = browser.post(path, data={**form, "draft": "1"})
    assert (answer.status_code, answer.location) == (303, "/drafts")
    page = browser.get("/drafts").text
    assert re.search(r"Changes to <bdi[^>]*>Quiet nights</bdi>", page)
    actions.write_declaration(people.moderator, agenda.id, text_of("Others."), found.id)
    again = browser.get(link_of(page)).text
    assert f'value="{seen}"' in again and "We, the cities.</textarea>" in again
    # Somebody else has changed it meanwhile
    assert browser.post(path, data=form).status_code == 409
    assert kept(people.host) == ["Quiet nights"]
    actions.write_declaration(people.host, agenda.id, text_of("We."), found.id, SentForm("k"))
    assert kept(people.host) == []


def test_what_it_says_already_is_no_draft_but_a_choice_with_the_button_is(people, agenda, sign_in):
    found = draft(people, agenda)
    said = [("title", found.title), ("body", found.source), ("language", "fr")]
    place = {"agenda_id": agenda.id, "declaration_id": found.id}
    assert keep_declaration_draft(people.host, UnsentForm("k", said), **place) is None
    assert keep_declaration_draft(people.host, UnsentForm("k", said, is_asked=True), **place)


def test_what_it_replaces_is_kept_with_it(sign_in, people, agenda):
    first = draft(people, agenda)
    actions.open_declaration(people.host, first.id, PlainTexts())
    actions.freeze(people.host, first.id, in_days(3))
    actions.withdraw(people.host, first.id, "A mistake.")
    browser = sign_in(people.host)
    page = browser.get(f"{NEW}?replaces={first.id}").text
    assert re.search(rf'name="replaces"[^>]* value="{first.id}"', page)
    form = {**BEGUN, "replaces": str(first.id), "draft": "auto"}
    assert browser.post(f"{NEW}?replaces={first.id}", data=form).status_code == 204
    address = link_of(browser.get("/drafts").text)
    assert address.endswith(f"&replaces={first.id}")
    again = browser.get(address).text
    assert "It replaces a declaration that was withdrawn" in again and "We, the cities." in again
    done = {**BEGUN, "title": "Anew", "replaces": str(first.id)}
    assert browser.post(address, data=done).status_code == 303
    assert db.session.query(Declaration).filter_by(replaces_id=first.id).count() == 1


def test_what_another_window_kept_stays_a_draft(people, agenda):
    keep_declaration_draft(
        people.host, UnsentForm("k", WORDS, windows=["phone:1"]), agenda_id=agenda.id
    )
    actions.write_declaration(
        people.host, agenda.id, text_of("We."), form=SentForm("k", windows=["desk:1"])
    )
    assert kept(people.host) == ["Nights"]


def test_a_draft_is_its_authors_alone_and_of_its_place(sign_in, people, agenda):
    found = draft(people, agenda)
    secret = [("title", "Secret"), *WORDS[1:]]
    keep_declaration_draft(people.host, UnsentForm("n", secret), agenda_id=agenda.id)
    keep_declaration_draft(
        people.host, UnsentForm("c", secret), agenda_id=agenda.id, declaration_id=found.id
    )
    places = [NEW, f"/declarations/{found.id}/edit"]
    drafts = db.session.query(Draft).order_by(Draft.id).all()
    for path in ("/drafts", *places, *(f"{p}?draft={row.id}" for p in places for row in drafts)):
        assert "Secret" not in sign_in(people.moderator).get(path).text, path
    browser = sign_in(people.host)
    for place, own in zip(places, drafts, strict=True):
        shown = ['value="Secret"' in browser.get(f"{place}?draft={row.id}").text for row in drafts]
        assert shown == [row is own for row in drafts], place


def test_who_may_not_draft_keeps_nothing_and_who_no_longer_may_keeps_the_words(
    sign_in, people, agenda, queries
):
    found = draft(people, agenda)
    for person in (VISITOR, people.ana):
        with pytest.raises(Forbidden):
            keep_declaration_draft(person, UnsentForm("k", WORDS), agenda_id=agenda.id)
    browser = sign_in(people.host)
    browser.get("/drafts")
    costs = []
    for number in range(3):
        keep_declaration_draft(people.host, UnsentForm(f"n{number}", WORDS), agenda_id=agenda.id)
        place = {"agenda_id": agenda.id, "declaration_id": found.id}
        keep_declaration_draft(people.host, UnsentForm(f"c{number}", WORDS), **place)
        with queries() as made:
            assert browser.get("/drafts").text.count("Go on writing") == 2 * number + 2
        costs.append(made.count)
    assert costs[-1] == costs[0] <= 9
    set_hosts(SYSTEM, agenda.id, [])
    page = browser.get("/drafts").text
    assert "Go on writing" not in page and page.count("We want them.</blockquote>") == 6
    assert "This declaration is not there any more." in page  # drafts are for those who moderate
    for key in ("n0", "n1", "n2", "c0", "c1", "c2"):
        browser.post("/drafts/discard", data={"submission_key": key})
    assert kept(people.host) == []
