"""A topic is hidden exactly as long as all its posts are, whatever is decided and undone meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum.appeals.actions import appeal, decide_appeal
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import TopicFilter, counts_by_agenda, first_post, topics
from forum.errors import Conflict
from forum.markup import write
from forum.members.models import Member
from forum.moderation import actions
from forum.moderation.actions import NO_REASONS, Reasons
from forum.moderation.queries import review_context
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from tests.moderation.conftest import split, undo
from tests.soundness import faults

REASONS = Reasons("It is rude.", 2)


@pytest.fixture
def topic(people: Any, things: Any) -> Topic:
    """A topic by Ana that has only her post."""
    new = dialogue.NewTopic("experience", "A street at night", write("We closed it."))
    return dialogue.open_topic(people.ana, things.agenda.id, new)


def state(topic: Topic) -> str:
    now = db.session.get_one(Topic, topic.id, populate_existing=True)
    if now.deleted_at:
        return "deleted"
    said = "removed" if now.removed_at else "hidden" if now.hidden_at else "shown"
    return f"{said} as empty" if now.emptied_at else said


def post(topic: Topic) -> Post:
    return first_post(topic)


def hide_post(people: Any, topic: Topic) -> Any:
    decision = actions.decide(people.moderator, "post", post(topic).id, "hide", REASONS)
    assert state(topic) == "hidden as empty"
    return decision


def restore_post(people: Any, topic: Topic) -> None:
    actions.decide(people.moderator, "post", post(topic).id, "restore")


def test_its_removal_undone_it_comes_back_with_its_post(people: Any, topic: Topic) -> None:
    hide_post(people, topic)
    removal = actions.decide(people.moderator, "topic", topic.id, "remove", REASONS)
    assert state(topic) == "removed"
    actions.undo(people.moderator, removal.id)
    assert state(topic) == "hidden as empty"
    restore_post(people, topic)
    assert state(topic) == "shown"


@pytest.mark.parametrize("is_post_first", [True, False])
def test_two_appeals_that_are_right_bring_it_back(
    people: Any, topic: Topic, is_post_first: bool
) -> None:
    hiding = hide_post(people, topic)
    removal = actions.decide(people.moderator, "topic", topic.id, "remove", REASONS)
    asked = [appeal(people.ana, decision.id, "Why?") for decision in (hiding, removal)]
    for sent in asked if is_post_first else reversed(asked):
        decide_appeal(people.administrator, sent.id, "reversed", "It was not.")
    assert state(topic) == "shown" and not post(topic).is_gone


def test_what_is_hidden_for_itself_is_empty_once_that_is_undone(people: Any, topic: Topic) -> None:
    hiding = actions.decide(people.moderator, "topic", topic.id, "hide", REASONS)
    actions.decide(people.moderator, "post", post(topic).id, "hide", REASONS)
    assert state(topic) == "hidden"
    actions.reverse(people.administrator, hiding.id, "It was not.", is_told=True)
    assert state(topic) == "hidden as empty"
    restore_post(people, topic)
    assert state(topic) == "shown"


def test_what_was_removed_for_itself_and_shown_as_empty_is_removed_again(
    people: Any, topic: Topic
) -> None:
    actions.decide(people.moderator, "topic", topic.id, "remove", REASONS)
    actions.decide(people.moderator, "post", post(topic).id, "hide", REASONS)
    restoring = actions.decide(people.moderator, "topic", topic.id, "restore")
    assert state(topic) == "hidden as empty"
    actions.undo(people.moderator, restoring.id)
    assert state(topic) == "removed"


def test_what_its_author_deleted_is_not_said_to_be_hidden_by_the_moderators(
    people: Any, topic: Topic, app: Flask, sign_in: Any
) -> None:
    reply = dialogue.reply(people.ben, topic.id, write("A rude reply."))
    actions.decide(people.moderator, "post", reply.id, "hide", REASONS)
    dialogue.delete(people.ana, post(topic).id)
    assert state(topic) == "hidden as empty"
    for reader in (app.test_client(), sign_in(people.ben)):
        page = reader.get(topic.address)
        assert page.status_code == 404 and "moderators have hidden" not in page.text
    assert db.session.get_one(Topic, topic.id).hidden_reason == ""
    actions.decide(people.moderator, "post", reply.id, "restore")
    assert state(topic) == "shown"


def test_of_what_the_moderators_hid_readers_are_told(people: Any, topic: Topic, app: Flask) -> None:
    hide_post(people, topic)
    page = app.test_client().get(topic.address)
    assert page.status_code == 404 and "The moderators have hidden this topic." in page.text


def test_a_post_is_restored_and_not_the_topic_without_one(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    hide_post(people, topic)
    moderator = sign_in(people.moderator)
    page = moderator.get(topic.address).text
    assert "as long as none of its posts is shown" in page
    assert "Show the topic again" not in page and "Show again" in page
    assert review_context(people.moderator, "topic", topic.id).deeds == ["remove"]
    with pytest.raises(Conflict, match="Show one of them again"):
        actions.decide(people.moderator, "topic", topic.id, "restore")
    assert state(topic) == "hidden as empty"


@pytest.mark.parametrize("is_one_hidden", [True, False])
def test_of_what_is_split_off_nothing_is_left_until_that_is_undone(
    people: Any, topic: Topic, is_one_hidden: bool
) -> None:
    rude = dialogue.reply(people.ben, topic.id, write("A rude reply."))
    kind = dialogue.reply(people.chitra, topic.id, write("A kind reply."))
    if is_one_hidden:
        actions.decide(people.moderator, "post", rude.id, "hide", REASONS)
    else:
        dialogue.delete(people.ben, rude.id)
    dialogue.delete(people.ana, post(topic).id)
    before = counts(topic, people.chitra)
    part = dialogue.SplitTarget("A kind one", "experience", topic.agenda_id)
    decision = actions.split(people.moderator, topic.id, [kind.id], part)
    assert state(topic) == "hidden as empty"
    assert counts(topic, people.chitra) == before
    listed = [line.title for line in topics(VISITOR, TopicFilter()).items]
    assert "A kind one" in listed and topic.title not in listed
    require_sound()
    actions.undo(people.moderator, decision.id)
    assert state(topic) == "shown" and counts(topic, people.chitra) == before
    listed = [line.title for line in topics(VISITOR, TopicFilter()).items]
    assert "A kind one" not in listed and topic.title in listed
    require_sound()


def counts(topic: Topic, member: Member) -> tuple[int, int]:
    db.session.expire_all()
    shown = counts_by_agenda(VISITOR).get(topic.agenda_id, 0)
    return shown, db.session.get_one(Member, member.id).posts_count


def require_sound() -> None:
    make_notices(SYSTEM)
    assert faults() == []


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_what_is_emptied_by_a_split_says_no_more_than_the_post_that_opened_it(
    client: Any, people: Any, things: Any, deed: str
) -> None:
    opening = first_post(things.topic)
    actions.decide(people.host, "post", opening.id, deed, REASONS)
    split(people.host, things, things.first, things.second)
    assert state(things.topic) == ("hidden as empty" if deed == "hide" else "removed as empty")
    answer = client.get(things.topic.address)
    assert answer.status_code == 404
    assert ("The moderators have hidden this topic." in answer.text) == (deed == "hide")
    emptied = db.session.get_one(Topic, things.topic.id)
    assert emptied.hidden_reason == db.session.get_one(Post, opening.id).hidden_reason != ""
    undo(people.host)
    assert client.get(things.topic.address).status_code == 200


def test_one_from_which_all_was_split_off_is_not_deleted_by_showing_it_again(
    people: Any, things: Any
) -> None:
    """Its first post is deleted, and the others are elsewhere; its address goes on leading moderators there."""
    dialogue.delete(people.ana, first_post(things.topic).id)
    split(people.moderator, things, things.first, things.second)
    assert state(things.topic) == "hidden as empty"
    decision = actions.decide(people.host, "topic", things.topic.id, "remove", REASONS)
    actions.undo(people.host, decision.id)
    assert state(things.topic) == "hidden as empty"
    with pytest.raises(Conflict, match="Nothing of it is left to be shown"):
        actions.decide(people.host, "topic", things.topic.id, "restore", NO_REASONS)
    assert faults() == []


def test_one_whose_posts_are_hidden_comes_back_with_one_of_them(people: Any, things: Any) -> None:
    for post in (first_post(things.topic), things.first, things.second):
        actions.decide(people.host, "post", post.id, "hide", REASONS)
    with pytest.raises(Conflict, match="Show one of them again"):
        actions.decide(people.host, "topic", things.topic.id, "restore", NO_REASONS)
