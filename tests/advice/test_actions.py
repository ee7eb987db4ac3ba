"""Requests for advice, answers to them, and follow-ups."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from forum.advice import actions
from forum.advice.actions import MAX_ASKED, FollowUpText
from forum.advice.models import FollowUp
from forum.advice.queries import availability_of, request_state
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.actions import suspend
from forum.notifications.models import ACTIONABLE_KINDS
from forum.permissions import VISITOR
from tests.advice.conftest import DAY, IT_WORKED, Question, question_of, somebody, states, told

# Asking


def test_who_is_asked_gets_a_notice_that_waits(people: Any, question: Question) -> None:
    topic = question.topic
    assert actions.ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle]) == 2
    assert told(people.ben) == told(people.chitra) == [("advice", topic.address)]
    assert told(people.ana) == [] and "advice" in ACTIONABLE_KINDS
    assert states(topic) == {people.ben.name: "asked", people.chitra.name: "asked"}


def test_asking_twice_asks_once(people: Any, question: Question) -> None:
    both = [people.ben.handle, people.chitra.handle]
    assert actions.ask(people.ana, question.topic.id, both[:1]) == 1
    assert actions.ask(people.ana, question.topic.id, both) == 1
    assert actions.ask(people.ana, question.topic.id, both) == 0
    assert len(told(people.ben)) == len(told(people.chitra)) == 1


def test_nobody_is_asked_more_than_twice_in_seven_days(people: Any, question: Question) -> None:
    with at(now() - 6 * DAY):
        for title in ("First one", "Second one"):
            topic = question_of(people.chitra, question, title)
            actions.ask(people.chitra, topic.id, [people.ben.handle])
    with pytest.raises(Invalid, match="twice"):
        actions.ask(people.ana, question.topic.id, [people.host.handle, people.ben.handle])
    assert states(question.topic) == {}
    with at(now() + 2 * DAY):
        assert actions.ask(people.ana, question.topic.id, [people.ben.handle]) == 1


def test_a_question_asks_ten(people: Any, question: Question) -> None:
    names = [f"Helper{letter}" for letter in "abcdefghijk"]
    handles = [somebody(name).handle for name in names]
    with pytest.raises(Invalid, match="at most 10"):
        actions.ask(people.ana, question.topic.id, handles)
    assert actions.ask(people.ana, question.topic.id, handles[:MAX_ASKED]) == MAX_ASKED
    with pytest.raises(Invalid, match="0 more"):
        actions.ask(people.ana, question.topic.id, handles)


@pytest.mark.parametrize("who", ["asker", "moderator", "muted", "away", "suspended", "nobody"])
def test_some_cannot_be_asked_and_a_sentence_says_so(
    people: Any, question: Question, who: str
) -> None:
    actions.set_availability(people.chitra, False, None)
    actions.set_availability(people.ben, True, now() + DAY)
    suspend(people.moderator, people.host.id, now() + DAY)
    handles = {
        "asker": people.ana.handle,
        "moderator": people.moderator.handle,
        "muted": people.chitra.handle,
        "away": people.ben.handle,
        "suspended": people.host.handle,
        "nobody": "nobody-of-this-name",
    }
    free = somebody("Free").handle
    with pytest.raises(Invalid) as refusal:
        actions.ask(people.moderator, question.topic.id, [free, handles[who]])
    assert refusal.value.message.endswith(".") and refusal.value.field == "asked"
    assert states(question.topic) == {}


def test_asking_nobody_is_refused(people: Any, question: Question) -> None:
    with pytest.raises(Invalid, match="Choose at least one"):
        actions.ask(people.ana, question.topic.id, [])


def test_who_may_ask(people: Any, question: Question) -> None:
    for person in (people.ben, VISITOR):
        with pytest.raises(Forbidden):
            actions.ask(person, question.topic.id, [people.chitra.handle])
    assert actions.ask(people.host, question.topic.id, [people.chitra.handle]) == 1


@pytest.mark.parametrize("state", ["locked", "hidden", "experience"])
def test_only_an_open_question_asks(people: Any, question: Question, state: str) -> None:
    topic = question.topic
    if state == "locked":
        dialogue.lock(people.moderator, topic.id)
    elif state == "hidden":
        dialogue.hide_topic(people.moderator, topic.id)
    else:
        new = NewTopic("experience", "We did it", write("Text."))
        topic = dialogue.open_topic(people.ana, question.agenda.id, new)
    with pytest.raises((Forbidden, NotFound)):
        actions.ask(people.ana, topic.id, [people.ben.handle])


def test_a_reply_after_being_asked_answers(people: Any, question: Question) -> None:
    topic = question.topic
    with at(now() - DAY):
        dialogue.reply(people.chitra, topic.id, write("Before."))
    actions.ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle])
    post = dialogue.reply(people.ben, topic.id, write("So."))
    assert states(topic) == {people.ben.name: "answered", people.chitra.name: "asked"}
    dialogue.delete(people.ben, post.id)
    assert states(topic)[people.ben.name] == "asked"


# What the asked member answers


def test_not_me_and_not_now(people: Any, asked: Topic, question: Question) -> None:
    actions.decline(people.ben, asked.id)
    assert states(asked) == {people.ben.name: "not me"}
    actions.postpone(people.ben, asked.id, now() + 3 * DAY)
    assert states(asked) == {people.ben.name: "not now"}
    other = question_of(people.chitra, question)
    with pytest.raises(Invalid, match="away"):
        actions.ask(people.chitra, other.id, [people.ben.handle])
    with at(now() + 4 * DAY):
        assert actions.ask(people.chitra, other.id, [people.ben.handle]) == 1


@pytest.mark.parametrize("days", [-1, 0, 367, 400_000])
def test_away_is_for_a_day_to_a_year(people: Any, asked: Topic, days: int) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.postpone(people.ben, asked.id, now() + days * DAY)
    assert refusal.value.field == "until"
    assert states(asked) == {people.ben.name: "asked"}
    assert availability_of(people.ben).away_until is None


def test_passing_it_on_asks_another_in_ones_place(people: Any, asked: Topic) -> None:
    assert actions.pass_on(people.ben, asked.id, people.chitra.handle).id == people.chitra.id
    assert states(asked) == {people.ben.name: "passed on", people.chitra.name: "asked"}
    assert told(people.chitra) == [("advice", asked.address)]
    fate = request_state(people.chitra, asked.id)
    assert fate and fate.asked.asker.name == people.ben.name


@pytest.mark.parametrize("who", ["himself", "asker", "asked already", "nobody", "busy", "muted"])
def test_some_take_nothing_that_is_passed_on(
    people: Any, question: Question, asked: Topic, who: str
) -> None:
    busy, muted = somebody("Busy"), somebody("Muted")
    for title in ("First one", "Second one"):
        other = question_of(people.chitra, question, title)
        actions.ask(people.chitra, other.id, [busy.handle])
    actions.set_availability(muted, False, None)
    actions.ask(people.ana, asked.id, [people.chitra.handle])
    handles = {
        "himself": people.ben.handle,
        "asker": people.ana.handle,
        "asked already": people.chitra.handle,
        "nobody": "nobody-of-this-name",
        "busy": busy.handle,
        "muted": muted.handle,
    }
    with pytest.raises(Invalid) as refusal:
        actions.pass_on(people.ben, asked.id, handles[who])
    assert refusal.value.field == "handle"
    assert states(asked)[people.ben.name] == "asked" and len(states(asked)) == 2


def test_what_is_passed_on_is_settled(people: Any, asked: Topic) -> None:
    actions.pass_on(people.ben, asked.id, people.chitra.handle)
    for deed in (
        lambda: actions.pass_on(people.ben, asked.id, people.host.handle),
        lambda: actions.decline(people.ben, asked.id),
        lambda: actions.postpone(people.ben, asked.id, now() + DAY),
    ):
        with pytest.raises(Invalid, match="passed this question on"):
            deed()
    assert len(states(asked)) == 2


def test_passing_on_makes_room(people: Any, asked: Topic) -> None:
    handles = [somebody(f"Helper{letter}").handle for letter in "abcdefghi"]
    actions.ask(people.ana, asked.id, handles)
    actions.pass_on(people.ben, asked.id, people.chitra.handle)
    assert len(states(asked)) == MAX_ASKED + 1


def test_only_who_was_asked_says_something_to_it(people: Any, asked: Topic) -> None:
    for deed in (
        lambda person: actions.decline(person, asked.id),
        lambda person: actions.postpone(person, asked.id, now() + DAY),
        lambda person: actions.pass_on(person, asked.id, people.host.handle),
    ):
        with pytest.raises(NotFound):
            deed(people.chitra)
        with pytest.raises(Forbidden):
            deed(VISITOR)


def test_members_say_whether_they_are_asked(people: Any, asked: Topic) -> None:
    actions.set_availability(people.ben, False, now() + DAY)
    muted_at = availability_of(people.ben).muted_at
    with at(now() + DAY):
        actions.set_availability(people.ben, False, None)
    row = availability_of(people.ben)
    assert (row.muted_at, row.away_until) == (muted_at, None)
    actions.set_availability(people.ben, True, None)
    assert availability_of(people.ben).muted_at is None


# What happened next


def story_of(topic: Topic) -> FollowUp | None:
    return db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))


def test_the_asker_tells_what_happened_and_tells_it_better(
    people: Any, asked: Topic, question: Question
) -> None:
    other = question_of(people.ana, question)
    dialogue.reply(people.ben, asked.id, write("Try it."))
    actions.follow_up(people.ana, asked.id, IT_WORKED)
    row = story_of(asked)
    assert row and (row.outcome, row.text, row.edited_at) == ("yes", IT_WORKED.text, None)
    with at(now() + DAY):
        actions.follow_up(people.ana, asked.id, FollowUpText("We stopped.", "no"))
    row = story_of(asked)
    assert row and (row.deed, row.text) == ("We stopped.", "") and row.edited_at
    topic = db.session.get_one(Topic, asked.id, populate_existing=True)
    assert topic.followed_up_at == row.told_at
    assert db.session.get_one(Topic, other.id, populate_existing=True).followed_up_at is None
    actions.withdraw_follow_up(people.ana, asked.id)
    topic = db.session.get_one(Topic, asked.id, populate_existing=True)
    assert story_of(asked) is None and topic.followed_up_at is None


def test_only_the_asker_tells_what_happened_and_only_after_a_reply(
    people: Any, asked: Topic
) -> None:
    with pytest.raises(Forbidden, match="Nobody has replied"):
        actions.follow_up(people.ana, asked.id, IT_WORKED)
    dialogue.reply(people.ben, asked.id, write("Try it."))
    for person in (people.ben, people.moderator, VISITOR):
        with pytest.raises(Forbidden):
            actions.follow_up(person, asked.id, IT_WORKED)
    actions.follow_up(people.ana, asked.id, IT_WORKED)
    for person in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.withdraw_follow_up(person, asked.id)
    assert story_of(asked)


@pytest.mark.parametrize(
    ("deed", "outcome", "text", "field"),
    [
        ("", "yes", "", "deed"),
        ("We did.", "perhaps", "", "outcome"),
        ("We did.", "yes", "x" * 1_501, "text"),
        ("x" * 201, "yes", "", "text"),
    ],
)
def test_a_story_has_its_limits(
    people: Any, asked: Topic, deed: str, outcome: str, text: str, field: str
) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    with pytest.raises(Invalid) as refusal:
        actions.follow_up(people.ana, asked.id, FollowUpText(deed, outcome, text))
    assert refusal.value.field == field
    assert story_of(asked) is None
