"""Deciding on the page of a thing: claims from the queue are respected, and the decision can be undone there."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from forum.claims.models import Claim
from forum.clock import at, now
from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import get_post
from forum.library import actions as library
from forum.members.models import Member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.permissions import VISITOR
from forum.queue import actions as queue

REASON_FIELDS = {"rule": "2", "reason": "It is rude."}
REASONS = Reasons("It is rude.", 2)
AT_IT = "Hana Virtanen has been working on this since"


@pytest.fixture
def claimed(people: Any, things: Any) -> Any:
    """A host has claimed a post, a topic and a practice in the queue."""
    actions.report(people.ana, "post", things.first.id, "rules")
    actions.report(people.chitra, "topic", things.topic.id, "rules")
    for key in (
        ("post", things.first.id),
        ("topic", things.topic.id),
        ("practice", things.practice.id),
    ):
        queue.claim(people.host, *key)
    return things


def claims() -> int:
    return db.session.query(Claim).count()


def holder_in(page: str) -> str:
    (said,) = re.findall(r'<input[^>]*name="holder"[^>]*value="([^"]*)"', page)
    return str(said)


def test_the_page_tells_and_goes_on_then(sign_in: Any, people: Any, claimed: Any) -> None:
    browser, address = sign_in(people.moderator), f"/posts/{claimed.first.id}/hide"
    page = browser.get(address).text
    assert AT_IT in page and holder_in(page) == str(people.host.id)
    answer = browser.post(address, data={**REASON_FIELDS, "holder": holder_in(page)})
    assert answer.status_code == 303 and claims() == 2
    assert get_post(VISITOR, claimed.first.id).is_gone


def test_who_came_meanwhile_is_told_of_and_what_was_typed_stays(
    sign_in: Any, people: Any, claimed: Any
) -> None:
    browser, address = sign_in(people.moderator), f"/posts/{claimed.first.id}/hide"
    for typed in ("", "999999", "x", "1," * 200):
        answer = browser.post(address, data={**REASON_FIELDS, "holder": typed})
        assert answer.status_code == 409, typed
        assert AT_IT in answer.text and "press once more" in answer.text
        assert "It is rude." in answer.text
    assert not get_post(VISITOR, claimed.first.id).is_gone and claims() == 3
    again = browser.post(address, data={**REASON_FIELDS, "holder": holder_in(answer.text)})
    assert again.status_code == 303


def test_one_who_is_at_it_oneself_is_not_asked(sign_in: Any, people: Any, claimed: Any) -> None:
    browser, address = sign_in(people.host), f"/posts/{claimed.first.id}/hide"
    assert "has been working on this since" not in browser.get(address).text
    assert browser.post(address, data=REASON_FIELDS).status_code == 303


def test_a_claim_that_is_over_holds_nobody_up(sign_in: Any, people: Any, claimed: Any) -> None:
    browser = sign_in(people.moderator)
    with at(now() + timedelta(minutes=31)):
        page = browser.get(f"/posts/{claimed.first.id}/hide").text
        assert AT_IT not in page
        assert (
            browser.post(f"/posts/{claimed.first.id}/hide", data=REASON_FIELDS).status_code == 303
        )


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("/topics/{topic}/hide", {}),
        ("/topics/{topic}/remove", {}),
        ("/topics/{topic}/lock", {}),
        ("/topics/{topic}/slow", {}),
        ("/topics/{topic}/move", {"agenda": "{other}"}),
        ("/topics/{topic}/merge", {"target": "1", "shown": "1"}),
        ("/topics/{topic}/retitle", {"title": "Quiet trams"}),
        ("/topics/{topic}/change-kind", {"kind": "question"}),
        ("/topics/{topic}/pin", {}),
        ("/topics/{topic}/unpin", {}),
        ("/topics/{topic}/unlock", {}),
        ("/topics/{topic}/unslow", {}),
        ("/posts/{post}/remove", {}),
        ("/posts/{post}/ask-to-edit", {}),
        ("/posts/{post}/note", {"source": "We have asked the city.", "language": "en"}),
        ("/posts/{post}/unnote", {}),
        ("/topics/{topic}/posts/hide", {"post": "{post}"}),
        ("/topics/{topic}/posts/split", {"post": "{post}", "title": "Apart", "kind": "question"}),
        ("/practices/quiet-asphalt/send-back", {}),
        ("/practices/quiet-asphalt/publish", {}),
        ("/practices/quiet-asphalt/feature", {}),
        ("/practices/quiet-asphalt/unfeature", {}),
    ],
)
def test_at_each_of_its_pages(
    sign_in: Any, people: Any, claimed: Any, address: str, more: Any
) -> None:
    known = {"topic": claimed.topic.id, "post": claimed.first.id, "other": claimed.other.id}
    data = {**REASON_FIELDS, **{name: text.format(**known) for name, text in more.items()}}
    answer = sign_in(people.moderator).post(address.format(**known), data=data)
    assert answer.status_code == 409 and AT_IT in answer.text
    assert claims() == 3


def test_a_button_is_pressed_once_more(sign_in: Any, people: Any, claimed: Any) -> None:
    actions.decide(people.moderator, "post", claimed.first.id, "hide", REASONS)
    browser, address = sign_in(people.administrator), f"/posts/{claimed.first.id}/restore"
    page = browser.post(address, data={"next": "/topics"})
    assert page.status_code == 409 and AT_IT in page.text
    assert get_post(VISITOR, claimed.first.id).is_gone
    again = {"holder": holder_in(page.text), "next": "/topics"}
    assert browser.post(address, data=again).location == "/topics"
    assert not get_post(VISITOR, claimed.first.id).is_gone


@pytest.mark.parametrize("deed", ["unsilence", "clear-spam"])
def test_a_button_about_a_member_is_pressed_once_more(
    sign_in: Any, people: Any, things: Any, deed: str
) -> None:
    actions.silence(people.administrator, people.ben.id, now() + timedelta(days=7), REASONS)
    actions.report(people.ana, "member", people.ben.id, "rules")
    queue.claim(people.moderator, "member", people.ben.id)
    browser, address = sign_in(people.administrator), f"/members/{people.ben.handle}/{deed}"
    page = browser.post(address)
    assert page.status_code == 409 and "Mona Berg has been working on this" in page.text
    assert browser.post(address, data={"holder": holder_in(page.text)}).status_code == 303
    assert claims() == 0


def test_a_note_and_a_title_are_saved_once_one_knows_who_is_at_it(
    sign_in: Any, people: Any, claimed: Any
) -> None:
    browser = sign_in(people.moderator)
    for address, typed in (
        (f"/posts/{claimed.first.id}/note", {"source": "We asked.", "language": "en"}),
        (f"/topics/{claimed.topic.id}/retitle", {"title": "Quiet trams"}),
    ):
        page = browser.get(address).text
        assert AT_IT in page
        again = browser.post(address, data={**typed, "holder": holder_in(page)})
        assert again.status_code == 303
    assert get_post(VISITOR, claimed.first.id).note_source == "We asked."


def test_no_deed_is_done_with_a_right_that_was_just_taken_away(
    sign_in: Any, people: Any, things: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator becomes a moderator after the request has read the member, and before the action locks it."""
    decide_here = actions.decide_here

    def demote_first(*args: Any) -> Any:
        role = update(Member).where(Member.id == people.administrator.id)
        options = {"synchronize_session": False}
        db.session.execute(role.values(role="moderator"), execution_options=options)
        return decide_here(*args)

    monkeypatch.setattr(actions, "decide_here", demote_first)
    browser, address = sign_in(people.administrator), f"/members/{people.moderator.handle}/suspend"
    assert browser.get(address).status_code == 200
    answer = browser.post(address, data={**REASON_FIELDS, "days": "7"})
    assert answer.status_code == 403
    assert not db.session.get_one(Member, people.moderator.id).suspended_until


