"""The inbox in a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.members.actions import found_federation
from forum.notifications.actions import hide_notices, make_notices, note_event
from forum.notifications.forms import KIND_NAMES
from forum.notifications.models import ACTIONABLE_KINDS, DEFAULT_WAYS
from forum.notifications.queries import inbox, unread_count
from forum.permissions import SYSTEM


@pytest.fixture
def told(people: Any) -> Any:
    found_federation(SYSTEM, "Interurban")
    note_event(people.ben, "reply", [people.ana.id], "/topics/1", title="A reply", topic_id=1)
    note_event(
        people.ben, "mark", [people.ana.id, people.ben.id], "/posts/2", title="A mark", post_id=2
    )
    note_event(
        people.moderator,
        "decision",
        [people.ana.id],
        "/posts/2",
        title="Hidden",
        text="Rule 2",
        post_id=2,
        is_named=False,
    )
    make_notices(SYSTEM)
    return people


def test_what_waits_stands_before_what_is_told(told: Any, sign_in: Any, queries: Any) -> None:
    browser = sign_in(told.ana)
    page = browser.get("/notices").text
    assert (
        page.index("Waiting for you")
        < page.index("A reply")
        < page.index("For your information")
        < page.index("A mark")
    )
    assert "Rule 2" in page
    assert told.moderator.name not in page
    with queries() as made:
        browser.get("/notices")
    assert made.count <= 8


def test_opening_a_notice_reads_it(told: Any, sign_in: Any) -> None:
    browser = sign_in(told.ana)
    notice_id = inbox(told.ana).page.items[0].id
    answer = browser.post(f"/notices/{notice_id}/read")
    assert (answer.status_code, answer.location) == (303, "/posts/2")
    assert unread_count(told.ana) == 2
    browser.post("/notices/read-all")
    assert unread_count(told.ana) == 0


def test_nobody_reads_the_notices_of_others(told: Any, sign_in: Any, client: Any) -> None:
    notice_id = inbox(told.ana).page.items[0].id
    assert sign_in(told.ben).post(f"/notices/{notice_id}/read").status_code == 404
    assert client.post(f"/notices/{notice_id}/read").status_code == 403
    assert client.get("/notices").status_code == 303
    assert "A reply" not in sign_in(told.ben).get("/notices").text


def test_notices_about_hidden_things_go_but_the_decision_stays(told: Any, sign_in: Any) -> None:
    hide_notices(told.moderator, post_id=2)
    page = sign_in(told.ana).get("/notices").text
    assert "A mark" not in page
    assert "Rule 2" in page


def test_an_empty_inbox_says_what_will_be_there(people: Any, sign_in: Any) -> None:
    assert "Nothing yet" in sign_in(people.chitra).get("/notices").text


def test_every_kind_has_its_words(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    for kind in DEFAULT_WAYS:
        note_event(people.ben, kind, [people.moderator.id], "/posts/2", title=f"Title of {kind}")
    make_notices(SYSTEM)
    page = sign_in(people.moderator).get("/notices").text
    plain = re.sub(r"<[^>]+>", " ", page)
    for kind in DEFAULT_WAYS:
        assert re.search(rf"\w[:\w]* +Title of {kind}\b", " ".join(plain.split())), kind
    waiting = page[page.index("Waiting for you") : page.index("For your information")]
    assert {kind for kind in DEFAULT_WAYS if f"Title of {kind}<" in waiting} == set(
        ACTIONABLE_KINDS
    )
    assert set(KIND_NAMES) == set(DEFAULT_WAYS) - {"security"}, "which has a letter of its own"


def test_a_grown_notice_says_how_many_there_are(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    for member in (people.ben, people.chitra, people.host):
        note_event(member, "mark", [people.ana.id], "/posts/2", title="Loud", post_id=2)
        make_notices(SYSTEM)
    page = " ".join(sign_in(people.ana).get("/notices").text.split())
    assert 'Hana Virtanen</b> and 2 others marked your post in <button class="as-link"' in page
    assert "Notices, 1 unread" in page
