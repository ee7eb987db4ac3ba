"""The same e-mail taken in twice at once becomes one topic or reply and is told of once; so does the same text in two e-mails."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from forum.db import db
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Held, Post, Topic
from forum.mail import actions
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions as members
from tests.races import at_once, meanwhile, own, slowly, who

__all__ = ["own"]  # a fixture


def topic(word: str) -> NewTopic:
    return NewTopic("question", "Who has tried quiet trams?", write(f"Ours are loud. {word}"))


def opening(key: str, word: str = "") -> Any:
    """A function that opens Ana's topic from the message with this key."""
    return lambda: actions.open_by_email(who("ana-prado"), 1, topic(word), key, generation=0)


def slow_opening(key: str, word: str = "") -> Any:
    """Another that holds its locks until the others wait for them."""
    how = {"generation": 0}
    return lambda: slowly(actions.open_by_email, who("ana-prado"), 1, topic(word), key, **how)


def rows(table: Any) -> Any:
    db.session.expire_all()
    return db.session.scalars(select(table)).all()


@pytest.mark.parametrize("other", ["mail-1", "mail-2"], ids=["the same e-mail", "the same text"])
@pytest.mark.parametrize(("word", "table"), [("", Topic), ("casino", Held)])
def test_what_comes_twice_at_once_is_opened_and_told_of_once(
    own: Flask, other: str, word: str, table: Any
) -> None:
    deeds = [slow_opening("mail-1", word), meanwhile(opening(other, word))]
    assert at_once(own, deeds) == ["done", "done"]
    assert len(rows(table)) == len(rows(Delivery)) == 1


@pytest.mark.parametrize(("word", "kind"), [("", "attached"), ("casino", "held")])
def test_an_answer_that_comes_twice_at_once_is_told_of_once(
    own: Flask, word: str, kind: str
) -> None:
    """Both ask before one of them has its topic; what the other has written is seen by who waited for it."""
    at_once(own, [opening("mail-1")])
    db.session.expire_all()
    post_id = db.session.scalars(select(Post.id)).one()
    db.session.execute(delete(Delivery))
    db.session.commit()
    text = write(f"Rubber below the rails. {word}")
    deeds = [
        lambda: slowly(actions.answer, who("ana-prado"), post_id, text, "mail-2", 1),
        meanwhile(lambda: actions.answer(who("ana-prado"), post_id, text, "mail-2", 1)),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    assert [letter.kind for letter in rows(Delivery)] == [kind]


def test_new_addresses_wait_for_no_topic_and_end_the_next(own: Flask) -> None:
    renew = meanwhile(lambda: members.renew_addresses(who("ana-prado")))
    assert at_once(own, [slow_opening("mail-1"), renew]) == ["done", "done"]
    (why,) = at_once(own, [opening("mail-2", "Other words.")])
    assert "new addresses" in why and len(rows(Topic)) == 1
