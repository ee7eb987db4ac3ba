"""When a question is hidden, so is what requests for advice quote of it, also in notices that do not name the post."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from forum.advice import actions
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post
from forum.errors import Forbidden, Invalid
from forum.markup import write
from forum.members.models import Member
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from forum.upkeep.queries import checks, faults_of
from tests.advice.conftest import Question


@pytest.fixture
def asked(people: Any, question: Question) -> Topic:
    """Ana's question; Ben was asked for advice about it."""
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    return question.topic


def told(member: Member) -> list[str]:
    """What a member's requests for advice quote."""
    while make_notices(SYSTEM):
        pass
    return [notice.text for notice in inbox(member).page.items if notice.kind == "advice"]


def answered_and_asked(people: Any, asked: Topic, is_early: bool) -> Post:
    """The first post of a question with a reply and a request for advice; with `is_early`, stored as in the first version."""
    dialogue.reply(people.chitra, asked.id, write("Nobody knows."))
    assert told(people.ben)
    if is_early:
        for model in (Event, Notice):
            db.session.execute(update(model).where(model.kind == "advice").values(post_id=None))
        db.session.commit()
    return first_post(asked)


@pytest.mark.parametrize("is_early", [False, True])
def test_a_hidden_first_post_takes_the_request_for_advice_along(
    people: Any, asked: Topic, is_early: bool
) -> None:
    post = answered_and_asked(people, asked, is_early)
    dialogue.hide(people.moderator, post.id, "Rude.")
    assert told(people.ben) == []
    dialogue.hide_topic(people.moderator, asked.id)
    dialogue.restore_topic(people.moderator, asked.id)
    for kind in ("experience", "question"):
        dialogue.change_kind(people.moderator, asked.id, kind)
        assert told(people.ben) == [], "what it quotes is hidden still"
    dialogue.change_kind(people.moderator, asked.id, "experience")
    dialogue.restore(people.moderator, post.id)
    assert told(people.ben) == [], "it is no question"
    dialogue.change_kind(people.moderator, asked.id, "question")
    assert told(people.ben)
    dialogue.hide(people.moderator, post.id, "Rude.")
    dialogue.restore(people.moderator, post.id)
    assert told(people.ben)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_nobody_is_asked_about_a_text_that_is_not_shown(
    people: Any, asked: Topic, sign_in: Any, is_deleted: bool
) -> None:
    """A request is hidden with the text, and would tell of it otherwise."""
    post = answered_and_asked(people, asked, is_early=False)
    if is_deleted:
        dialogue.delete(people.ana, post.id)
    else:
        dialogue.hide(people.moderator, post.id, "Rude.")
    with pytest.raises(Forbidden, match="not shown"):
        actions.ask(people.ana, asked.id, [people.chitra.handle])
    with pytest.raises(Invalid, match="not shown"):
        actions.pass_on(people.ben, asked.id, people.chitra.handle)
    page = sign_in(people.ana).get(f"/topics/{asked.id}/ask").text
    assert "so nobody can be asked about it." in page and 'name="asked"' not in page
    assert not [str(fault) for check in checks() for fault in faults_of(check)]


@pytest.mark.parametrize("is_early", [False, True])
def test_a_deleted_first_post_takes_the_request_for_advice_along(
    people: Any, asked: Topic, is_early: bool
) -> None:
    dialogue.delete(people.ana, answered_and_asked(people, asked, is_early).id)
    assert told(people.ben) == []


def test_an_early_request_for_advice_that_shows_what_is_hidden_is_found_and_mended(
    people: Any, asked: Topic
) -> None:
    post = answered_and_asked(people, asked, True)
    (check,) = (check for check in checks() if check.name == "notices about what is hidden")
    assert not list(faults_of(check))
    dialogue.hide(people.moderator, post.id, "Rude.")
    db.session.execute(update(Notice).values(hidden_at=None))
    db.session.commit()
    assert told(people.ben) and list(faults_of(check))
    dialogue.mend_notices(SYSTEM, [asked.id], [])
    assert told(people.ben) == [] and not list(faults_of(check))


def test_a_request_for_advice_whose_question_is_a_reply_by_now_quotes_that(
    people: Any, question: Question, asked: Topic
) -> None:
    post = answered_and_asked(people, asked, False)
    other = dialogue.NewTopic("question", "Another one", write("Text."))
    target = dialogue.open_topic(people.chitra, question.agenda.id, other)
    dialogue.merge(people.moderator, asked.id, target.id)
    dialogue.reword(
        SYSTEM, {(opening := first_post(target)).id: (opening.source, write("Changed."))}, str
    )
    assert told(people.ben) == ["We have none."]
    dialogue.hide(people.moderator, opening.id, "Rude.")
    assert told(people.ben) and not post.hidden_at
