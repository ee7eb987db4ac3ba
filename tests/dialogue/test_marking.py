"""Marks and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Topic
from forum.errors import Forbidden, Invalid
from forum.markup import write
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM
from tests.dialogue.conftest import events, fresh, new
from tests.soundness import faults


def test_marks_are_given_once_and_taken_back(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    for _ in range(2):
        assert actions.mark(people.ben, post.id, "useful").useful_count == 1
    actions.mark(people.chitra, post.id, "same here")
    assert len(events("mark")) == 2
    for _ in range(2):
        assert actions.unmark(people.ben, post.id, "useful").useful_count == 0
    actions.mark(people.ben, post.id, "useful")
    assert len(events("mark")) == 2
    assert fresh(post).same_here_count == 1


def test_who_tried_it_says_what_became_of_it(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    with pytest.raises(Invalid):
        actions.mark(people.ben, post.id, "tried it")
    with pytest.raises(Invalid):
        actions.mark(people.ben, post.id, "tried it", "kept", "x" * 301)
    actions.mark(people.ben, post.id, "tried it", "kept", " It\nworks. ")
    actions.mark(people.ben, post.id, "tried it", "stopped", "It cost too much.", language="en")
    (mark,) = queries.tried_in(topic.id)
    assert (mark.outcome, mark.note, mark.language) == ("stopped", "It cost too much.", "en")
    assert mark.city is not None and mark.city.name == "Nairobi"
    assert fresh(post).tried_count == 1
    actions.mark(people.ben, post.id, "tried it", "kept", "", language="en")
    (mark,) = queries.tried_in(topic.id)
    assert (mark.note, mark.language) == ("", "")


def test_the_author_is_told_again_when_what_became_of_it_has_changed(
    people: Any, topic: Topic
) -> None:
    post, start = queries.first_post(topic), now()
    said = [("kept", "It works.", 0, 1), ("stopped", "It broke.", 1, 1), ("kept", "Mended.", 90, 2)]
    said += [("kept", "Still.", 300, 2), ("stopped", "Sold.", 400, 3)]
    for outcome, note, minutes, number in said:
        with at(start + timedelta(minutes=minutes)):
            actions.mark(people.ben, post.id, "tried it", outcome, note)
            assert [event.recipients for event in events("mark")] == [[people.ana.id]] * number
    assert events("mark")[-1].text == "Sold."


def test_what_became_of_it_is_told_to_an_author_who_knows_of_another_mark(
    people: Any, topic: Topic
) -> None:
    post, start = queries.first_post(topic), now()
    actions.mark(people.ben, post.id, "useful")
    make_notices(SYSTEM)
    with at(start + timedelta(days=1)):
        actions.mark(people.ben, post.id, "same here")
        assert len(events("mark")) == 1
        actions.mark(people.ben, post.id, "tried it", "kept", "It works.")
        actions.mark(people.chitra, post.id, "useful")
        make_notices(SYSTEM)
    mine = select(Notice).where(Notice.member_id == people.ana.id, Notice.kind == "mark")
    notice = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    assert (notice.actor_id, notice.others) == (people.chitra.id, 1), "each is counted once"


@pytest.mark.parametrize("kind", ["", "hearts", "useful\x00"])
def test_there_are_no_other_marks(people: Any, topic: Topic, kind: str) -> None:
    for deed in (actions.mark, actions.unmark):
        with pytest.raises(Invalid):
            deed(people.ben, queries.first_post(topic).id, kind)


def test_nobody_marks_the_own_text_or_what_is_gone(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    with pytest.raises(Forbidden):
        actions.mark(people.ben, reply.id, "useful")
    actions.delete(people.ben, reply.id)
    with pytest.raises(Forbidden):
        actions.mark(people.ana, reply.id, "useful")


def test_the_asker_or_a_moderator_chooses_the_answer(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    with pytest.raises(Forbidden):
        actions.choose_answer(people.ben, topic.id, reply.id)
    actions.choose_answer(people.ana, topic.id, reply.id)
    assert [event.recipients for event in events("answer")] == [[people.ben.id]]
    actions.choose_answer(people.host, topic.id, None)
    assert fresh(topic).answer_id is None
    actions.choose_answer(people.ana, topic.id, reply.id)
    assert len(events("answer")) == 1  # choosing it again makes no second event
    actions.choose_answer(people.host, topic.id, None)
    with pytest.raises(Invalid):
        actions.choose_answer(people.ana, topic.id, queries.first_post(topic).id)


def test_of_an_answer_in_a_hidden_question_nobody_is_told(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    actions.hide_topic(people.host, topic.id)
    actions.choose_answer(people.host, topic.id, reply.id)
    assert fresh(topic).answer_id == reply.id and events("answer") == []
    make_notices(SYSTEM)
    assert faults() == []


def test_only_a_question_has_an_answer(people: Any, agenda: Agenda) -> None:
    topic = actions.open_topic(people.ana, agenda.id, new())
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    with pytest.raises(Forbidden):
        actions.choose_answer(people.ana, topic.id, reply.id)
