"""A draft that its author has deleted comes back from the page that says so, which alone still has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import Draft, Topic
from forum.markup import write
from forum.members.actions import silence
from forum.members.models import Member
from forum.moderation.actions import Reasons, lock
from tests.conftest import fields_of

RESTORE = "/drafts/restore"
FIELDS = [["source", 'Half <b>"done"</b> & \u2028\nמחר 🚲'], ["themes", "a"], ["themes", "b"]]


def kept(member: Member) -> list[tuple[Any, ...]]:
    """What the drafts of a member say, and of what; checks that the stored counter says as many."""
    drafts = db.session.query(Draft).filter_by(author_id=member.id).order_by(Draft.id).all()
    assert db.session.query(Member.drafts_count).filter_by(id=member.id).scalar() == len(drafts)
    return [
        (row.submission_key, row.fields, row.agenda_id, row.topic_id, row.kind, row.item_id)
        for row in drafts
    ]


def keep(people: Any, what: str, agenda: Agenda, topic: Topic) -> None:
    """A draft by Ben, with key `k`, which a window with a name has kept."""
    windows = ["desk:3", "desk"]
    if what == "a reply":
        actions.keep_draft(
            people.ben, actions.UnsentForm("k", FIELDS, windows=windows), topic_id=topic.id
        )
    elif what == "a topic":
        actions.keep_draft(
            people.ben, actions.UnsentForm("k", FIELDS, windows=windows), agenda_id=agenda.id
        )
    else:
        place: dict[str, Any] = {"kind": what, "item_id": 7, "is_new": False}
        actions.keep_form_draft(
            people.ben, actions.UnsentForm("k", FIELDS, windows), ["source"], **place
        )


def delete(browser: Any) -> dict[str, str]:
    """Delete the draft with key `k`; returns the form that undoes this."""
    answer = browser.post("/drafts/discard", data={"submission_key": "k"})
    assert answer.status_code == 200 and "The draft is deleted." in answer.text
    return fields_of(answer.text, RESTORE)


@pytest.mark.parametrize(
    "what",
    ["a reply", "a topic", "practice", "case", "translation of case", "declaration on agenda"],
)
def test_it_comes_back_as_it_was(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any, what: str
) -> None:
    keep(people, what, agenda, topic)
    before, browser = kept(people.ben), sign_in(people.ben)
    undo = delete(browser)
    assert kept(people.ben) == []
    with browser.session_transaction() as session:
        assert "Half" not in str(dict(session))
    assert browser.post(RESTORE, data=undo).location == "/drafts"
    assert kept(people.ben) == before
    assert "Your draft is kept." in browser.get("/drafts").text
    browser.post(RESTORE, data=undo)
    assert kept(people.ben) == before
    assert "There was nothing more to undo." in browser.get("/drafts").text


def test_the_next_page_offers_it_no_more(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    keep(people, "a reply", agenda, topic)
    browser = sign_in(people.ben)
    delete(browser)
    assert RESTORE not in browser.get("/drafts").text
    assert browser.get("/drafts/discard").location == "/drafts"
    answer = browser.post("/drafts/discard", data={"submission_key": "k"})
    assert answer.location == "/drafts" and RESTORE not in browser.get("/drafts").text


def test_it_comes_back_where_nobody_can_write_any_more(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    keep(people, "a reply", agenda, topic)
    before, browser = kept(people.ben), sign_in(people.ben)
    undo = delete(browser)
    lock(people.moderator, topic.id, Reasons("Enough."))
    browser.post(RESTORE, data=undo)
    assert kept(people.ben) == before


def test_it_comes_back_by_way_of_signing_in_again(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any, client: FlaskClient
) -> None:
    apart = [["source", "Cafe\N{COMBINING ACUTE ACCENT}\r\n"]]
    actions.keep_draft(people.ben, actions.UnsentForm("k", apart), topic_id=topic.id)
    undo = delete(sign_in(people.ben))
    carried = fields_of(client.post(RESTORE, data=undo).text, "/sign-in")
    sent = {name.removeprefix("kept:"): value for name, value in carried.items()}
    sign_in(people.ben).post(RESTORE, data=sent)
    assert [row[1] for row in kept(people.ben)] == [[["source", "Café\r\n"]]]


def test_it_comes_back_to_who_may_not_write_for_a_while(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    keep(people, "a reply", agenda, topic)
    before, browser = kept(people.ben), sign_in(people.ben)
    silence(people.moderator, people.ben.id, now() + timedelta(days=1))
    undo = delete(browser)
    assert browser.post(RESTORE, data=undo).location == "/drafts" and kept(people.ben) == before


def test_what_was_sent_or_begun_again_meanwhile_does_not_come_back(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    keep(people, "a reply", agenda, topic)
    undo = delete(browser)
    actions.keep_draft(
        people.ben, actions.UnsentForm("k", [("source", "Begun again.")]), topic_id=topic.id
    )
    browser.post(RESTORE, data=undo)
    assert [row[1] for row in kept(people.ben)] == [[["source", "Begun again."]]]
    actions.reply(people.ben, topic.id, write("Sent."), "k")
    browser.post(RESTORE, data=undo)
    assert kept(people.ben) == []


def test_only_its_author_brings_it_back_and_only_as_it_was(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    keep(people, "a reply", agenda, topic)
    undo = delete(sign_in(people.ben))
    other = sign_in(people.chitra)
    changed = {**undo, "deleted": undo["deleted"].replace("Half", "All")}
    odd = {"deleted": "{", "seal": "é"}
    for browser, data in ((other, undo), (sign_in(people.ben), changed), (other, odd), (other, {})):
        assert browser.post(RESTORE, data=data).status_code == 303
    assert kept(people.ben) == kept(people.chitra) == []
