"""Undoing that a post was hidden or removed: everything is as before, with what was hidden along with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import REVERSED
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.dialogue.queries import first_post, get_topic, wrong_counts
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import waiting_count
from forum.screening.actions import set_newness
from forum.search.queries import Query, find
from tests.datasets import all_rows
from tests.moderation.conftest import undo
from tests.soundness import faults

REASONS = Reasons("It is advertising.", 2)
# Tables that may differ: decisions, hidden notices and their events, versions of cached pages
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
def test_after_undoing_a_hiding_all_is_as_it_was(
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
    assert wrong_counts() == [] and not faults()


@pytest.mark.parametrize("make", POSTS)
def test_after_undoing_a_clearing_all_is_as_it_was(people: Any, things: Any, make: Any) -> None:
    post = make(people, things)
    make_notices(SYSTEM)
    author_id = post.author_id
    db.session.expunge_all()
    before, waited = rows(), waiting_count(people.moderator)
    decision = actions.clear_spam(people.moderator, author_id)
    actions.undo(people.moderator, decision.id)
    db.session.expunge_all()
    after = rows()
    assert {name for name in before if before[name] != after[name]} == set()
    assert waiting_count(people.moderator) == waited
    assert wrong_counts() == [] and not faults()


# What has happened to the question meanwhile


def nothing(_people: Any, _topic_id: int) -> None:
    pass


def of_another_kind(people: Any, topic_id: int) -> None:
    actions.change_kind(people.administrator, topic_id, "experience")


def of_another_kind_and_back(people: Any, topic_id: int) -> None:
    of_another_kind(people, topic_id)
    actions.change_kind(people.administrator, topic_id, "question")


def answered_by_another(people: Any, topic_id: int) -> None:
    other = dialogue.reply(people.chitra, topic_id, write("The one of the bus."))
    dialogue.choose_answer(people.ana, topic_id, other.id)


def _merge(people: Any, topic_id: int, kind: str) -> None:
    agenda_id = get_topic(SYSTEM, topic_id).agenda_id
    new = dialogue.NewTopic(kind, "Trams", write("Where do they run?"))
    target = dialogue.open_topic(people.chitra, agenda_id, new)
    actions.merge(people.administrator, topic_id, target.id)


def in_another_question(people: Any, topic_id: int) -> None:
    _merge(people, topic_id, "question")


def in_an_experience(people: Any, topic_id: int) -> None:
    _merge(people, topic_id, "experience")


def in_another_question_and_back(people: Any, topic_id: int) -> None:
    in_another_question(people, topic_id)
    undo(people.administrator)


MEANWHILE: dict[Callable[[Any, int], None], bool] = {
    nothing: True,
    of_another_kind: False,
    of_another_kind_and_back: True,
    answered_by_another: False,
    in_another_question: False,
    in_an_experience: False,
    in_another_question_and_back: True,
}


def reverse_by_undoing(people: Any, _decision_id: int) -> None:
    undo(people.host)


def reverse_by_appeal(people: Any, decision_id: int) -> None:
    made = appeal(people.ben, decision_id, "It is right.")
    decide_appeal(people.moderator, made.id, REVERSED, "You are right.")


def shown_and_chosen(post_id: int) -> tuple[bool, bool]:
    """Whether a post is shown, and whether it is the answer of its present topic; checks that `flask check` finds no faults."""
    db.session.expunge_all()
    post = db.session.get_one(Post, post_id)
    assert wrong_counts() == [] and not faults()
    return post.hidden_at is None, get_topic(SYSTEM, post.topic_id).answer_id == post.id


@pytest.mark.parametrize("reverse", [reverse_by_undoing, reverse_by_appeal])
@pytest.mark.parametrize("happens", MEANWHILE)
def test_it_is_the_answer_again_where_it_was_chosen(
    people: Any, things: Any, happens: Any, reverse: Any
) -> None:
    post = answer(people, things)
    decision = actions.decide(people.host, "post", post.id, "hide", REASONS)
    happens(people, post.topic_id)
    reverse(people, decision.id)
    assert shown_and_chosen(post.id) == (True, MEANWHILE[happens])


@pytest.mark.parametrize("reverse", [reverse_by_undoing, reverse_by_appeal])
def test_the_answer_of_a_part_that_is_no_topic_any_more_is_none_in_the_whole(
    people: Any, things: Any, reverse: Any
) -> None:
    question = dialogue.open_topic(people.ana, things.agenda.id, NIGHT)
    first, post = (
        dialogue.reply(people.ben, question.id, write(words)) for words in ("Where?", "Here.")
    )
    part = dialogue.SplitTarget("Where?", "question", things.agenda.id)
    actions.split(people.administrator, question.id, [first.id, post.id], part)
    dialogue.choose_answer(people.administrator, post.topic_id, post.id)
    decision = actions.decide(people.host, "post", post.id, "hide", REASONS)
    undo(people.administrator)
    assert post.topic_id == question.id
    reverse(people, decision.id)
    assert shown_and_chosen(post.id) == (True, False)


def test_what_opens_a_question_is_never_its_answer(people: Any, things: Any) -> None:
    post = opening_with_replies(people, things)
    dialogue.restore_answer(people.host, post.topic_id, post.id, None)
    assert get_topic(SYSTEM, post.topic_id).answer_id is None
