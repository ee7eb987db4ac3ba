"""Locking and slowing the discussion of a case or practice, from its own page."""

from __future__ import annotations

from typing import Any

import pytest

from forum.dialogue.models import Pace
from forum.dialogue.queries import get_topic
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM

pytestmark = pytest.mark.usefixtures("sound")

WHY = Reasons("It is heated.")
SLOW_FIELDS = {"minutes": "60", "lasts": "lifted", "reason": "It is heated."}
CASE, PRACTICE = "/cases/night-council", "/practices/quiet-asphalt"
pages = pytest.mark.parametrize("address", [CASE, PRACTICE])


@pytest.fixture
def doors(people: Any, things: Any) -> Any:
    """Returns a function: the link on a page to an action about its discussion, `doors(page)("lock")`."""
    actions.publish(people.moderator, things.practice.id)
    ids = {CASE: things.case.topic_id, PRACTICE: things.practice.topic_id}
    return lambda page: lambda deed: f"/topics/{ids[page]}/{deed}"


@pages
@pytest.mark.parametrize(
    ("deed", "undoing", "fields"),
    [("lock", "unlock", {"reason": "It is heated."}), ("slow", "unslow", SLOW_FIELDS)],
)
def test_it_is_locked_or_slowed_and_let_go_from_the_page(
    sign_in: Any,
    people: Any,
    doors: Any,
    address: str,
    deed: str,
    undoing: str,
    fields: dict[str, str],
) -> None:
    browser, door = sign_in(people.host), doors(address)
    page = browser.get(address).text
    assert f'href="{door(deed)}"' in page and door(undoing) not in page
    assert browser.post(door(deed), data=fields).location == address
    page = browser.get(address).text
    assert f'action="{door(undoing)}"' in page and door(deed) not in page
    assert browser.post(door(undoing)).location == address
    assert door(undoing) not in browser.get(address).text


@pages
def test_only_who_moderates_there_finds_it(
    sign_in: Any, people: Any, things: Any, doors: Any, address: str
) -> None:
    for member in (people.host, people.moderator):
        browser = sign_in(member)
        for deed in ("lock", "slow"):
            assert doors(address)(deed) in browser.get(address).text
            assert browser.get(doors(address)(deed)).status_code == 200
    for member in (people.ana, things.other_host):
        browser = sign_in(member)
        for deed in ("lock", "slow"):
            assert doors(address)(deed) not in browser.get(address).text
            assert browser.get(doors(address)(deed)).status_code == 403


def test_nobody_is_offered_what_another_decides(
    sign_in: Any, people: Any, things: Any, doors: Any
) -> None:
    topic_id = things.case.topic_id
    author = get_topic(SYSTEM, topic_id).author
    assert author.id == people.moderator.id
    actions.lock(people.administrator, topic_id, WHY)
    actions.slow(people.administrator, topic_id, Pace(60), WHY)
    page, door = sign_in(author).get(CASE).text, doors(CASE)
    assert page.count("It is your own, so another moderator decides about it.") == 2
    assert door("unlock") not in page and door("unslow") not in page
    assert door("unlock") in sign_in(people.host).get(CASE).text


@pages
def test_it_takes_no_statement(
    sign_in: Any, people: Any, things: Any, doors: Any, queries: Any, address: str
) -> None:
    """Also for a discussion that is locked and slow, unless the page is the moderator's own."""
    browser = sign_in(people.host)

    def statements() -> int:
        browser.get(address)  # fills the caches
        with queries() as made:
            browser.get(address)
        return made.count

    before = statements()
    topic_id = things.case.topic_id if address == CASE else things.practice.topic_id
    actions.lock(people.administrator, topic_id, WHY)
    actions.slow(people.administrator, topic_id, Pace(60), WHY)
    assert statements() <= before
