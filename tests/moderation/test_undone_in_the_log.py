"""The log says of each reversed decision when that was, and links to the decision that reversed it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import REVERSED
from forum.db import db
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import decision_log, undoings_of
from tests.moderation.conftest import undo

pytestmark = pytest.mark.usefixtures("sound")
REASONS = Reasons("It is rude.", 2)


def row_of(page: str, decision_id: int) -> str:
    """The HTML of one decision's row in the log."""
    rows = unescape(page).split("<tr>")
    return next(
        row
        for row in rows
        if f'<th scope="row"><a href="/moderation/decisions/{decision_id}"' in row
    )


def test_a_line_that_was_taken_back_leads_to_the_line_that_did_so(
    people: Any, things: Any, sign_in: Any
) -> None:
    locked = actions.lock(people.moderator, things.topic.id, REASONS)
    undone = undo(people.moderator)
    pinned = actions.pin(people.moderator, things.topic.id)
    browser = sign_in(people.moderator)
    log = browser.get("/moderation/log").text
    assert "Taken back on" in row_of(log, locked.id)
    assert f'href="/moderation/decisions/{undone.id}"' in row_of(log, locked.id)
    for other in (undone, pinned):
        assert "Taken back on" not in row_of(log, other.id)
    page = browser.get(f"/moderation/decisions/{locked.id}").text
    assert "This decision no longer holds." in page
    assert f'href="/moderation/decisions/{undone.id}">Taken back on' in page
    # Also a decision that restricted nobody
    undo(people.moderator)
    assert "Taken back on" in browser.get(f"/moderation/decisions/{pinned.id}").text


def test_what_an_appeal_has_overturned_says_so(people: Any, things: Any, sign_in: Any) -> None:
    hidden = actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    asked = appeal(db.session.merge(people.ben), hidden.id, "It is not rude.")
    decide_appeal(people.administrator, asked.id, REVERSED, "It is not.")
    reversal = undoings_of([hidden])[hidden.id]
    log = sign_in(people.administrator).get("/moderation/log").text
    assert "Reversed after an appeal on" in row_of(log, hidden.id)
    assert f'href="/moderation/decisions/{reversal.id}"' in row_of(log, hidden.id)
    # The author sees it, too
    page = sign_in(people.ben).get(f"/moderation/decisions/{hidden.id}").text
    assert f'href="/moderation/decisions/{reversal.id}">Reversed after an appeal on' in page


def test_all_lines_of_a_page_cost_one_statement(people: Any, things: Any, queries: Any) -> None:
    assert undoings_of([]) == {}
    for _turn in range(3):
        actions.pin(people.moderator, things.topic.id)
        undo(people.moderator)
    lines = decision_log(people.moderator).items
    with queries() as made:
        assert len(undoings_of(lines)) == 3
    assert made.count == 1


def test_a_host_reads_that_it_was_taken_back_where_the_host_may_not_look(
    people: Any, things: Any, sign_in: Any
) -> None:
    moved = actions.move(people.moderator, things.topic.id, things.other.id)
    hidden = actions.decide(people.moderator, "topic", things.topic.id, "hide", REASONS)
    undone = undo(people.moderator)
    log = sign_in(things.other_host).get("/moderation/log").text
    assert f'href="/moderation/decisions/{undone.id}"' in row_of(log, hidden.id)
    assert f"/moderation/decisions/{moved.id}" not in log
