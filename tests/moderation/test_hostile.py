"""Undoing decisions after other changes, and what hosts of other agendas can see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.actions import set_hosts
from forum.appeals import actions as appeals
from forum.appeals.models import Appeal
from forum.appeals.queries import standing
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Held
from forum.errors import Forbidden, Refusal
from forum.library import actions as library
from forum.markup import write
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Report
from forum.moderation.queries import answered_by, get_thing, is_in_effect, related_decisions
from forum.screening.actions import RuleText, make_rule

REASONS = Reasons("It is rude.", 2)
WEEK = timedelta(days=7)


@pytest.mark.parametrize("deed", ["silence", "suspend"])
def test_taking_one_pause_back_leaves_another_that_holds(
    people: Any, things: Any, deed: str
) -> None:
    act, name = getattr(moderation, deed), {"silence": "silenced", "suspend": "suspended"}[deed]
    first = act(people.moderator, people.ben.id, now() + WEEK, REASONS)
    later = now() + 3 * WEEK
    second = act(people.administrator, people.ben.id, later, REASONS)
    moderation.reverse(people.administrator, first.id, "It was right.", is_told=True)
    db.session.refresh(people.ben)
    assert (
        getattr(people.ben, f"{name}_until") == later
        and is_in_effect(second)
        and not is_in_effect(first)
    )
    moderation.reverse(people.moderator, second.id, "That too.", is_told=True)
    db.session.refresh(people.ben)
    assert getattr(people.ben, f"{name}_until") is None


def test_taking_the_longer_pause_back_leaves_the_shorter(people: Any, things: Any) -> None:
    end = now() + WEEK
    moderation.silence(people.moderator, people.ben.id, end, REASONS)
    second = moderation.silence(people.administrator, people.ben.id, now() + 3 * WEEK, REASONS)
    moderation.reverse(people.moderator, second.id, "Too long.", is_told=True)
    db.session.refresh(people.ben)
    assert people.ben.silenced_until == end


def test_what_is_restricted_again_by_an_undo_can_be_appealed(people: Any, things: Any) -> None:
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    restored = moderation.decide(people.administrator, "post", things.first.id, "restore")
    assert not is_in_effect(hidden)
    moderation.undo(people.administrator, restored.id)
    assert is_in_effect(hidden) and people.ben.can.appeal(standing(people.ben, hidden))
    silenced = moderation.silence(people.moderator, people.ben.id, now() + WEEK, REASONS)
    back = moderation.unsilence(people.administrator, people.ben.id)
    moderation.undo(people.administrator, back.id)
    db.session.refresh(people.ben)
    assert people.ben.is_silenced and is_in_effect(silenced)


def _advertiser(people: Any, things: Any) -> tuple[Any, Any, Any]:
    """Let Ben write a topic and a held text, besides the replies and the practice that he has, and clear all of it as spam."""
    make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    new = NewTopic("experience", "Buy", write("Buy this."))
    topic = dialogue.open_topic(people.ben, things.agenda.id, new)
    waiting = dialogue.reply(people.ben, things.topic.id, write("Buy a zeppelin."))
    return topic, waiting, moderation.clear_spam(people.moderator, people.ben.id)


def test_what_an_advertiser_lets_wait_leaves_the_queue_and_comes_back(
    people: Any, things: Any
) -> None:
    _topic, waiting, cleared = _advertiser(people, things)
    assert db.session.get_one(Held, waiting.id).refused_at is not None
    moderation.undo(people.moderator, cleared.id)
    assert db.session.get_one(Held, waiting.id, populate_existing=True).decided_at is None


def test_spam_is_taken_back_although_some_of_it_is_gone_or_decided_meanwhile(
    people: Any, things: Any
) -> None:
    topic, waiting, cleared = _advertiser(people, things)
    # This post gets a decision of its own, which stays when the clearing is undone
    moderation.decide(people.administrator, "post", things.first.id, "restore")
    moderation.decide(people.administrator, "post", things.first.id, "hide", REASONS)
    db.session.delete(db.session.get_one(Held, waiting.id))
    practice = db.session.get_one(type(things.practice), things.practice.id)
    practice.deleted_at = now()
    db.session.commit()
    moderation.undo(people.moderator, cleared.id)
    assert get_thing(people.moderator, "topic", topic.id).state == "shown"
    assert get_thing(people.moderator, "post", things.first.id).state == "hidden"


def test_a_host_reads_no_decision_of_the_agenda_that_a_topic_has_moved_to(
    people: Any, things: Any
) -> None:
    decision = moderation.lock(people.host, things.topic.id, Reasons("Elsewhere."))
    moderation.unlock(people.host, things.topic.id)
    moderation.move(people.moderator, things.topic.id, things.other.id)
    moderation.lock(things.other_host, things.topic.id, Reasons("Only for Chitra's file."))
    seen = [
        related_decision.reason for related_decision in related_decisions(people.host, decision)
    ]
    assert not any("Chitra" in reason for reason in seen)
    seen = [
        related_decision.reason
        for related_decision in related_decisions(people.moderator, decision)
    ]
    assert any("Chitra" in reason for reason in seen)


def test_whoever_answers_an_appeal_reads_what_was_reported(
    people: Any, things: Any, sign_in: Any
) -> None:
    moderation.report(people.ana, "post", things.first.id, "rules", "He shouted at me.")
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    asked = appeals.appeal(people.ben, hidden.id, "I did not.")
    browser = sign_in(people.administrator)
    for address in (f"/moderation/appeals/{asked.id}", f"/moderation/appeal/{asked.id}"):
        assert "He shouted at me." in browser.get(address).get_data(as_text=True), address
    assert "shouted" not in sign_in(people.ben).get(
        f"/moderation/decisions/{hidden.id}/appeal"
    ).get_data(as_text=True)


DECISIONS = ("hide", "keep", "restore")


def test_every_deed_about_what_is_gone_is_done_or_refused_in_words(
    people: Any, things: Any
) -> None:
    """A post was deleted by its author, an agenda is archived, a topic has lost its first post: no action raises an error."""
    moderation.report(people.ana, "post", things.first.id, "rules")
    moderation.report(people.ben, "topic", things.topic.id, "rules")
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    asked = appeals.appeal(people.ben, hidden.id, "It was kind.")
    dialogue.delete(people.ben, things.first.id)
    moderation.archive(people.moderator, things.agenda.id)
    for kind, item_id in (("post", things.first.id), ("topic", things.topic.id)):
        for deed in DECISIONS:
            _in_words(
                lambda k=kind, i=item_id, d=deed: moderation.decide(
                    people.moderator, k, i, d, REASONS
                )
            )
    _in_words(lambda: moderation.lock(people.moderator, things.topic.id, REASONS))
    for deed in (moderation.unlock, moderation.pin, moderation.unpin):
        _in_words(lambda d=deed: d(people.moderator, things.topic.id))
    _in_words(lambda: moderation.move(people.moderator, things.topic.id, things.other.id))
    _in_words(lambda: moderation.undo(people.moderator, hidden.id))
    _in_words(lambda: appeals.decide_appeal(people.administrator, asked.id, "reversed", "Yes."))
    _in_words(lambda: appeals.decide_appeal(people.administrator, asked.id, "upheld", "Gone."))


def _in_words(deed: Any) -> None:
    try:
        deed()
    except Refusal as refusal:
        assert refusal.message == "" or refusal.message.endswith("."), refusal.message


def test_a_practice_deleted_after_it_was_returned_can_be_appealed_and_answered(
    people: Any, things: Any
) -> None:
    returned = moderation.send_back(people.moderator, things.practice.id, Reasons("Sources."))
    asked = appeals.appeal(people.ben, returned.id, "They are there.")
    library.delete_practice(people.ben, things.practice.id)
    for outcome in ("reversed", "upheld"):
        _in_words(
            lambda o=outcome: appeals.decide_appeal(people.administrator, asked.id, o, "Gone.")
        )
    assert db.session.get_one(Appeal, asked.id, populate_existing=True).decided_at is not None


def test_a_host_of_elsewhere_touches_nothing_here(people: Any, things: Any) -> None:
    """With every action, for every id."""
    moderation.report(people.ana, "post", things.first.id, "rules")
    hidden = moderation.decide(people.host, "post", things.second.id, "hide", REASONS)
    before = db.session.scalar(db.select(db.func.count()).select_from(Report))
    other = things.other_host
    for deed in (
        lambda: moderation.decide(other, "post", things.first.id, "hide", REASONS),
        lambda: moderation.decide(other, "topic", things.topic.id, "hide", REASONS),
        lambda: moderation.decide(other, "case", things.case.id, "hide", REASONS),
        lambda: moderation.publish(other, things.practice.id),
        lambda: moderation.move(other, things.topic.id, things.other.id),
        lambda: moderation.undo(other, hidden.id),
        lambda: moderation.reverse(other, hidden.id, "Mine.", is_told=True),
    ):
        with pytest.raises(Refusal):
            deed()
    assert db.session.scalar(db.select(db.func.count()).select_from(Report)) == before
    assert len(answered_by(hidden.id)) == 0


def test_who_is_host_no_longer_takes_nothing_back(people: Any, things: Any) -> None:
    hidden = moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    set_hosts(people.moderator, things.agenda.id, [])
    with pytest.raises(Refusal):
        moderation.undo(people.host, hidden.id)
    with at(now() + timedelta(minutes=1)), pytest.raises(Refusal):
        moderation.decide(people.host, "post", things.first.id, "restore")


def test_nobody_ends_what_another_moderator_decided_about_them(people: Any, things: Any) -> None:
    """A host whom the decision concerns may appeal, as any member."""
    theirs = dialogue.reply(people.host, things.topic.id, write("You are fools."))
    hidden = moderation.decide(people.moderator, "post", theirs.id, "hide", REASONS)
    with pytest.raises(Forbidden, match="appeal"):
        moderation.decide(people.host, "post", theirs.id, "restore")
    new = NewTopic("question", "Mine", write("Fools?"))
    topic = dialogue.open_topic(people.host, things.agenda.id, new)
    moderation.lock(people.moderator, topic.id, Reasons("Enough."))
    with pytest.raises(Forbidden, match="appeal"):
        moderation.unlock(people.host, topic.id)
    assert people.host.can.appeal(standing(people.host, hidden))
    moderation.decide(people.moderator, "post", theirs.id, "restore")
    # A host may still end the host's own decisions
    moderation.decide(people.host, "post", theirs.id, "hide", REASONS)
    moderation.decide(people.host, "post", theirs.id, "restore")
