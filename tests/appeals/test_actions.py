"""Appealing and answering appeals: who may, until when, who answers, what a reversal restores."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.appeals.actions import appeal, decide_appeal, unname
from forum.appeals.queries import (
    APPEAL_PERIOD,
    decided_appeals,
    my_appeal,
    other_decider_ids,
    suspending_decision,
    suspension_appeal_path,
    waiting_appeals,
    waiting_appeals_count,
)
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import reply
from forum.dialogue.queries import get_post, get_topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.queries import practice_by_id
from forum.mail.commands import write_notice_letters
from forum.markup import write
from forum.matches import KnownAs
from forum.members.actions import appoint
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import open_reports
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import queue_entries, waiting_count
from forum.search.queries import Query, find
from tests.appeals.conftest import REASONS

LONGER = timedelta(days=7)


def notices_of(member: Any) -> list[tuple[str, str]]:
    while make_notices(SYSTEM):
        pass
    return [(notice.kind, notice.words) for notice in inbox(member).page.items]


def fresh(member: Any) -> Any:
    return get_member(SYSTEM, member.handle)


def test_an_appeal_goes_to_every_moderator_but_the_first(people, hidden) -> None:
    appeal(people.ben, hidden.id, "It was a joke among friends.")
    waits = [person for person in (people.host, people.administrator) if notices_of(person)]
    assert waits == [people.host, people.administrator]
    # "queue" is the notice of the report
    assert [kind for kind, _text in notices_of(people.host)] == ["urgent", "queue"]
    assert not [
        text for kind, text in notices_of(people.moderator) if kind == "queue" and "joke" in text
    ]
    assert [sent.decision_id for sent in waiting_appeals(people.host)] == [hidden.id]
    for person in (people.host, people.moderator, people.administrator, people.ben):
        may = [sent for sent in waiting_appeals(people.moderator) if person.can.decide_appeal(sent)]
        query = waiting_appeals_count(person)
        assert db.session.scalar(query, {"reader_id": person.id}) == len(may), person.handle
    *_others, last = queue_entries(people.moderator)
    assert (last.kind, last.is_for_others) == ("appeal", True), "what one cannot decide is last"
    assert waiting_count(people.moderator) == len(_others)


def test_another_moderator_gives_back_what_was_hidden(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    assert not find(VISITOR, Query("rude")).page.total
    done = decide_appeal(people.host, said.id, "reversed", "The tone is usual among them.")
    assert done.reversal_id and done.decided_at
    assert not get_post(VISITOR, things.first.id).is_gone
    assert find(VISITOR, Query("rude")).page.total
    answers = [text for kind, text in notices_of(people.ben) if kind == "decision"]
    assert answers[0].startswith("Your appeal was right.") and "usual among them" in answers[0]
    assert len(answers) == 2  # the notice that it was hidden, and this one
    assert not waiting_appeals(people.host)
    assert not open_reports("post", things.first.id)


def test_who_decided_and_who_reported_learn_that_it_was_taken_back(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    decide_appeal(people.host, said.id, "reversed", "The tone is usual among them.")
    reporter = next(words for kind, words in notices_of(people.ana) if kind == "report")
    assert reporter == "After an appeal the decision is taken back."
    first = next(words for kind, words in notices_of(people.moderator) if kind == "decision")
    assert first == reporter  # without names: the answer is on the page of the decision


def test_whose_posts_were_hidden_with_a_topic_learn_that_it_is_back(people, things) -> None:
    hidden = moderation.decide(people.moderator, "topic", things.topic.id, "hide", REASONS)
    assert "your posts with it" in notices_of(people.ben)[0][1]
    said = appeal(people.ana, hidden.id, "It is a quotation.")
    decide_appeal(people.host, said.id, "reversed", "It is, and short.")
    told = [words for kind, words in notices_of(people.ben) if kind == "decision"]
    assert told[0] == "After an appeal the decision is taken back." and len(told) == 2
    assert "It is, and short." not in " ".join(told), "the answer is for whom it concerns"


def test_who_reported_twice_and_appealed_is_told_of_it_once(people, things) -> None:
    moderation.report(people.ana, "post", things.first.id, reason="rules")
    kept = moderation.decide(people.moderator, "post", things.first.id, "keep")
    said = appeal(people.ana, kept.id, "It is about my office.")
    moderation.report(people.ana, "post", things.first.id, reason="rules")
    before = len(notices_of(people.ana))
    decide_appeal(people.host, said.id, "reversed", "It is rude indeed.")
    told = notices_of(people.ana)
    assert len(told) == before + 1 and told[0][1].startswith("Your appeal was right.")


def test_who_wrote_where_somebody_was_cleared_learns_that_it_is_back(people, things) -> None:
    """Ana was suspended as a spammer: her topic was hidden, and with it Ben's post."""
    cleared = moderation.clear_spam(people.moderator, people.ana.id)
    assert "your posts with it" in notices_of(people.ben)[0][1]
    ana = fresh(people.ana)
    said = appeal(ana, cleared.id, "I sell nothing.")
    decide_appeal(people.administrator, said.id, "reversed", "She does not.")
    assert not get_topic(VISITOR, things.topic.id).hidden_at
    told = [words for kind, words in notices_of(people.ben) if kind == "decision"]
    assert told[0] == "After an appeal the decision is taken back." and len(told) == 2