def test_a_button_that_is_refused_for_another_cause_says_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    answer = sign_in(people.moderator).post(f"/posts/{things.first.id}/restore")
    assert answer.status_code == 409 and "This is so already" in answer.text


def test_who_has_claimed_a_thing_is_told_to_its_moderators_only(
    sign_in: Any, people: Any, claimed: Any
) -> None:
    for person in (people.ben, claimed.other_host):
        browser = sign_in(person)
        for deed in ("hide", "restore"):
            answer = browser.post(f"/posts/{claimed.first.id}/{deed}", data=REASON_FIELDS)
            assert answer.status_code == 403 and "working on this" not in answer.text


# Undoing on the page that follows a decision


def land(browser: Any, answer: Any) -> Any:
    """The page to which a response redirects, after any number of redirects."""
    while answer.status_code in (301, 302, 303, 307, 308):
        answer = browser.get(answer.location)
    return answer


def undo_in(page: str) -> tuple[str, dict[str, str]] | None:
    found = re.findall(
        r'<form method="post" action="(/moderation/decisions/\d+/undo)".*?name="next" value="([^"]+)"',
        page,
        re.S,
    )
    return (found[0][0], {"next": unescape(found[0][1])}) if found else None


def test_what_was_decided_on_a_page_is_undone_there(sign_in: Any, people: Any, things: Any) -> None:
    browser = sign_in(people.moderator)
    answer = browser.post(f"/posts/{things.first.id}/hide", data=REASON_FIELDS)
    page = land(browser, answer)
    assert page.request.path == things.topic.address
    for _time in range(2):  # undoing is offered each time the page is opened
        assert undo_in(browser.get(things.topic.address).text)
    assert not undo_in(browser.get("/topics").text)
    address, fields = undo_in(page.text) or ("", {})
    undone = browser.post(address, data=fields)
    assert undone.location == things.topic.address
    assert not db.session.get_one(Post, things.first.id, populate_existing=True).hidden_at
    assert not undo_in(browser.get(things.topic.address).text)


