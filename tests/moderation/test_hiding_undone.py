"""Undoing that a post was hidden or removed: everything is as before, with what was hidden along with it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.dialogue.queries import first_post, wrong_counts
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import waiting_count
from forum.screening.actions import set_newness
from forum.search.queries import Query, find
from forum.upkeep.queries import checks, faults_of
from tests.conftest import all_rows

REASONS = Reasons("It is advertising.", 2)
# What was decided, what was told and is out of sight, versions of kept pages
BESIDE = {"decision", "event", "notice", "page_version"}
NIGHT = dialogue.NewTopic("question", "A street at night", write("We closed the tramway."))


def opening_alone(people: Any, things: Any) -> Post:
    return first_post(dialogue.open_topic(people.ana, things.agenda.id, NIGHT))


def opening_with_replies(people: Any, things: Any) -> Post:
    topic = dialogue.open_topic(people.ana, things.agenda.id, NIGHT)
    dialogue.reply(people.ben, topic.id, write("Which street?"))
    return first_post(topic)


def opening_by_somebody_new(people: Any, things: Any) -> Post:
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    return opening_with_replies(people, things)


def opening_alone_by_somebody_new(people: Any, things: Any) -> Post:
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    return opening_alone(people, things)


def reply_by_somebody_new(people: Any, things: Any) -> Post:
    topic = dialogue.open_topic(people.ana, things.agenda.id, NIGHT)
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    return dialogue.reply(people.ben, topic.id, write("Which street?"))


def answer(people: Any, things: Any) -> Post:
    topic = dialogue.open_topic(people.ana, things.agenda.id, NIGHT)
    post = dialogue.reply(people.ben, topic.id, write("The one of the tramway."))
    dialogue.choose_answer(people.ana, topic.id, post.id)
    return post


def rows() -> dict[str, list[str]]:
    db.session.flush()
    found = {name: list(found.values()) for name, found in all_rows().items()}
    found["topic_count"] = [row for row in found["topic_count"] if row["number"]]
    return {name: sorted(map(repr, row)) for name, row in found.items() if name not in BESIDE}


POSTS = (
    *(opening_alone, opening_with_replies, opening_by_somebody_new),
    *(opening_alone_by_somebody_new, reply_by_somebody_new, answer),
)


@pytest.mark.parametrize("deed", ["hide", "remove"])
@pytest.mark.parametrize("make", POSTS)
def test_all_is_as_it_was(
    people: Any, things: Any, client: FlaskClient, make: Any, deed: str
) -> None:
    post_id = make(people, things).id
    make_notices(SYSTEM)
    db.session.expunge_all()
    before, waited = rows(), waiting_count(people.moderator)
    found, feed = find(VISITOR, Query("tramway")).texts, client.get("/feeds/all.atom").get_data()
    decision = actions.decide(people.moderator, "post", post_id, deed, REASONS)
    db.session.expunge_all()
    assert rows() != before
    actions.undo(people.moderator, decision.id)
    db.session.expunge_all()
    after = rows()
    assert {name for name in before if before[name] != after[name]} == set()
    assert waiting_count(people.moderator) == waited
    assert find(VISITOR, Query("tramway")).texts == found
    assert client.get("/feeds/all.atom").get_data() == feed
    assert wrong_counts() == [] and not [fault for one in checks() for fault in faults_of(one)]
