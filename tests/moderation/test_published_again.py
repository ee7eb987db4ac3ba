"""A practice whose publication was undone may be changed before it is published again: its discussion follows."""

from __future__ import annotations

from typing import Any

import pytest

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.library.actions import PracticeText, submit, write_practice
from forum.library.models import Practice
from forum.moderation import actions
from forum.moderation.actions import Reasons


def discussion(things: Any) -> tuple[Topic, Post]:
    practice = db.session.get_one(Practice, things.practice.id, populate_existing=True)
    topic = db.session.get_one(Topic, practice.topic_id, populate_existing=True)
    post = db.session.scalars(db.select(Post).where(Post.topic_id == topic.id)).one()
    return topic, post


@pytest.mark.parametrize("is_returned", [False, True])
def test_what_was_changed_meanwhile_is_changed_in_its_discussion(
    people: Any, things: Any, is_returned: bool
) -> None:
    made = actions.publish(people.moderator, things.practice.id)
    actions.undo(people.moderator, made.id)
    if is_returned:
        actions.send_back(people.moderator, things.practice.id, Reasons("Say less."))
    text = PracticeText(title="Soft asphalt", sentence="It is softer.", audience="members")
    write_practice(people.ben, things.agenda.id, text, things.practice.id)
    if is_returned:
        submit(people.ben, things.practice.id)
    actions.publish(people.moderator, things.practice.id)
    topic, post = discussion(things)
    assert (topic.title, topic.audience, topic.hidden_at) == ("Soft asphalt", "members", None)
    assert post.source == "It is softer."


def test_moved_meanwhile_its_discussion_is_there_too(people: Any, things: Any) -> None:
    made = actions.publish(people.moderator, things.practice.id)
    actions.undo(people.moderator, made.id)
    text = PracticeText(title="Quiet asphalt", sentence="It is quieter.")
    write_practice(people.moderator, things.other.id, text, things.practice.id)
    actions.publish(people.moderator, things.practice.id)
    topic, _post = discussion(things)
    assert (topic.agenda_id, topic.hidden_at) == (things.other.id, None)