def test_it_stands_for_ten_minutes_and_for_nobody_else(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.moderator)
    land(browser, browser.post(f"/topics/{things.topic.id}/lock", data=REASON_FIELDS))
    assert undo_in(browser.get(things.topic.address).text)
    for person in (people.host, people.ben):
        assert not undo_in(sign_in(person).get(things.topic.address).text)
    with at(now() + timedelta(minutes=11)):
        assert not undo_in(browser.get(things.topic.address).text)


def test_once_a_decision_is_undone_its_page_offers_no_other_one(
    sign_in: Any, people: Any, things: Any
) -> None:
    """The one before it is about another post, and is taken back on that one's page or in the queue."""
    browser = sign_in(people.moderator)
    browser.post(f"/posts/{things.first.id}/ask-to-edit", data=REASON_FIELDS)
    browser.post(f"/topics/{things.topic.id}/pin")
    address, fields = undo_in(browser.get(things.topic.address).text) or ("", {})
    page = land(browser, browser.post(address, data=fields)).text
    assert "Taken back: " in page and not undo_in(page)
    assert "data-undo" in browser.get("/moderation").text


def test_every_deed_on_a_page_ends_where_it_can_be_undone(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.moderator)
    library.publish(people.moderator, things.practice.id)
    deeds: list[tuple[str, dict[str, Any]]] = [
        (f"/posts/{things.first.id}/ask-to-edit", REASON_FIELDS),
        (f"/posts/{things.first.id}/note", {"source": "See the rules.", "language": "en"}),
        (f"/posts/{things.first.id}/unnote", {}),
        (f"/topics/{things.topic.id}/pin", {}),
        (f"/topics/{things.topic.id}/posts/hide", {**REASON_FIELDS, "post": things.first.id}),
        (f"/posts/{things.first.id}/restore", {}),
        (f"/topics/{things.topic.id}/move", {"agenda": things.other.id}),
        (f"/topics/{things.topic.id}/hide", REASON_FIELDS),
        (f"/topics/{things.topic.id}/restore", {}),
        ("/practices/quiet-asphalt/feature", {}),
        ("/practices/quiet-asphalt/hide", REASON_FIELDS),
        ("/cases/night-council/hide", REASON_FIELDS),
        ("/members/ben-okoth/hide", REASON_FIELDS),
        ("/members/ben-okoth/suspend", {**REASON_FIELDS, "days": "7"}),
        ("/members/ben-okoth/unsuspend", {}),
        ("/agendas/other/archive", {}),
        ("/agendas/other/reopen", {}),
        ("/members/ben-okoth/clear-spam", {}),
    ]
    for address, data in deeds:
        page = land(browser, browser.post(address, data=data))
        assert page.status_code == 200 and undo_in(page.text), address
    split = {"post": things.second.id, "title": "Apart", "kind": "question"}
    part = land(
        browser,
        browser.post(
            f"/topics/{things.topic.id}/posts/split", data={**split, "agenda": things.other.id}
        ),
    )
    assert undo_in(part.text) and "Apart" in part.text
    address, fields = undo_in(part.text) or ("", {})
    assert land(browser, browser.post(address, data=fields)).request.path == things.topic.address


def test_what_was_decided_at_once_is_said_to_be_several(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, address = sign_in(people.moderator), f"/topics/{things.topic.id}/posts/hide"
    for posts in ([things.first.id], [things.second.id, things.first.id]):
        if len(posts) > 1:
            actions.undo(people.moderator, db.session.query(Decision.id).one()[0])
        page = land(browser, browser.post(address, data={**REASON_FIELDS, "post": posts}))
        for text in (page.text, browser.get("/moderation").text):
            assert ("and others with it" in text) == (len(posts) > 1)


def test_undoing_an_archived_agenda_leads_back_to_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = actions.archive(people.moderator, things.other.id)
    answer = sign_in(people.moderator).post(f"/moderation/decisions/{decision.id}/undo")
    assert answer.location == "/agendas/other"
