"""Undoing a decision withdraws its notices: only members who have read of the decision are told that it was undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.agendas.models import Agenda
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import REVERSED
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.errors import NotFound
from forum.markup import write
from forum.members.actions import COOLING_OFF
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Report
from forum.notifications.actions import make_notices, note_mailed, read
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM
from forum.rights.actions import leave
from forum.rights.commands import carry_on
from tests.candidates import test_races as races
from tests.moderation import test_races as topics_of_two
from tests.races import at_once, meanwhile, slowly
from tests.soundness import faults

REASONS = Reasons("It is rude.", 2)
TAKEN_BACK = "The decision is taken back."
own = races.own
topics = topics_of_two.topics
person = topics_of_two.person


def notices_of(*members: Any) -> list[Notice]:
    """The members' notices about decisions of moderators, in order."""
    while make_notices(SYSTEM):
        pass
    theirs = select(Notice).where(
        Notice.member_id.in_([member.id for member in members]),
        Notice.kind.in_(("decision", "published", "returned", "report")),
    )
    return list(db.session.scalars(theirs.order_by(Notice.id)))


def lines_of(*members: Any) -> list[tuple[str, str, str]]:
    return [(notice.kind, notice.heading, notice.words) for notice in notices_of(*members)]


def kept() -> tuple[int, int]:
    """How many events and notices of decisions there are."""
    of_decisions = Event.decision_id.is_not(None)
    events = db.session.scalar(select(func.count(Event.id)).where(of_decisions))
    told = select(func.count(Notice.id)).join(Event, Event.id == Notice.event_id)
    return events or 0, db.session.scalar(told.where(of_decisions)) or 0


def nobody_knows(*_members: Any) -> None:
    """The state in which the worker has made no notices yet."""


def nobody_reads(*members: Any) -> None:
    notices_of(*members)


def they_read(*members: Any) -> None:
    for member in members:
        for notice in notices_of(member):
            read(member, notice.id)


def they_get_letters(*members: Any) -> None:
    note_mailed(SYSTEM, [notice.id for notice in notices_of(*members)])


UNKNOWN, KNOWN = (nobody_knows, nobody_reads), (they_read, they_get_letters)


def sound() -> bool:
    """Whether `flask check` finds nothing wrong."""
    return faults() == []


@pytest.fixture
def reported(people: Any, things: Any) -> Report:
    """Ben's post, reported by Chitra."""
    return actions.report(people.chitra, "post", things.first.id, "rules")


