"""A submitted practice is published or returned as its moderator has read it: its author may go on changing it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.db import db
from forum.errors import Conflict
from forum.library.actions import PracticeText, write_practice
from forum.library.models import Practice
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import thing_to_moderate
from forum.queue.actions import claim

CHANGED = "The author has changed this text meanwhile"


def rewrite(people: Any, things: Any) -> None:
    """The author puts other words into the submitted practice."""
    text = PracticeText(title="Quiet asphalt", sentence="Buy it from us.")
    write_practice(people.ben, things.agenda.id, text, things.practice.id)


def state(things: Any) -> str:
    return db.session.get_one(Practice, things.practice.id, populate_existing=True).state


def field_in(page: str, name: str) -> str:
    (said,) = re.findall(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    return str(said)


def test_what_was_changed_since_it_was_read_is_neither_published_nor_returned(
    people: Any, things: Any
) -> None:
    read = thing_to_moderate(people.host, "practice", things.practice.id).fingerprint
    rewrite(people, things)
    with pytest.raises(Conflict, match=CHANGED):
        actions.publish(people.host, things.practice.id, read=read)
    with pytest.raises(Conflict, match=CHANGED):
        actions.send_back(people.host, things.practice.id, Reasons("Say where."), read=read)
    assert state(things) == "submitted"
    read = thing_to_moderate(people.host, "practice", things.practice.id).fingerprint
    actions.publish(people.host, things.practice.id, read=read)
    assert state(things) == "published"
    # From now on each version is kept
    assert not thing_to_moderate(people.host, "practice", things.practice.id).fingerprint


def test_the_button_on_its_page_publishes_what_the_page_showed(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, page = sign_in(people.host), f"/practices/{things.practice.slug}"
    read = field_in(browser.get(page).text, "read")
    rewrite(people, things)
    answer = browser.post(f"{page}/publish", data={"read": read})
    assert answer.status_code == 409 and CHANGED in answer.text and state(things) == "submitted"
    read = field_in(browser.get(page).text, "read")
    assert browser.post(f"{page}/publish", data={"read": read}).status_code == 303
    assert state(things) == "published"


def test_the_page_that_returns_it_is_about_what_it_was_opened_on(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, page = sign_in(people.host), f"/practices/{things.practice.slug}/send-back"
    form = {"reason": "Say where.", "read": field_in(browser.get(page).text, "read")}
    rewrite(people, things)
    answer = browser.post(page, data=form)
    assert answer.status_code == 409 and CHANGED in answer.text and "Say where." in answer.text
    form["read"] = field_in(answer.text, "read")
    assert browser.post(page, data=form).status_code == 303 and state(things) == "returned"


def test_the_queue_decides_about_what_it_showed(sign_in: Any, people: Any, things: Any) -> None:
    browser, entry = sign_in(people.host), f"/moderation/practice/{things.practice.id}"
    shown = browser.get(entry).text
    form = {"deed": "publish", "seen": "0", "read": field_in(shown, "read")}
    rewrite(people, things)
    answer = browser.post(f"{entry}/decide", data=form)
    assert answer.status_code == 409 and CHANGED in answer.text and state(things) == "submitted"
    form["read"] = field_in(answer.text, "read")  # the page shows the new words
    assert browser.post(f"{entry}/decide", data=form).status_code == 303
    assert state(things) == "published"


def test_a_claim_that_is_confirmed_forgets_nothing_of_what_was_read(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, page = sign_in(people.moderator), f"/practices/{things.practice.slug}"
    read = field_in(browser.get(page).text, "read")
    claim(people.host, "practice", things.practice.id)
    asked = browser.post(f"{page}/publish", data={"read": read})
    assert asked.status_code == 409 and field_in(asked.text, "read") == read
    rewrite(people, things)
    form = {name: field_in(asked.text, name) for name in ("read", "holder")}
    answer = browser.post(f"{page}/publish", data=form)
    assert answer.status_code == 409 and CHANGED in answer.text and state(things) == "submitted"


def test_the_button_says_that_somebody_else_was_faster_and_not_that_the_author_was(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, page = sign_in(people.host), f"/practices/{things.practice.slug}"
    read = field_in(browser.get(page).text, "read")
    actions.send_back(people.moderator, things.practice.id, Reasons("Say where."))
    answer = browser.post(f"{page}/publish", data={"read": read})
    assert answer.status_code == 409 and CHANGED not in answer.text
    assert "This does not wait for a decision any more. Nothing was changed." in answer.text
