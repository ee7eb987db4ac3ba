"""Experiences that become questions, and the reverse: by authors until somebody replies, by moderators always."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText, ask, look_after
from forum.advice.models import QuestionCare
from forum.advice.queries import is_advice_awaited, request_to_answer
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_topic, posts_in, wrong_counts
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.actions import found_federation
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR


def open_question(author: Any, agenda: Any) -> int:
    new = dialogue.NewTopic("question", "What does parking cost?", write("We have none."))
    return dialogue.open_topic(author, agenda.id, new).id


def kinds_of_notices(member: Any) -> list[str]:
    while make_notices(SYSTEM):
        pass
    return [notice.kind for notice in inbox(member).page.items]


def test_authors_make_their_own_a_question_until_somebody_replies(
    people: Any, agenda: Any, things: Any
) -> None:
    new = dialogue.NewTopic("experience", "Parking", write("What does it cost?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    assert actions.change_kind(people.ana, topic.id, "question") is None
    assert get_topic(VISITOR, topic.id).kind == "question" and wrong_counts() == []
    for kind in ("practice", "case", ""):
        with pytest.raises(Invalid):
            actions.change_kind(people.ana, topic.id, kind)
    with pytest.raises(Conflict):
        actions.change_kind(people.ana, topic.id, "question")
    with pytest.raises(Forbidden, match="moderators of this agenda"):
        actions.change_kind(people.ben, topic.id, "experience")
    with pytest.raises(Forbidden, match="Somebody has replied already"):
        actions.change_kind(people.ana, things.topic.id, "question")
    assert queries.decision_log(people.moderator).items == []


def test_a_moderator_changes_it_always_and_it_is_written_down(people: Any, things: Any) -> None:
    decision = actions.change_kind(people.host, things.topic.id, "question", Reasons("You ask."))
    assert decision is not None
    assert (decision.what_was_done, decision.reason) == ("Made a question.", "You ask.")
    assert get_topic(VISITOR, things.topic.id).kind == "question"
    assert "decision" in kinds_of_notices(people.ana)
    actions.undo(people.host, decision.id)
    assert get_topic(VISITOR, things.topic.id).kind == "experience" and wrong_counts() == []


def test_an_experience_has_no_answer_and_undoing_brings_it_back(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    decision = actions.change_kind(people.host, topic_id, "experience")
    topic = get_topic(VISITOR, topic_id)
    assert (topic.kind, topic.answer_id, topic.answered_at) == ("experience", None, None)
    assert wrong_counts() == []
    assert decision is not None
    actions.undo(people.host, decision.id)
    topic = get_topic(VISITOR, topic_id)
    assert (topic.kind, topic.answer_id) == ("question", answer.id) and wrong_counts() == []


def test_undoing_leaves_what_its_author_has_undone_already(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    decision = actions.change_kind(people.host, topic_id, "experience")
    assert decision is not None
    dialogue.change_kind(people.ana, topic_id, "question")
    assert actions.undo(people.host, decision.id).undoes_id == decision.id
    assert get_topic(VISITOR, topic_id).kind == "question" and wrong_counts() == []


def test_undoing_tells_nobody_again_that_the_answer_is_chosen(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    chosen_at = get_topic(VISITOR, topic_id).answered_at
    assert kinds_of_notices(people.ben).count("answer") == 1
    decision = actions.change_kind(people.host, topic_id, "experience")
    assert decision is not None
    actions.undo(people.host, decision.id)
    assert kinds_of_notices(people.ben).count("answer") == 1
    assert "answer" not in kinds_of_notices(people.ana)
    for person in (people.ana, people.ben):
        actors = {notice.actor_id for notice in inbox(person).page.items}
        assert people.host.id not in actors
    assert get_topic(VISITOR, topic_id).answered_at == chosen_at


def test_undoing_brings_back_no_answer_that_is_gone(people: Any, agenda: Any, things: Any) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    decision = actions.change_kind(people.host, topic_id, "experience")
    assert decision is not None
    dialogue.delete(people.ben, answer.id)
    actions.undo(people.host, decision.id)
    topic = get_topic(VISITOR, topic_id)
    assert (topic.kind, topic.answer_id) == ("question", None) and wrong_counts() == []


def test_notices_of_an_answer_are_hidden_until_it_is_one_again(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    assert "answer" in kinds_of_notices(people.ben)
    actions.change_kind(people.host, topic_id, "experience")
    assert "answer" not in kinds_of_notices(people.ben)
    for kind, item_id in (("post", answer.id), ("topic", topic_id)):
        hidden = actions.decide(people.host, kind, item_id, "hide", Reasons("It is rude.", 2))
        actions.undo(people.host, hidden.id)
        assert "answer" not in kinds_of_notices(people.ben)
    actions.change_kind(people.host, topic_id, "question")
    assert "answer" not in kinds_of_notices(people.ben)
    hidden = actions.decide(people.host, "topic", topic_id, "hide", Reasons("It is rude.", 2))
    actions.undo(people.host, hidden.id)
    assert "answer" not in kinds_of_notices(people.ben)
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    assert kinds_of_notices(people.ben).count("answer") == 1


def test_notices_of_an_answer_are_hidden_when_another_is_chosen(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    better = dialogue.reply(people.chitra, topic_id, write("Three, with the paint."))

    def told() -> tuple[int, int]:
        return tuple(
            kinds_of_notices(member).count("answer") for member in (people.ben, people.chitra)
        )  # type: ignore[return-value]

    dialogue.choose_answer(people.ana, topic_id, answer.id)
    assert told() == (1, 0)
    dialogue.choose_answer(people.ana, topic_id, better.id)
    assert told() == (0, 1)
    hidden = actions.decide(people.host, "topic", topic_id, "hide", Reasons("It is rude.", 2))
    actions.undo(people.host, hidden.id)
    assert told() == (0, 1)
    for post_id in (answer.id, better.id):
        hidden = actions.decide(people.host, "post", post_id, "hide", Reasons("It is rude.", 2))
        actions.undo(people.host, hidden.id)
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    assert told() == (1, 0)
    dialogue.choose_answer(people.ana, topic_id, None)
    assert told() == (0, 0)
    assert "reply" in kinds_of_notices(people.ana)


def test_restoring_the_answer_hides_no_notice_of_it(people: Any, agenda: Any, things: Any) -> None:
    topic_id = open_question(people.ana, agenda)
    answer = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, answer.id)
    replies = kinds_of_notices(people.ana).count("reply")
    hidden = actions.decide(people.host, "post", answer.id, "hide", Reasons("It is rude.", 2))
    assert kinds_of_notices(people.ana).count("reply") == replies - 1
    actions.undo(people.host, hidden.id)
    assert kinds_of_notices(people.ana).count("reply") == replies


def test_the_answer_of_a_question_that_is_merged_into_an_answered_one_is_one_no_longer(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id, target_id = open_question(people.ana, agenda), open_question(people.ana, agenda)
    for question_id, member in ((topic_id, people.ben), (target_id, people.chitra)):
        answer = dialogue.reply(member, question_id, write("Two euros."))
        dialogue.choose_answer(people.ana, question_id, answer.id)
    decision = actions.merge(people.host, topic_id, target_id)
    assert decision is not None
    assert "answer" not in kinds_of_notices(people.ben)
    assert "answer" in kinds_of_notices(people.chitra)
    actions.undo(people.host, decision.id)
    assert "answer" in kinds_of_notices(people.ben)


def test_requests_for_advice_sleep_while_it_is_an_experience(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    ask(people.ana, topic_id, [people.chitra.handle])
    assert is_advice_awaited(topic_id) and "advice" in kinds_of_notices(people.chitra)
    actions.change_kind(people.ana, topic_id, "experience")
    assert not is_advice_awaited(topic_id) and "advice" not in kinds_of_notices(people.chitra)
    with pytest.raises(NotFound):
        request_to_answer(people.chitra, topic_id)
    with pytest.raises(NotFound):
        advice.decline(people.chitra, topic_id)
    hidden = actions.decide(people.host, "topic", topic_id, "hide", Reasons("It is rude.", 2))
    actions.undo(people.host, hidden.id)
    assert "advice" not in kinds_of_notices(people.chitra)
    actions.change_kind(people.ana, topic_id, "question")
    assert is_advice_awaited(topic_id) and "advice" in kinds_of_notices(people.chitra)


def test_nobody_is_told_that_an_experience_has_no_answer(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    look_after(SYSTEM)
    actions.change_kind(people.ana, topic_id, "experience")
    get_topic(SYSTEM, topic_id).created_at = now() - timedelta(days=8)
    care = db.session.get_one(QuestionCare, topic_id)
    care.look_at = now() - timedelta(minutes=1)
    db.session.commit()
    look_after(SYSTEM)
    assert "unanswered" not in kinds_of_notices(people.host)


def test_a_question_of_which_something_is_told_stays_one(
    people: Any, agenda: Any, things: Any
) -> None:
    topic_id = open_question(people.ana, agenda)
    dialogue.reply(people.ben, topic_id, write("Two euros."))
    advice.follow_up(people.ana, topic_id, FollowUpText("We asked for two.", "yes"))
    with pytest.raises(Conflict, match="stays a question"):
        actions.change_kind(people.host, topic_id, "experience")
    advice.withdraw_follow_up(people.ana, topic_id)
    actions.change_kind(people.host, topic_id, "experience")


def test_author_and_moderator_find_the_way_there(sign_in: Any, people: Any, agenda: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    new = dialogue.NewTopic("experience", "Parking", write("What does it cost?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    door = f"/topics/{topic.id}/change-kind"
    (opening,) = posts_in(people.ana, topic, 1).items
    for person, where in (
        (people.ana, topic.address),
        (people.ana, f"/posts/{opening.id}/edit"),
        (people.host, topic.address),
    ):
        assert f'href="{door}"' in sign_in(person).get(where).get_data(as_text=True)
    assert door not in sign_in(people.ben).get(topic.address).get_data(as_text=True)
    browser = sign_in(people.ana)
    page = browser.get(door).get_data(as_text=True)
    assert "Make this a question" in page and "without your name" not in page
    answer = browser.post(door, data={"kind": "question"})
    page = browser.get(answer.headers["Location"]).get_data(as_text=True)
    assert "It is a question now." in page and "moderation log" not in page
    page = sign_in(people.host).get(door).get_data(as_text=True)
    assert "Make this an experience" in page and "without your name" in page
