"""What happened next after a question, hidden: who reads it, and what its question knows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.advice.models import FollowUp
from forum.advice.queries import follow_up_of
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import get_topic, posts_in
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.moderation import actions
from forum.moderation.queries import get_thing
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.transfer.queries import stories_of
from tests.moderation.attached.conftest import REASONS, WORDS


def test_of_hidden_what_happened_next_nothing_is_left(
    client: Any, people: Any, question: Topic, queries: Any
) -> None:
    bare = client.get(question.address).text
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    assert "What happened next" in client.get(question.address).text
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with queries() as made:
        assert client.get(question.address).text == bare
    assert not [words for words in made.statements if "follow_up." in words]


def test_below_a_hidden_question_its_asker_alone_finds_what_happened_next_and_reads_why(
    client: Any, sign_in: Any, people: Any, question: Topic
) -> None:
    advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    for _number in range(25):
        dialogue.reply(people.ben, question.id, write("Raise the price."))
    asker, entry, hint = sign_in(people.ana), '#next">', "Readers do not see this as long as"
    pages = [question.address, f"{question.address}?page=2"]
    assert all(entry in client.get(page).text for page in pages)
    assert hint not in asker.get(question.address).text
    (opening, *_rest) = posts_in(people.ana, question, 1).items
    actions.decide(people.host, "post", opening.id, "hide", REASONS)
    assert not [page for page in pages if entry in client.get(page).text]
    for reader in (asker, sign_in(people.host)):
        text = reader.get(question.address).text
        assert entry in text and 'id="next"' in text and hint in text


def test_hidden_what_happened_next_is_neither_told_anew_nor_taken_back(
    sign_in: Any, people: Any, question: Topic
) -> None:
    told = advice.follow_up(
        people.ana, question.id, FollowUpText("We shut it.", "not yet tried", WORDS)
    )
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with pytest.raises(Forbidden):
        advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    browser, door = sign_in(people.ana), f"/topics/{question.id}/follow-up"
    assert browser.get(door).status_code == 403
    with at(now() + timedelta(days=200)):
        advice.look_after(SYSTEM)
    make_notices(SYSTEM)
    assert "followup" not in db.session.scalars(select(Notice.kind)).all()
    refused = browser.post(door, data={"take_back": "1"})
    assert refused.status_code == 403 and "You can appeal" in refused.text
    assert 'name="take_back"' not in browser.get(question.address).text
    actions.decide(people.host, "followup", told.id, "restore")
    assert browser.post(door, data={"take_back": "1"}).status_code == 303
    again = advice.follow_up(people.ana, question.id, FollowUpText("We opened it.", "yes"))
    assert again.id > told.id and again.hidden_at is None


def test_a_question_of_which_what_happened_next_is_hidden_is_not_put_into_another(
    people: Any, things: Any, question: Topic
) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with pytest.raises(Invalid):
        actions.merge(people.host, question.id, things.topic.id)


def test_a_hidden_follow_up_is_known_to_its_question(people: Any, question: Topic) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    topic = get_topic(VISITOR, question.id)
    assert topic.followed_up_at is None and topic.follow_up_hidden_at == told.hidden_at
    actions.decide(people.host, "followup", told.id, "restore")
    topic = get_topic(VISITOR, question.id)
    assert topic.followed_up_at == told.told_at and topic.follow_up_hidden_at is None
    assert follow_up_of(topic) == db.session.scalars(select(FollowUp)).one()


def test_what_its_question_does_not_know_of_is_not_told_anywhere(
    client: Any, people: Any, question: Topic
) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    assert stories_of([question.id]) and get_thing(VISITOR, "followup", told.id)
    db.session.execute(update(Topic).values(followed_up_at=None))
    assert not stories_of([question.id])
    for reader in (VISITOR, people.chitra, people.host):
        with pytest.raises(NotFound):
            get_thing(reader, "followup", told.id)
    assert WORDS not in client.get(question.address).text
