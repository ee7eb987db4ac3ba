"""Several people act on a held text at the same moment: it is published once, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import held as waiting
from forum.dialogue.models import Held, Post
from forum.markup import write
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.races import (
    a_topic,
    at_once,
    let_others_come,
    lock_one_after_the_other,
    meanwhile,
    own,
    slowly,
    who,
)

__all__ = ["own"]


def number_of(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_it_is_approved_or_taken_back_and_once(own: Flask) -> None:
    topic_id = a_topic()
    for number in range(4):
        held = dialogue.reply(who("ana-prado"), topic_id, write(f"A casino of {number}."))
        held_id = held.id
        db.session.remove()
        before = number_of(Post)
        said = at_once(
            own,
            [
                lambda n=held_id: moderation.approve(who("mona-berg"), n),
                lambda n=held_id: moderation.approve(who("adam-de-wit"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
            ],
        )
        assert said.count("done") == 1, said
        db.session.remove()
        is_published = "done" in said[:2]
        assert number_of(Post) - before == is_published
        assert who("ana-prado").waiting_count == 0


def test_a_form_that_is_sent_several_times_at_once_waits_once(own: Flask) -> None:
    topic_id = a_topic()
    db.session.remove()
    send = [
        lambda: dialogue.reply(who("ana-prado"), topic_id, write("A casino."), "the key")
        for _time in range(4)
    ]
    said = at_once(own, send)
    assert "done" in said and number_of(Held) == 1, said
    assert who("ana-prado").waiting_count == 1


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moderator's action has locked a held text, let the other action go on until it waits for a lock."""
    asked = waiting._verdict_on

    def slowly(*whom: Any) -> Any:
        let_others_come()
        return asked(*whom)

    monkeypatch.setattr(waiting, "_verdict_on", slowly)


def test_a_post_is_deleted_while_a_change_of_it_is_approved(own: Flask, slow: None) -> None:
    post = dialogue.reply(who("ana-prado"), a_topic(), write("A word."))
    held = dialogue.edit(who("ana-prado"), post.id, write("A casino."))
    post_id, held_id = post.id, held.id
    db.session.remove()

    def delete() -> None:
        dialogue.delete(who("ana-prado"), post_id)

    approve = lambda: moderation.approve(who("mona-berg"), held_id)  # noqa: E731
    said = at_once(own, [approve, meanwhile(delete)])
    assert said == ["done", "done"]
    deleted = db.session.get_one(Post, post_id)
    assert deleted.deleted_at is not None and deleted.source == ""
    assert who("ana-prado").waiting_count == 0


def test_a_topic_is_merged_while_a_reply_that_waits_in_it_appears(own: Flask, slow: None) -> None:
    topic_id, other_id = a_topic(), a_topic()
    held_id = dialogue.reply(who("ana-prado"), topic_id, write("A casino.")).id
    db.session.remove()

    def merge() -> None:
        dialogue.merge(who("mona-berg"), topic_id, other_id)

    approve = lambda: dialogue.approve(who("adam-de-wit"), held_id)  # noqa: E731
    said = at_once(own, [approve, meanwhile(merge)])
    assert said == ["done", "done"]
    became = db.session.get_one(Post, db.session.get_one(Held, held_id).became_id)
    assert became.topic_id == other_id


@pytest.mark.parametrize(
    "approve", [dialogue.approve, moderation.approve], ids=["the text", "by a decision"]
)
def test_who_approves_lets_go_of_a_topic_that_was_merged_while_they_waited(
    own: Flask, approve: Any
) -> None:
    """By then somebody has the other topic and waits for this one; a moderator's decision locks more than the text."""
    to, left = a_topic(), a_topic()
    held_id = dialogue.reply(who("ana-prado"), left, write("A casino.")).id
    db.session.remove()
    said = at_once(
        own,
        [
            lambda: slowly(dialogue.merge, who("mona-berg"), left, to),
            meanwhile(lambda: approve(who("adam-de-wit"), held_id)),
            meanwhile(lambda: lock_one_after_the_other(SYSTEM, to, left)),
        ],
    )
    assert said == ["done"] * 3
    became = db.session.get_one(Post, db.session.get_one(Held, held_id).became_id)
    assert became.topic_id == to


def test_a_text_is_refused_while_its_author_takes_it_back(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lock the text before its notices; otherwise they would wait for each other."""
    topic_id = a_topic()
    held_id = dialogue.reply(who("ana-prado"), topic_id, write("A casino.")).id
    while make_notices(SYSTEM):
        pass
    db.session.remove()
    refuse, reasons = waiting.refuse, Reasons("It advertises.", 2)

    def refuse_slowly(*told: Any, **more: Any) -> Any:
        let_others_come()
        return refuse(*told, **more)

    monkeypatch.setattr(dialogue, "refuse", refuse_slowly)
    said = at_once(
        own,
        [
            lambda: moderation.refuse(who("mona-berg"), held_id, reasons),
            meanwhile(lambda: dialogue.take_back(who("ana-prado"), held_id)),
        ],
    )
    assert said == ["done"] * 2
    assert number_of(Held) == 0 and who("ana-prado").waiting_count == 0
