"""A submitted practice that is hidden cannot be published by any way, and shows nothing of its discussion."""

from __future__ import annotations

from typing import Any

import pytest

from forum.db import db
from forum.dialogue.actions import reply
from forum.dialogue.models import Topic
from forum.errors import Conflict, Forbidden
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import queue_entries, waiting_count
from forum.search.queries import Query, find
from tests.soundness import faults

REASONS = Reasons("It is rude.", 2)
PATHS = ("/", "/topics", "/agendas/quieter", "/agendas/quieter/topics", "/feeds/all.atom")
PATHS += ("/agendas/quieter/feed.atom", "/practices", "/members/ben-okoth")


def waits(reader: Any) -> bool:
    keys = [line.key for line in queue_entries(reader)]
    assert waiting_count(reader) == len(keys)
    return bool(keys)


def seen(client: Any, words: str) -> list[str]:
    """The places at which a visitor finds a practice, or something that belongs to it."""
    found = [path for path in PATHS if words in client.get(path).text]
    return found + ["search"] * (find(VISITOR, Query("asphalt")).page.total > 0)


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_what_is_hidden_waits_no_more_and_is_not_published(
    client: Any, people: Any, things: Any, sign_in: Any, deed: str
) -> None:
    practice, browser = things.practice, sign_in(people.moderator)
    assert waits(people.moderator)
    actions.decide(people.host, "practice", practice.id, deed, REASONS)
    assert not waits(people.moderator)
    page = browser.get(f"/practices/{practice.slug}").text
    assert "Publish the practice" not in page and "Show the practice again" in page
    answer = browser.post(f"/practices/{practice.slug}/publish")
    assert answer.status_code == 409 and "Show it again first" in answer.text
    assert seen(client, "Quiet asphalt") == []
    opened = browser.get(f"/moderation/practice/{practice.id}").text
    assert 'value="restore"' in opened and 'value="publish"' not in opened
    actions.decide(people.host, "practice", practice.id, "restore")
    assert waits(people.moderator) and seen(client, "Quiet asphalt") == []
    actions.publish(people.host, practice.id)
    assert len(seen(client, "Quiet asphalt")) == len(PATHS) + 1


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_what_waits_again_shows_nothing_of_its_discussion(
    client: Any, people: Any, things: Any, deed: str
) -> None:
    published = actions.publish(people.host, things.practice.id)
    topic_id = db.session.get_one(Practice, things.practice.id).topic_id or 0
    reply(people.ana, topic_id, write("Is asphalt not loud?"))
    actions.undo(people.host, published.id)
    assert seen(client, "Quiet asphalt") == []
    actions.decide(people.host, "practice", things.practice.id, deed, REASONS)
    actions.decide(people.host, "practice", things.practice.id, "restore")
    assert seen(client, "Quiet asphalt") == [] and waits(people.moderator)
    assert client.get(f"/topics/{topic_id}").status_code == 404
    actions.publish(people.host, things.practice.id)
    topic = db.session.get_one(Topic, topic_id, populate_existing=True)
    assert (topic.hidden_at, topic.removed_at) == (None, None)
    assert "Is asphalt not loud?" in client.get(f"/practices/{things.practice.slug}").text


def test_what_was_cleared_away_with_an_advertiser_waits_no_more(
    client: Any, people: Any, things: Any
) -> None:
    actions.clear_spam(people.moderator, people.ben.id)
    assert not waits(people.moderator)
    actions.unsuspend(people.moderator, people.ben.id)
    assert not waits(people.moderator)
    with pytest.raises(Conflict):
        actions.publish(people.moderator, things.practice.id)
    assert seen(client, "Quiet asphalt") == []


def test_its_author_hands_in_nothing_that_is_hidden(people: Any, things: Any, sign_in: Any) -> None:
    actions.send_back(people.host, things.practice.id, REASONS)
    actions.decide(people.host, "practice", things.practice.id, "hide", REASONS)
    page = sign_in(people.ben).get(f"/practices/{things.practice.slug}").text
    assert "A moderator has hidden this practice" in page and "submit again" not in page
    with pytest.raises(Forbidden, match="cannot be submitted"):
        library.submit(people.ben, things.practice.id)


def test_who_is_told_why_a_practice_is_returned_is_told_of_nothing_hidden(
    people: Any, things: Any
) -> None:
    """Also when it had a discussion, because its publication was taken back."""
    practice = things.practice
    published = actions.publish(people.host, practice.id)
    actions.undo(people.host, published.id)
    actions.send_back(people.host, practice.id, REASONS)
    while make_notices(SYSTEM):
        pass
    [notice] = [line for line in inbox(people.ben).page.items if line.kind == "returned"]
    assert notice.text == "It is rude."
    assert faults() == []