@pytest.mark.parametrize("happens", UNKNOWN)
def test_who_does_not_know_of_it_is_told_nothing(
    people: Any, things: Any, reported: Report, happens: Callable[..., None]
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    happens(people.ben, people.chitra)
    actions.undo(people.host, decision.id)
    assert notices_of(people.ben, people.chitra) == [] and kept() == (0, 0)
    assert sound()


@pytest.mark.parametrize("happens", KNOWN)
def test_who_knows_of_it_is_told_that_it_was_taken_back(
    people: Any, things: Any, reported: Report, happens: Callable[..., None]
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    notices_of(people.ben, people.chitra)
    happens(people.ben)
    undone = actions.undo(people.host, decision.id)
    assert notices_of(people.chitra) == []
    _first, told = notices_of(people.ben)
    assert (told.words, told.address) == (TAKEN_BACK, f"/moderation/decisions/{undone.id}")
    assert sound()


@pytest.mark.parametrize("happens", KNOWN)
def test_a_reporter_who_knows_of_it_is_told_that_it_was_taken_back(
    people: Any, things: Any, reported: Report, happens: Callable[..., None]
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    notices_of(people.ben, people.chitra)
    happens(people.chitra)
    actions.undo(people.host, decision.id)
    assert notices_of(people.ben) == []
    told = notices_of(people.chitra)[-1]
    assert (told.kind, told.heading, told.words) == ("report", "a post", TAKEN_BACK)
    assert told.address == "/reports" and reported.decision_id is None


def test_what_a_decision_before_it_told_stays(people: Any, things: Any) -> None:
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    again = actions.decide(people.host, "post", things.first.id, "restore")
    actions.undo(people.host, again.id)
    assert lines_of(people.ben) == [
        ("decision", "A rude answer to all.", "Hidden by the moderators. It is rude.")
    ]


@pytest.mark.parametrize("deed", ["remove", "restore"])
def test_what_it_had_ended_waits_again(people: Any, things: Any, deed: str) -> None:
    """After undoing, the text is hidden again, and the author has not read why."""
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    notices_of(people.ben)
    again = actions.decide(people.host, "post", things.first.id, deed, REASONS)
    assert all(notice.read_at for notice in notices_of(people.ben) if "Hidden" in notice.words)
    actions.undo(people.host, again.id)
    (hidden,) = notices_of(people.ben)
    db.session.refresh(hidden)
    assert (hidden.words, hidden.read_at) == ("Hidden by the moderators. It is rude.", None)


def test_what_was_read_before_it_stays_read(people: Any, things: Any) -> None:
    before = now() - timedelta(minutes=1)
    with at(before):
        actions.decide(people.host, "post", things.first.id, "hide", REASONS)
        they_read(people.ben)
    again = actions.decide(people.host, "post", things.first.id, "restore")
    actions.undo(people.host, again.id)
    (hidden,) = notices_of(people.ben)
    db.session.refresh(hidden)
    assert hidden.read_at == before


def test_what_is_over_waits_for_none_of_those_who_wrote(people: Any, things: Any) -> None:
    actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    told = notices_of(people.ana, people.ben)
    assert len(told) == 2 and not any(notice.read_at for notice in told)
    shown = actions.decide(people.host, "topic", things.topic.id, "restore")
    for notice in told:
        db.session.refresh(notice)
    assert all(notice.read_at for notice in told)
    actions.undo(people.host, shown.id)
    for notice in told:
        db.session.refresh(notice)
    assert not any(notice.read_at for notice in told)


def test_what_tells_of_several_texts_waits_while_one_is_hidden(people: Any, things: Any) -> None:
    third = dialogue.reply(people.ben, things.topic.id, write("Another rude answer."))
    posts = [things.first.id, third.id]
    actions.decide_all(people.host, things.topic.id, posts, "hide", REASONS)
    notices_of(people.ben)
    actions.decide(people.host, "post", things.first.id, "restore")
    hidden, shown = notices_of(people.ben)
    db.session.refresh(hidden)
    assert "And one more text of yours." in hidden.words and hidden.read_at is None
    assert "Shown again" in shown.words


def test_a_lot_is_taken_back_as_one(people: Any, things: Any) -> None:
    third = dialogue.reply(people.ben, things.topic.id, write("Another rude answer."))
    dialogue.reply(people.ana, things.topic.id, write("Whose?"))
    posts = [things.first.id, things.second.id, third.id]
    for post_id in posts:
        actions.report(people.ana, "post", post_id, "rules")
    decisions = actions.decide_all(people.host, things.topic.id, posts, "hide", REASONS)
    notices_of(people.ana)
    they_read(people.ben)
    actions.undo(people.host, decisions[-1].id)
    assert notices_of(people.chitra) == [] == notices_of(people.ana)
    _first, told = notices_of(people.ben)
    assert told.words == f"{TAKEN_BACK} And one more text of yours."
    assert sound()


def test_who_reported_several_texts_of_a_lot_is_told_once(people: Any, things: Any) -> None:
    posts = [things.first.id, things.second.id]
    for post_id in posts:
        actions.report(people.ana, "post", post_id, "rules")
    decisions = actions.decide_all(people.host, things.topic.id, posts, "hide", REASONS)
    they_read(people.ana)
    actions.undo(people.host, decisions[-1].id)
    assert [notice.words for notice in notices_of(people.ana)].count(TAKEN_BACK) == 1


@pytest.fixture
def target(people: Any, agenda: Agenda) -> Topic:
    new = dialogue.NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    return dialogue.open_topic(people.administrator, agenda.id, new)


@pytest.mark.parametrize("happens", UNKNOWN)
def test_of_a_merge_nothing_is_left(
    people: Any, things: Any, target: Topic, happens: Callable[..., None]
) -> None:
    decision = actions.merge(people.host, things.topic.id, target.id)
    authors = (people.ana, people.ben, people.chitra)
    happens(*authors)
    actions.undo(people.host, decision.id)
    assert notices_of(*authors) == [] and kept() == (0, 0) and sound()


def test_who_knows_of_a_merge_is_led_back(people: Any, things: Any, target: Topic) -> None:
    decision = actions.merge(people.host, things.topic.id, target.id)
    notices_of(people.chitra)
    they_read(people.ana, people.ben)
    undone = actions.undo(people.host, decision.id)
    assert notices_of(people.chitra) == []
    back = [notices_of(member)[1:] for member in (people.ana, people.ben)]
    assert [[(line.words, line.address) for line in lines] for lines in back] == [
        [(TAKEN_BACK, f"/moderation/decisions/{undone.id}")],
        [(TAKEN_BACK, things.topic.address)],
    ]


def test_who_knows_where_the_chosen_answer_went_is_told_once(
    people: Any, things: Any, agenda: Agenda
) -> None:
    new = dialogue.NewTopic("question", "Why so loud?", write("Who measured?"))
    question = dialogue.open_topic(people.ana, agenda.id, new)
    answer = dialogue.reply(people.ben, question.id, write("We did."))
    own = dialogue.reply(people.ana, question.id, write("Thank you."))
    dialogue.choose_answer(people.ana, question.id, answer.id)
    part = dialogue.SplitTarget("Who measured?", "experience", agenda.id)
    decision = actions.split(people.host, question.id, [answer.id, own.id], part)
    they_read(people.ana)
    assert len(notices_of(people.ana)) == 2  # one about the chosen answer, one about the moved post
    actions.undo(people.host, decision.id)
    told = notices_of(people.ana)[2:]
    assert [(notice.words, notice.address) for notice in told] == [(TAKEN_BACK, question.address)]
    assert notices_of(people.ben) == [] and sound()


@pytest.mark.parametrize("deed", ["publish", "send_back"])
@pytest.mark.parametrize("happens", [*UNKNOWN, *KNOWN])
def test_only_an_author_who_knows_is_told_that_a_decision_about_a_practice_was_taken_back(
    people: Any, things: Any, deed: str, happens: Callable[..., None]
) -> None:
    if deed == "publish":
        decision = actions.publish(people.host, things.practice.id)
    else:
        decision = actions.send_back(people.host, things.practice.id, Reasons("Say where."))
    happens(people.ben)
    actions.undo(people.host, decision.id)
    told = [(notice.words, notice.address) for notice in notices_of(people.ben)]
    back = (TAKEN_BACK, f"/practices/{things.practice.slug}")
    assert told[1:] == ([back] if happens in KNOWN else []) and sound()
    assert len(told) == (2 if happens in KNOWN else 0)


def test_others_who_wrote_in_what_a_spammer_opened(people: Any, things: Any) -> None:
    new = dialogue.NewTopic("experience", "Cheap watches", write("Buy them."))
    topic = dialogue.open_topic(people.ben, things.agenda.id, new)
    for member in (people.ana, people.chitra):
        dialogue.reply(member, topic.id, write("Is this an advertisement?"))
    decision = actions.clear_spam(people.moderator, people.ben.id)
    notices_of(people.chitra)
    they_read(people.ana)
    actions.undo(people.moderator, decision.id)
    assert notices_of(people.chitra) == [] == notices_of(people.ben)
    told = notices_of(people.ana)[1:]
    assert [(notice.words, notice.address) for notice in told] == [(TAKEN_BACK, topic.address)]
    assert sound()


def test_after_an_appeal_they_are_told_as_ever(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    notices_of(people.ana, people.ben)
    made = appeal(people.ben, decision.id, "I wrote there.")
    decide_appeal(people.moderator, made.id, REVERSED, "You are right.")
    assert [notice.words for notice in notices_of(people.ana)] == [
        "Hidden by the moderators. It is rude.",
        "After an appeal the decision is taken back. You are right.",
    ]


def test_who_has_left_is_told_nothing(people: Any, things: Any, reported: Report) -> None:
    with at(now() - COOLING_OFF):
        leave(people.ben, people.ben.id, "nameless")
    decision = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    they_get_letters(people.ben, people.chitra)
    while carry_on():
        pass
    assert notices_of(people.ben) == []
    actions.undo(people.host, decision.id)
    assert notices_of(people.ben) == [] and len(notices_of(people.chitra)) == 2
    assert sound()


def test_a_notice_that_was_taken_back_cannot_be_read(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    (notice,) = notices_of(people.ben)
    actions.undo(people.host, decision.id)
    with pytest.raises(NotFound):
        read(people.ben, notice.id)


# At the same moment


@pytest.fixture
def hidden(own: Flask, topics: list[int]) -> Decision:
    """A post by the moderator, hidden by the administrator."""
    post_id = topics_of_two.posts_of(topics[0])[1]
    by = person("adam-de-wit")
    decision = actions.decide(by, "post", post_id, "hide", REASONS)
    db.session.commit()
    return decision


def begun_in_turn(first: Callable[[], Any], second: Callable[[], Any]) -> list[Callable[[], Any]]:
    """Two actions: the second begins when the first has done everything and has not committed yet."""
    return [lambda: slowly(lambda _doer: first(), SYSTEM), meanwhile(second)]


@pytest.mark.parametrize("is_worker_first", [True, False])
def test_while_the_worker_makes_the_notices(
    own: Flask, hidden: Decision, is_worker_first: bool
) -> None:
    moderator, decision_id = person("adam-de-wit"), hidden.id
    deeds = [lambda: make_notices(SYSTEM), lambda: actions.undo(moderator, decision_id)]
    in_turn = deeds if is_worker_first else deeds[::-1]
    assert at_once(own, begun_in_turn(*in_turn)) == ["done", "done"]
    assert notices_of(person("mona-berg")) == [] and kept() == (0, 0)


@pytest.mark.postgresql_only
def test_the_worker_is_waited_for_before_a_member_is_locked(people: Any, queries: Any) -> None:
    """The worker has locked the events while it waits for the rows of members."""
    actions.silence(people.moderator, people.ben.id, now() + timedelta(days=1), REASONS)
    decision = actions.unsilence(people.moderator, people.ben.id)
    with queries() as made:
        actions.undo(people.moderator, decision.id)
    is_lock = re.compile(r"\bFOR (NO KEY )?UPDATE\b").search
    locking = [statement for statement in made.statements if is_lock(statement)]
    tables = [re.findall(r"\bFROM (\w+)", statement)[0] for statement in locking]
    assert tables.index("event") < tables.index("member")


@pytest.mark.parametrize("is_read_first", [True, False])
def test_while_it_is_read(own: Flask, hidden: Decision, is_read_first: bool) -> None:
    moderator, reader, decision_id = person("adam-de-wit"), person("mona-berg"), hidden.id
    notice_id = notices_of(reader)[0].id
    db.session.commit()
    deeds = [lambda: read(reader, notice_id), lambda: actions.undo(moderator, decision_id)]
    in_turn = deeds if is_read_first else deeds[::-1]
    outcomes = at_once(own, begun_in_turn(*in_turn))
    told = [notice.words for notice in notices_of(reader)]
    if is_read_first:
        assert outcomes == ["done", "done"] and told[1:] == [TAKEN_BACK]
    else:
        assert outcomes == ["done", "NotFound"] and told == []
