"""Notices about entries of the queue that no longer exist lead to a page that says so and leads back to the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forum.advice import actions as advice
from forum.advice.models import FollowUp
from forum.candidates.actions import approve, refuse
from forum.claims.models import queue_path
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import TRIED, Held, Post
from forum.dialogue.queries import get_post, mark_given
from forum.library import actions as library
from forum.mail.queries import queue_content
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.moderation import actions as moderation
from forum.permissions import SYSTEM, VISITOR
from forum.queue.commands import tell_overdue
from forum.queue.queries import KINDS, queue_entries
from forum.screening import actions as screening
from tests.queue.test_notices import candidate, first_post, follow_up, held, notices_about

GONE = "Nothing waits for a decision here"
NEVER_WAS = 4711


def first_topic_deleted(people: Any, things: Any) -> Post:
    """The first topic of a new member, deleted by its author before a moderator looked at it."""
    screening.set_newness(SYSTEM, days=30, posts=1, first_posts=1)
    new = members.join(VISITOR, Joining("Nora Lind", "nora@city.example", "no hash"))
    opened = dialogue.NewTopic("experience", "I am new here", write("Good evening."))
    topic = dialogue.open_topic(new, things.agenda.id, opened)
    post = db.session.scalars(db.select(Post).where(Post.topic_id == topic.id)).one()
    assert notices_about(("post", post.id))
    return dialogue.delete(new, post.id)


def post_deleted(people: Any, things: Any) -> int:
    return first_topic_deleted(people, things).id


def topic_deleted(people: Any, things: Any) -> int:
    return first_topic_deleted(people, things).topic_id


def practice_deleted(people: Any, things: Any) -> int:
    return library.delete_practice(people.ben, things.practice.id).id


def tried(people: Any, things: Any) -> int:
    dialogue.mark(people.ana, things.first.id, TRIED, "stopped", "Only fools.")
    given = mark_given(people.ana, things.first.id, TRIED)
    assert given
    return given.id


def mark_taken_back(people: Any, things: Any) -> int:
    given = tried(people, things)
    dialogue.unmark(people.ana, things.first.id, TRIED)
    return given


def follow_up_withdrawn(people: Any, things: Any) -> int:
    told = follow_up(people, things)
    (topic_id,) = db.session.scalars(db.select(FollowUp.topic_id))
    moderation.report(people.chitra, "followup", told, "rules")
    moderation.decide(people.host, "followup", told, "keep")
    advice.withdraw_follow_up(people.ana, topic_id)
    return told


def held_taken_back(people: Any, things: Any) -> int:
    item_id = held(people, things)
    dialogue.take_back(people.ana, item_id)
    return item_id


def held_published(people: Any, things: Any) -> int:
    item_id = held(people, things)
    moderation.approve(
        people.moderator, item_id, read=db.session.get_one(Held, item_id).fingerprint
    )
    return item_id


def candidate_refused(people: Any, things: Any) -> int:
    item_id = candidate(people, things)
    refuse(people.administrator, item_id, "Who are you?")
    return item_id


def candidate_let_in(people: Any, things: Any) -> int:
    item_id = candidate(people, things)
    approve(people.administrator, item_id)
    return item_id


Ending = tuple[str, Callable[[Any, Any], int]]
ENDINGS: list[Ending] = [
    ("post", post_deleted),
    ("topic", topic_deleted),
    ("practice", practice_deleted),
    ("mark", mark_taken_back),
    ("followup", follow_up_withdrawn),
    ("held", held_taken_back),
    ("held", held_published),
    ("candidate", candidate_refused),
    ("candidate", candidate_let_in),
    *((kind, lambda _people, _things: NEVER_WAS) for kind in KINDS),
]


@pytest.mark.parametrize(("kind", "ending"), ENDINGS)
def test_a_page_says_that_nothing_waits_there_any_more(
    sign_in: Any, people: Any, things: Any, kind: str, ending: Callable[[Any, Any], int]
) -> None:
    key = kind, ending(people, things)
    assert notices_about(key) == [], "nothing waits in the inbox, either"
    answer = sign_in(people.moderator).get(queue_path(*key))
    assert answer.status_code == 200 and GONE in answer.text
    assert 'href="/moderation"' in answer.text and f"{queue_path(*key)}/decide" not in answer.text
    # For these kinds, the content of an e-mail is read from the waiting rows
    if kind != "candidate":
        assert not queue_content(people.moderator, queue_path(*key)), "nor is it mailed"


@pytest.mark.parametrize("kind", KINDS)
def test_who_moderates_nothing_learns_nothing(
    sign_in: Any, people: Any, things: Any, kind: str
) -> None:
    for reader in (people.ana, things.other_host):
        answer = sign_in(reader).get(queue_path(kind, NEVER_WAS))
        is_refused = reader is people.ana or kind in ("candidate", "proposal")
        assert answer.status_code == (403 if is_refused else 200)
        assert is_refused == (GONE not in answer.text)


def test_a_host_is_told_the_same_of_what_is_gone_elsewhere(
    sign_in: Any, people: Any, things: Any
) -> None:
    item_id = post_deleted(people, things)
    browser = sign_in(things.other_host)
    pages = [browser.get(queue_path("post", post_id)).text for post_id in (item_id, NEVER_WAS)]
    assert all(GONE in page for page in pages) and "Nora" not in pages[0]


def test_an_unknown_kind_is_no_address(sign_in: Any, people: Any, things: Any) -> None:
    assert sign_in(people.moderator).get("/moderation/casino/1").status_code == 404


def test_what_was_overdue_when_its_author_deleted_it_waits_in_no_inbox(
    people: Any, things: Any
) -> None:
    key = "post", first_post(people, things)
    with at(now() + timedelta(hours=49)):
        tell_overdue(SYSTEM)
        assert "urgent" in {notice.kind for notice in notices_about(key)}
        post = get_post(SYSTEM, key[1])
        dialogue.delete(post.author, post.id)
        tell_overdue(SYSTEM)
        assert notices_about(key) == []


def reported_post(people: Any, things: Any) -> int:
    post = dialogue.reply(people.ben, things.topic.id, write("Only fools cycle."))
    moderation.report(people.chitra, "post", post.id, "rules")
    dialogue.delete(people.ben, post.id)
    return int(post.id)


def reported_practice(people: Any, things: Any) -> int:
    practice = library.publish(people.moderator, things.practice.id)
    moderation.report(people.chitra, "practice", practice.id, "rules")
    return library.delete_practice(people.ben, practice.id).id


def reported_mark(people: Any, things: Any) -> int:
    given = tried(people, things)
    moderation.report(people.chitra, "mark", given, "rules")
    dialogue.unmark(people.ana, things.first.id, TRIED)
    return given


def reported_follow_up(people: Any, things: Any) -> int:
    told = follow_up(people, things)
    (topic_id,) = db.session.scalars(db.select(FollowUp.topic_id))
    moderation.report(people.chitra, "followup", told, "rules")
    advice.withdraw_follow_up(people.ana, topic_id)
    return told


@pytest.mark.parametrize(
    "gone", [reported_post, reported_practice, reported_mark, reported_follow_up]
)
def test_what_was_reported_and_is_deleted_waits_for_a_look_and_can_be_kept(
    sign_in: Any, people: Any, things: Any, gone: Callable[[Any, Any], int]
) -> None:
    kind = gone.__name__.removeprefix("reported_").replace("_", "")
    key = kind, gone(people, things)
    browser = sign_in(people.moderator)
    page = browser.get(queue_path(*key))
    assert page.status_code == 200 and 'value="keep"' in page.text
    if kind != "practice":
        library.publish(people.moderator, things.practice.id)
    assert [entry.key for entry in queue_entries(people.moderator)] == [key]
    assert 'value="keep"' in browser.get("/moderation").text, "the list opens its first entry"
    moderation.decide(people.moderator, *key, "keep")
    assert not queue_entries(people.moderator)
    assert "Nothing is waiting" in browser.get("/moderation").text
