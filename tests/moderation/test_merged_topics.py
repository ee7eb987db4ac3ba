"""What happens to people, reports and held texts when a topic is merged into another, and when that is undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.agendas.models import Agenda
from forum.appeals.actions import appeal
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Topic
from forum.dialogue.queries import get_topic
from forum.errors import Conflict, Invalid, NotFound, Refusal
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Report
from forum.moderation.queries import review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM
from forum.pictures.models import Picture
from forum.queue import actions as queue
from forum.queue.actions import Choice
from forum.queue.queries import QueueFilter, queue_entries
from forum.screening.actions import RuleText, make_rule, set_newness
from tests.pictures.conftest import added

REASONS = Reasons("It is rude.", 2)


@pytest.fixture
def target(people: Any, things: Any, agenda: Agenda) -> Topic:
    new = dialogue.NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    return dialogue.open_topic(people.administrator, agenda.id, new)


def notices_of(member: Any) -> list[tuple[str, str, str]]:
    make_notices(SYSTEM)
    theirs = db.select(Notice).where(Notice.member_id == member.id, Notice.kind == "decision")
    found = db.session.scalars(theirs.order_by(Notice.id)).all()
    return [(notice.heading, notice.words, notice.address) for notice in found]


# Who is told


def test_each_author_is_told_once(people: Any, things: Any, target: Topic) -> None:
    for words in ("Again.", "And again."):
        dialogue.reply(people.ben, things.topic.id, write(words))
    dialogue.reply(people.host, things.topic.id, write("I host this."))
    actions.merge(people.host, things.topic.id, target.id, Reasons("One is enough."))
    now_in = ("Quiet trams", "What you wrote is in this topic now. One is enough.", target.address)
    for member in (people.ben, people.chitra):
        assert notices_of(member) == [now_in], member.name
    # The author of the topic gets only the notice of the decision
    ((title, text, _address),) = notices_of(people.ana)
    assert title == "Quiet streets at night" and text.startswith("Your topic is part of another")
    assert notices_of(people.host) == [] and notices_of(people.administrator) == []


def test_who_wrote_what_is_hidden_is_not_told(people: Any, things: Any, target: Topic) -> None:
    actions.decide(people.host, "post", things.second.id, "remove", REASONS)
    before = notices_of(people.chitra)
    actions.merge(people.host, things.topic.id, target.id)
    assert notices_of(people.chitra) == before


# What belongs to a question


@pytest.fixture
def question(people: Any, things: Any, agenda: Agenda) -> Topic:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    return dialogue.open_topic(people.ana, agenda.id, new)


def test_a_question_stays_while_members_are_asked_for_advice_on_it(
    people: Any, question: Topic, target: Topic
) -> None:
    advice.ask(people.ana, question.id, [people.ben.handle, people.chitra.handle])
    with pytest.raises(Invalid, match="asked for advice") as refused:
        actions.merge(people.host, question.id, target.id)
    assert refused.value.field == "target"
    dialogue.reply(people.ben, question.id, write("Because of the bends."))
    with pytest.raises(Invalid, match="asked for advice"):
        actions.merge(people.host, question.id, target.id)
    advice.decline(people.chitra, question.id)
    assert actions.merge(people.host, question.id, target.id)


def test_who_says_nothing_for_a_month_is_not_waited_for(
    people: Any, question: Topic, target: Topic
) -> None:
    advice.ask(people.ana, question.id, [people.ben.handle])
    with at(now() + timedelta(days=31)):
        assert actions.merge(people.host, question.id, target.id)


def test_the_other_question_can_be_put_into_it(people: Any, question: Topic, target: Topic) -> None:
    advice.ask(people.ana, question.id, [people.ben.handle])
    actions.merge(people.host, target.id, question.id)
    assert advice.decline(people.ben, question.id).declined_at


@pytest.mark.parametrize("since", ["told", "asked"])
def test_a_question_that_was_split_off_stays_one_when_something_belongs_to_it(
    people: Any, things: Any, agenda: Agenda, since: str
) -> None:
    part = dialogue.SplitTarget("Why is it loud?", "question", agenda.id)
    posts = [things.first.id, things.second.id]
    made = actions.split(people.host, things.topic.id, posts, part)
    if since == "told":
        advice.follow_up(
            people.ben, made.before["target"], FollowUpText("We asked", "yes", "It worked.")
        )
    else:
        advice.ask(people.ben, made.before["target"], [people.ana.handle])
    with pytest.raises(Conflict):
        actions.undo(people.host, made.id)
    if since == "told":
        advice.withdraw_follow_up(people.ben, made.before["target"])
    else:
        advice.decline(people.ana, made.before["target"])
    assert actions.undo(people.host, made.id)


# Posts that a moderator has yet to look at


def test_what_is_split_off_waits_for_a_look_as_its_first_post_does(
    people: Any, things: Any, agenda: Agenda, client: FlaskClient
) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    post = dialogue.reply(people.ana, things.topic.id, write("Buy this."))
    part = dialogue.SplitTarget("What to buy", "experience", agenda.id)
    target_id = actions.split(people.host, things.topic.id, [post.id], part).before["target"]
    address = get_topic(SYSTEM, target_id).address
    assert "noindex" in client.get(address).text
    dialogue.look_at(people.host, post.id)
    assert get_topic(SYSTEM, target_id).unseen_at is None
    assert "noindex" not in client.get(address).text


def test_a_topic_that_is_one_again_waits_for_a_look_as_its_first_post_does(
    people: Any, agenda: Agenda, target: Topic
) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    new = dialogue.NewTopic("experience", "What to buy", write("Buy this."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    for is_seen in (False, True):
        made = actions.merge(people.host, topic.id, target.id)
        assert get_topic(SYSTEM, target.id).unseen_at is None
        if is_seen:
            dialogue.look_at(people.host, made.before["posts"][0][0])
        actions.undo(people.host, made.id)
        assert (get_topic(SYSTEM, topic.id).unseen_at is None) is is_seen


# Reports of the topic itself


@pytest.fixture
def merged(people: Any, things: Any, target: Topic) -> Any:
    """Ben has reported the topic, and it was put into another."""
    actions.report(people.ben, "topic", things.topic.id, "off topic", "Here?")
    return actions.merge(people.host, things.topic.id, target.id)


def test_its_reports_wait_as_those_of_a_merged_topic(
    sign_in: Any, people: Any, things: Any, merged: Any
) -> None:
    (line,) = queue_entries(people.host, QueueFilter(kind="topic"))
    assert line.title == "Quiet streets at night"
    opened = review_context(people.host, "topic", things.topic.id)
    assert (opened.thing.state, opened.thing.shown_in) == ("merged", "Quiet trams")
    assert opened.deeds == ["keep"] and opened.next_post is not None
    page = sign_in(people.host).get(f"/moderation/topic/{things.topic.id}").text
    assert "put into another one meanwhile" in page and "bells</em> off" in page
    assert "deleted by its author" not in page


def test_they_are_answered_with_keep_alone(people: Any, things: Any, merged: Any) -> None:
    key = ("topic", things.topic.id)
    for deed in ("hide", "remove", "restore", "ask_to_edit"):
        with pytest.raises(Conflict, match="so already"):
            queue.decide(people.host, *key, Choice(deed, REASONS))
    queue.decide(people.host, *key, Choice("keep"))
    assert queue_entries(people.host, QueueFilter(kind="topic")) == []
    make_notices(SYSTEM)
    about = db.select(Notice).where(Notice.member_id == people.ben.id, Notice.kind == "report")
    assert "within the rules" in db.session.scalars(about).one().words
    with pytest.raises(NotFound):
        review_context(people.host, *key)


def test_with_the_topic_back_they_are_as_before(people: Any, things: Any, merged: Any) -> None:
    actions.undo(people.host, merged.id)
    opened = review_context(people.host, "topic", things.topic.id)
    assert opened.thing.state == "shown" and "hide" in opened.deeds


def test_another_host_answers_none(people: Any, things: Any, merged: Any) -> None:
    with pytest.raises(Refusal):
        review_context(things.other_host, "topic", things.topic.id)
    with pytest.raises(Refusal):
        queue.decide(things.other_host, "topic", things.topic.id, Choice("keep"))
    assert db.session.query(Report).filter(Report.decision_id.is_(None)).count() == 1


# Texts that wait in it


def test_what_waits_goes_along_and_back(people: Any, things: Any, target: Topic) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    reply = dialogue.reply(people.chitra, things.topic.id, write("A casino."))
    change = dialogue.edit(people.ben, things.first.id, write("A casino too."))
    there = dialogue.reply(people.ana, target.id, write("A casino here."))

    def place_of(held: Any) -> int:
        return int(db.session.get_one(Held, held.id, populate_existing=True).topic_id or 0)

    decision = actions.merge(people.host, things.topic.id, target.id)
    assert [place_of(held) for held in (reply, change, there)] == [target.id] * 3
    actions.undo(people.host, decision.id)
    old = things.topic.id
    assert [place_of(held) for held in (reply, change, there)] == [old, old, target.id]
    post = dialogue.approve(people.host, reply.id)
    assert post.topic_id == old


def test_across_agendas_it_goes_back_to_its_own_moderators(people: Any, things: Any) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    new = dialogue.NewTopic("experience", "Elsewhere", write("On the other agenda."))
    target = dialogue.open_topic(people.ben, things.other.id, new)
    held = dialogue.reply(people.chitra, things.topic.id, write("A casino."))
    decision = actions.merge(people.moderator, things.topic.id, target.id)
    db.session.expire_all()
    assert db.session.get_one(Held, held.id).agenda_id == things.other.id
    actions.undo(people.moderator, decision.id)
    db.session.expire_all()
    assert db.session.get_one(Held, held.id).agenda_id == things.agenda.id


def test_across_agendas_the_pictures_of_what_waits_go_back_with_it(
    people: Any, things: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    new = dialogue.NewTopic("experience", "Elsewhere", write("On the other agenda."))
    target = dialogue.open_topic(people.ben, things.other.id, new)
    picture = added(people.chitra)
    text = write(f"A casino. ![a lane]({picture.address})")
    held = dialogue.reply(people.chitra, things.topic.id, text)
    assert isinstance(held, Held)
    agendas_of_it = []
    decision = actions.merge(people.moderator, things.topic.id, target.id)
    agendas_of_it.append(db.session.get_one(Picture, picture.id, populate_existing=True).agenda_id)
    actions.undo(people.moderator, decision.id)
    agendas_of_it.append(db.session.get_one(Picture, picture.id, populate_existing=True).agenda_id)
    assert agendas_of_it == [things.other.id, things.agenda.id]


def test_of_a_merged_topic_no_other_decision_is_offered_to_be_reversed(
    people: Any, things: Any, target: Topic, sign_in: Any
) -> None:
    lock = actions.lock(people.host, things.topic.id, REASONS)
    asked = appeal(people.ana, lock.id, "It was calm.")
    merging = actions.merge(people.moderator, things.topic.id, target.id)
    administrator, address = sign_in(people.administrator), f"/moderation/appeals/{asked.id}"
    assert 'value="reversed"' not in administrator.get(address).text
    with pytest.raises(Conflict, match="no longer holds"):
        actions.reverse(people.administrator, lock.id, "It was calm.", is_told=True)
    actions.undo(people.moderator, merging.id)
    assert 'value="reversed"' in administrator.get(address).text
    actions.reverse(people.administrator, lock.id, "It was calm.", is_told=True)
    assert get_topic(people.ana, things.topic.id).locked_at is None