def test_the_letter_to_the_first_moderator_says_why_it_comes(
    people, things, hidden, letters
) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    decide_appeal(people.host, said.id, "reversed", "The tone is usual among them.")
    make_notices(SYSTEM)
    with at(now() + timedelta(hours=1)):
        write_notice_letters()
        texts = {letter.to: " ".join(letter.text.split()) for letter in letters()}
    why = "You get this e-mail because you moderate at"
    first, author = texts[people.moderator.email], texts[people.ben.email]
    assert why in first and "decides about something of yours" not in first
    assert why not in author and "decides about something of yours" in author


def test_an_appeal_that_is_not_right_changes_nothing(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    decide_appeal(people.administrator, said.id, "upheld", "Not for the person it is about.")
    assert get_post(people.moderator, things.first.id).hidden_at
    answers = [text for kind, text in notices_of(people.ben) if kind == "decision"]
    assert "The decision stays. Not for the person it is about." in answers[0]


def test_who_decided_first_and_who_is_a_party_do_not_answer(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    for person in (people.moderator, people.chitra, people.ben, VISITOR, things.other_host):
        with pytest.raises((Forbidden, NotFound)):
            decide_appeal(person, said.id, "reversed", "So be it.")
    appoint(people.administrator, people.ben.handle, "moderator")
    with pytest.raises(Forbidden):
        decide_appeal(fresh(people.ben), said.id, "reversed", "I was right.")


def test_an_appeal_is_answered_once_and_in_writing(people, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    for outcome, answer in (("upheld", " "), ("maybe", "Hm."), ("upheld", "x" * 5_001)):
        with pytest.raises(Invalid):
            decide_appeal(people.host, said.id, outcome, answer)
    decide_appeal(people.host, said.id, "upheld", "No.")
    with pytest.raises(Conflict):
        decide_appeal(people.administrator, said.id, "reversed", "Yes.")


def test_one_appeals_once_within_six_months_and_says_why(people, things, hidden) -> None:
    with pytest.raises(Invalid):
        appeal(people.ben, hidden.id, " ")
    with at(now() + APPEAL_PERIOD + timedelta(minutes=1)), pytest.raises(Forbidden):
        appeal(people.ben, hidden.id, "Late.")
    for person in (people.chitra, people.ana, VISITOR, people.host):
        with pytest.raises(NotFound):
            appeal(person, hidden.id, "For a friend.")
    with at(now() + APPEAL_PERIOD - timedelta(days=1)):
        appeal(people.ben, hidden.id, "In time.")
    with pytest.raises(Forbidden):
        appeal(people.ben, hidden.id, "Again.")
    with pytest.raises(NotFound):
        appeal(people.ben, 2**31 - 1, "Nothing.")


def test_what_is_shown_again_needs_no_appeal(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    moderation.decide(people.host, "post", things.first.id, "restore")
    with pytest.raises(Conflict):
        decide_appeal(people.administrator, said.id, "reversed", "It is there already.")
    decide_appeal(people.administrator, said.id, "upheld", "It is shown again.")
    again = moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    moderation.decide(people.moderator, "post", things.first.id, "restore")
    with pytest.raises(Forbidden):
        appeal(people.ben, again.id, "Once more.")


def test_a_reporter_appeals_when_something_was_kept(people, things) -> None:
    moderation.report(people.ana, "post", things.first.id, "rules")
    kept = moderation.decide(people.moderator, "post", things.first.id, "keep")
    with pytest.raises(NotFound):
        appeal(people.ben, kept.id, "I am glad.")
    said = appeal(people.ana, kept.id, "It is about my office.")
    decide_appeal(people.host, said.id, "reversed", "It is rude indeed.")
    assert [report.reporter_id for report in open_reports("post", things.first.id)] == [
        people.ana.id
    ]
    assert not [text for kind, text in notices_of(people.ben) if kind == "decision"]
    moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    assert get_post(people.moderator, things.first.id).hidden_at


def test_who_wrote_in_a_hidden_topic_is_told_once_and_may_appeal(people, things) -> None:
    for words in ("One.", "Two."):
        reply(people.chitra, things.topic.id, write(words))
    made = moderation.decide(people.moderator, "topic", things.topic.id, "hide", REASONS)
    for person in (people.ana, people.ben, people.chitra):
        assert len([kind for kind, _text in notices_of(person) if kind == "decision"]) == 1
    said = appeal(people.chitra, made.id, "My posts were fine.")
    decide_appeal(people.host, said.id, "reversed", "They were.")
    assert get_topic(VISITOR, things.topic.id).hidden_at is None
    words = [text for kind, text in notices_of(people.ana) if kind == "decision"]
    assert "Your appeal was right." not in words[0] and "taken back" in words[0]


@pytest.mark.parametrize("deed", ["suspend", "silence"])
def test_who_is_shut_out_appeals_too(people, things, deed: str) -> None:
    restrict = getattr(moderation, deed)
    made = restrict(people.moderator, people.ben.id, now() + LONGER, REASONS)
    ben = fresh(people.ben)
    assert bool(suspension_appeal_path(ben)) == (deed == "suspend")
    said = appeal(ben, made.id, "It was not me.")
    decide_appeal(people.administrator, said.id, "reversed", "It was somebody else.")
    ben = fresh(people.ben)
    assert ben.is_member and ben.can.write()
    assert suspension_appeal_path(ben) == ""


def test_a_longer_suspension_that_falls_leaves_the_shorter_one(people, things) -> None:
    shorter = moderation.suspend(people.moderator, people.ben.id, now() + LONGER, REASONS)
    until = fresh(people.ben).suspended_until
    made = moderation.suspend(people.moderator, people.ben.id, now() + 4 * LONGER, REASONS)
    said = appeal(fresh(people.ben), made.id, "Too long.")
    decide_appeal(people.administrator, said.id, "reversed", "A week is enough.")
    assert fresh(people.ben).suspended_until == until
    assert suspending_decision(fresh(people.ben)) == shorter


def test_each_of_the_suspended_is_led_to_their_own_decision(people, things) -> None:
    made = {
        member.id: moderation.suspend(people.moderator, member.id, now() + LONGER, REASONS)
        for member in (people.ana, people.ben)
    }
    for member in (people.ana, people.ben):
        assert suspending_decision(fresh(member)) == made[member.id]
        assert f"/{made[member.id].id}/{member.id}/" in suspension_appeal_path(fresh(member))
    with at(now() + 2 * LONGER):
        assert suspending_decision(fresh(people.ana)) is None


def test_an_appeal_is_one_persons_against_one_decision(people, things, hidden) -> None:
    warned = moderation.warn(people.moderator, people.ben.id, REASONS)
    said = appeal(people.ben, hidden.id, "It was a joke.")
    assert my_appeal(people.ben, hidden) == said
    assert my_appeal(people.ben, warned) is None and my_appeal(people.ana, hidden) is None
    assert appeal(people.ben, warned.id, "It was a joke, too.").id != said.id


def test_an_answered_appeal_waits_no_longer_and_is_among_the_answered(people, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    elsewhere = fresh(people.chitra)  # hosts another agenda
    assert elsewhere.hosts and hidden.present_agenda_id not in elsewhere.hosts

    def lists(moderator: Any) -> list[Any]:
        count = db.session.scalar(waiting_appeals_count(moderator), {"reader_id": moderator.id})
        both = waiting_appeals(moderator), decided_appeals(moderator)
        return [*([sent.id for sent in appeals] for appeals in both), count]

    assert lists(people.host) == [[said.id], [], 1] and lists(elsewhere) == [[], [], 0]
    decide_appeal(people.host, said.id, "upheld", "It was rude.")
    assert lists(people.administrator) == [[], [said.id], 0]
    assert lists(elsewhere) == [[], [], 0]


@pytest.mark.parametrize("deed", ["warn", "lock", "send_back", "clear_spam"])
def test_every_restriction_can_be_taken_back(people, things, deed: str) -> None:
    made = {
        "warn": lambda: moderation.warn(people.moderator, people.ben.id, REASONS),
        "lock": lambda: moderation.lock(people.moderator, things.topic.id, Reasons("Done.")),
        "send_back": lambda: moderation.send_back(
            people.moderator, things.practice.id, Reasons("Sources.")
        ),
        "clear_spam": lambda: moderation.clear_spam(people.moderator, people.ben.id),
    }[deed]()
    author = people.ana if deed == "lock" else fresh(people.ben)
    said = appeal(author, made.id, "Look again.")
    decide_appeal(people.administrator, said.id, "reversed", "Right.")
    assert get_topic(VISITOR, things.topic.id).locked_at is None
    assert practice_by_id(SYSTEM, things.practice.id).state == "submitted"
    assert not get_post(VISITOR, things.first.id).is_gone
    assert fresh(people.ben).is_member and fresh(people.ben).hidden_at is None
    assert any("Your appeal was right." in text for _kind, text in notices_of(author))


def test_with_a_single_moderator_the_administrator_answers_or_nobody(
    people, things, hidden
) -> None:
    assert people.administrator.id in other_decider_ids(hidden, people.ben.id)
    by_admin = moderation.suspend(people.administrator, people.ben.id, now() + LONGER, REASONS)
    for person in (people.moderator, people.host):
        appoint(people.administrator, person.handle, "member")
    assert other_decider_ids(by_admin, people.ben.id) == []


def test_an_author_who_has_left_is_no_obstacle(people, things, hidden) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    people.ben.left_at = now()
    db.session.commit()
    decide_appeal(people.host, said.id, "reversed", "So it was.")
    assert not get_post(VISITOR, things.first.id).is_gone


def test_the_name_of_who_has_left_goes_and_no_longer_word_does(people, hidden) -> None:
    said = appeal(people.ben, hidden.id, "Ben is no benchmark, says Ben.")
    decide_appeal(people.administrator, said.id, "upheld", "Benchmarks? No, Ben.")
    unname(SYSTEM, people.ben.id, KnownAs("Ben", [], "A former member"), is_silent=False)
    db.session.refresh(said)
    assert said.text == "A former member is no benchmark, says A former member."
    assert said.answer == "Benchmarks? No, A former member."
