"""Ending the suspension of a cleared spammer: the texts stay hidden, or are restored if a box is ticked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held
from forum.dialogue.queries import get_post, get_topic
from forum.errors import Forbidden, NotFound
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import (
    answered_by,
    content_cleared_of,
    is_in_effect,
    latest_undoable_decision,
    open_reports,
)
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.notifications.queries import visible_notices
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness

REASONS = Reasons("It is rude.", 2)


@pytest.fixture
def cleared(people: Any, things: Any) -> Any:
    """Ben has a reply, a submitted practice and a held text; all of it was cleared as spam."""
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    held = dialogue.reply(people.ben, things.topic.id, write("A casino."))
    decision = actions.clear_spam(people.moderator, people.ben.id)
    return things, held.id, decision


def is_shown(things: Any) -> bool:
    db.session.expire_all()
    return not get_post(SYSTEM, things.first.id).is_gone


def state_of(held_id: int) -> str:
    return str(db.session.get_one(Held, held_id, populate_existing=True).state)


@pytest.mark.parametrize("way", ["unsuspend", "restore"])
def test_the_page_says_that_texts_stay_hidden(
    sign_in: Any, people: Any, cleared: Any, way: str
) -> None:
    things, held_id, _decision = cleared
    browser, address = sign_in(people.moderator), f"/members/ben-okoth/{way}"
    for page in (browser.get(address).text, browser.post(address).text):
        assert "cleared away as advertising" in page and "A rude answer to all." in page
        assert "was refused with them" in page
        assert " checked" in page[page.index('id="shows_again"') - 60 :][:200]
    assert not is_shown(things)
    answer = browser.post(address, data={"asked": "1"})
    assert answer.status_code == 303 and not is_shown(things) and state_of(held_id) == "refused"


@pytest.mark.parametrize("way", ["unsuspend", "restore"])
def test_with_the_tick_all_comes_back_and_can_be_undone(
    sign_in: Any, people: Any, cleared: Any, way: str
) -> None:
    things, held_id, _decision = cleared
    browser, address = sign_in(people.moderator), f"/members/ben-okoth/{way}"
    page = browser.post(address, data={"asked": "1", "shows_again": "y"})
    assert page.status_code == 303 and is_shown(things) and state_of(held_id) == "waiting"
    assert not content_cleared_of(people.moderator, people.ben.id)
    from_log = actions.undo(people.moderator, latest(people.moderator))
    assert from_log.deed == "undo"
    assert not is_shown(things) and state_of(held_id) == "refused"
    member = get_member(SYSTEM, "ben-okoth")
    assert member.is_suspended if way == "unsuspend" else member.hidden_at


def latest(moderator: Any) -> int:
    decision = latest_undoable_decision(moderator)
    assert decision is not None
    return decision.id


def test_the_second_way_offers_what_the_first_has_left(
    sign_in: Any, people: Any, cleared: Any
) -> None:
    things, _held_id, _decision = cleared
    actions.unsuspend(people.moderator, people.ben.id)
    assert not is_shown(things)
    browser = sign_in(people.moderator)
    assert "cleared away as advertising" in browser.get("/members/ben-okoth/restore").text
    browser.post("/members/ben-okoth/restore", data={"asked": "1", "shows_again": "y"})
    assert is_shown(things)


def test_what_was_decided_since_stays_as_it_is(people: Any, cleared: Any) -> None:
    things, _held_id, _decision = cleared
    actions.decide(people.moderator, "post", things.first.id, "restore")
    actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    actions.unsuspend(people.moderator, people.ben.id, shows_again=True)
    assert not is_shown(things)


def test_undoing_leaves_what_was_decided_since(people: Any, cleared: Any) -> None:
    things, _held_id, _decision = cleared
    decision = actions.unsuspend(people.moderator, people.ben.id, shows_again=True)
    actions.decide(people.administrator, "post", things.first.id, "hide", REASONS)
    actions.decide(people.administrator, "post", things.first.id, "restore")
    actions.undo(people.moderator, decision.id)
    assert is_shown(things)


def test_without_anything_cleared_a_button_is_enough(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.suspend(people.moderator, people.ben.id, now() + timedelta(days=7), REASONS)
    browser = sign_in(people.moderator)
    assert browser.post("/members/ben-okoth/unsuspend").status_code == 303
    assert not get_member(SYSTEM, "ben-okoth").is_suspended


def test_the_queue_leads_to_the_page(sign_in: Any, people: Any, cleared: Any) -> None:
    page = sign_in(people.moderator).get(f"/moderation/member/{people.ben.id}").text
    assert "/members/ben-okoth/restore" in page and "stays out of sight" in page


def test_taken_back_nothing_is_left_to_offer(people: Any, cleared: Any) -> None:
    _things, _held_id, decision = cleared
    actions.undo(people.moderator, decision.id)
    assert not content_cleared_of(people.moderator, people.ben.id)


def test_who_may_not_learns_nothing(sign_in: Any, people: Any, cleared: Any) -> None:
    for person in (people.ana, people.host):
        for way in ("unsuspend", "restore"):
            answer = sign_in(person).get(f"/members/ben-okoth/{way}")
            assert answer.status_code in (403, 404) and "rude" not in answer.text
    with pytest.raises((Forbidden, NotFound)):
        actions.unsuspend(people.host, people.ben.id, shows_again=True)


# Others who wrote in a spammer's topic


@pytest.fixture
def gone(people: Any, things: Any) -> tuple[Any, Any]:
    """Ana is cleared as a spammer: her topic is removed with two replies by Ben, and another one without replies is hidden."""
    topic = dialogue.open_topic(people.ana, things.agenda.id, new("My product"))
    for _twice in range(2):
        dialogue.reply(people.ben, topic.id, write("A long reply of somebody honest."))
    dialogue.open_topic(people.ana, things.agenda.id, new("Nobody has replied"))
    return topic, actions.clear_spam(people.moderator, people.ana.id)


def new(title: str) -> dialogue.NewTopic:
    return dialogue.NewTopic("experience", title, write("Buy it."))


def notices(member: Any) -> list[Any]:
    while make_notices(SYSTEM):
        pass
    newest = visible_notices(member).order_by(Notice.id.desc())
    return [notice for notice in db.session.scalars(newest) if notice.kind == "decision"]


def removal(topic: Any) -> Decision:
    about = Decision.kind == "topic", Decision.item_id == topic.id, Decision.deed == "remove"
    (found,) = db.session.scalars(db.select(Decision).where(*about)).all()
    return found


def test_others_are_told_read_why_and_may_appeal(sign_in: Any, people: Any, gone: Any) -> None:
    topic, _decision = gone
    where = f"/moderation/decisions/{removal(topic).id}"
    (notice,) = [notice for notice in notices(people.ben) if notice.address == where]
    assert notice.heading == "A topic in which you wrote" and "your posts with it" in notice.words
    browser = sign_in(people.ben)
    page = browser.get(notice.address).text
    assert "Advertising in bulk" in page and "My product" not in page and "/appeal" in page
    assert sign_in(people.host).get(notice.address).status_code == 200
    assert browser.get(f"{notice.address}/appeal").status_code == 200
    said = appeal(people.ben, removal(topic).id, "I answered a question of others.")
    decide_appeal(people.administrator, said.id, "reversed", "So it is.")
    assert sign_in(people.ben).get(topic.address).status_code == 200
    # Only the topic is restored, Ana stays suspended
    assert get_member(SYSTEM, people.ana.handle).is_suspended


def test_where_nobody_else_wrote_nothing_more_is_written_down(
    people: Any, things: Any, gone: Any
) -> None:
    removed = db.select(Decision.item_id).where(Decision.deed == "remove")
    topics = db.session.scalars(removed.where(Decision.kind == "topic")).all()
    assert sorted(topics) == sorted([things.topic.id, gone[0].id])
    assert not [notice for notice in notices(people.ana) if "topic" in notice.heading]


def test_reports_of_the_topic_are_answered_by_the_clearing(people: Any, things: Any) -> None:
    topic = dialogue.open_topic(people.ana, things.agenda.id, new("My product"))
    dialogue.reply(people.ben, topic.id, write("Why here?"))
    actions.report(people.chitra, "topic", topic.id, "spam")
    decision = actions.clear_spam(people.moderator, people.ana.id)
    assert [report.item_id for report in answered_by(decision.id)] == [topic.id]
    actions.undo(people.moderator, decision.id)
    assert open_reports("topic", topic.id)


def test_the_removal_ends_and_holds_again_with_the_clearing(people: Any, gone: Any) -> None:
    topic, decision = gone
    # The decision itself is offered for undoing, not one that followed from it
    assert latest(people.moderator) == decision.id
    first = removal(topic)
    for _twice in range(2):
        actions.unsuspend(people.moderator, people.ana.id, shows_again=True)
        assert not is_in_effect(first) and not get_topic(people.ben, topic.id).hidden_at
        actions.undo(people.moderator, latest(people.moderator))
        assert is_in_effect(first)
        with pytest.raises(NotFound):
            get_topic(people.ben, topic.id)


def test_undoing_the_clearing_ends_the_removal(people: Any, gone: Any) -> None:
    topic, decision = gone
    actions.undo(people.moderator, decision.id)
    assert not is_in_effect(removal(topic)) and not get_topic(people.ben, topic.id).hidden_at
    with pytest.raises(Forbidden):
        appeal(people.ben, removal(topic).id, "Too late.")


def test_a_topic_that_somebody_decided_about_since_stays_as_it_is(people: Any, gone: Any) -> None:
    topic, _decision = gone
    actions.decide(people.administrator, "topic", topic.id, "restore")
    actions.decide(people.administrator, "topic", topic.id, "hide", REASONS)
    actions.unsuspend(people.moderator, people.ana.id, shows_again=True)
    assert get_topic(people.moderator, topic.id).hidden_at


def test_who_commented_on_a_practice_is_told(people: Any, things: Any) -> None:
    actions.publish(people.moderator, things.practice.id)
    db.session.refresh(things.practice)
    dialogue.reply(people.ana, things.practice.topic_id, write("We do the same."))
    notices(people.ana)
    actions.clear_spam(people.moderator, people.ben.id)
    assert notices(people.ana)[0].heading == "A page that you commented on"


def test_many_texts_are_read_together(sign_in: Any, people: Any, things: Any, queries: Any) -> None:
    counted = {}
    for number in (2, 20):
        topic = dialogue.open_topic(people.ben, things.agenda.id, new(f"With {number}"))
        posts = [dialogue.reply(people.ana, topic.id, write(f"Buy {n}.")).id for n in range(number)]
        browser = sign_in(people.moderator)
        chosen = "&".join(f"post={post_id}" for post_id in posts)
        with queries() as choosing:
            assert browser.get(f"/topics/{topic.id}/posts/hide?{chosen}").status_code == 200
        actions.clear_spam(people.moderator, people.ana.id)
        with queries() as asking:
            page = browser.post("/members/ana-prado/unsuspend")
        assert page.text.count("Buy ") >= number
        actions.unsuspend(people.moderator, people.ana.id)
        counted[number] = choosing.count, asking.count
    assert all(many <= few + 2 for few, many in zip(*counted.values(), strict=True)), counted


@pytest.fixture
def first_reply(people: Any, things: Any) -> Any:
    """A new member's first reply, which waits for a moderator's look."""
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    return dialogue.reply(people.chitra, things.topic.id, write("Which street?"))


def waits(post: Any) -> bool:
    db.session.expire_all()
    return get_post(SYSTEM, post.id).unseen_at is not None


def test_a_first_post_waits_again_since_it_did_once_a_clearing_is_undone(
    people: Any, first_reply: Any
) -> None:
    since = first_reply.unseen_at
    decision = actions.clear_spam(people.moderator, people.chitra.id)
    assert not waits(first_reply)
    actions.undo(people.moderator, decision.id)
    assert waits(first_reply) and get_post(SYSTEM, first_reply.id).unseen_at == since


def test_it_does_not_where_somebody_has_judged_it(people: Any, first_reply: Any) -> None:
    decision = actions.clear_spam(people.moderator, people.chitra.id)
    actions.decide(people.administrator, "post", first_reply.id, "restore")
    actions.undo(people.moderator, decision.id)
    assert not get_post(SYSTEM, first_reply.id).is_gone and not waits(first_reply)


def test_after_an_appeal_nobody_looks_at_it_again(people: Any, first_reply: Any) -> None:
    decision = actions.clear_spam(people.moderator, people.chitra.id)
    made = appeal(people.chitra, decision.id, "It is a question.")
    decide_appeal(people.administrator, made.id, "reversed", "You are right.")
    assert not get_post(SYSTEM, first_reply.id).is_gone and not waits(first_reply)


def test_with_the_tick_the_moderator_has_looked_at_it(people: Any, first_reply: Any) -> None:
    actions.clear_spam(people.moderator, people.chitra.id)
    actions.unsuspend(people.moderator, people.chitra.id, shows_again=True)
    assert not get_post(SYSTEM, first_reply.id).is_gone and not waits(first_reply)
