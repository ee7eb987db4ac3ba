"""Decisions that make topics slow: their record, notices and undoing, and slow topics that are split or merged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.dialogue.models import PACES, Pace, Topic
from forum.dialogue.queries import get_topic
from forum.errors import Conflict, Forbidden, Invalid, TooSoon
from forum.markup import write
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.actions.topics import SLOW_THERE
from forum.moderation.models import Decision
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from tests import races
from tests.moderation.conftest import notices_of, undo
from tests.races import a_topic, at_once, who

own = races.own  # over a database of its own, in which commits are real
WHY = Reasons("It is heated.")
SAID = "This topic is slow: each member can write here once an hour."
FIELDS = {"minutes": "60", "lasts": "3", "reason": "It is heated."}
HOUR = timedelta(hours=1)


def pace_of(topic_id: int) -> Pace | None:
    return get_topic(SYSTEM, topic_id).pace


def words_to(member: Any) -> list[tuple[str, str]]:
    return [(notice.kind, notice.words) for notice in notices_of(member)]


def slow(moderator: Any, things: Any, minutes: int = 60, days: int = 0) -> Decision:
    until = now() + timedelta(days=days) if days else None
    return actions.slow(moderator, things.topic.id, Pace(minutes, until), WHY)


@pytest.mark.usefixtures("sound")
def test_it_happens_once_and_is_written_down(people: Any, things: Any) -> None:
    decision = slow(people.host, things, days=3)
    assert decision.what_was_done == SAID and decision.reason == "It is heated."
    assert decision.until == pace_of(things.topic.id).until  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        slow(people.moderator, things)
    assert ("decision", f"{SAID} It is heated.") in words_to(people.ana)
    actions.unslow(people.host, things.topic.id)
    with pytest.raises(Conflict):
        actions.unslow(people.host, things.topic.id)
    said = "Not slow any more: members can write as often as they like."
    assert ("decision", said) in words_to(people.ana)
    log = queries.decision_log(people.moderator).items
    assert [decision.deed for decision in log][:2] == ["unslow", "slow"]
    assert find(VISITOR, Query("quiet")).texts  # search finds it as before


def test_it_needs_a_reason_and_an_end_ahead(people: Any, things: Any) -> None:
    for reasons in (Reasons(), Reasons("  "), Reasons("x" * 2_001)):
        with pytest.raises(Invalid):
            actions.slow(people.host, things.topic.id, Pace(60), reasons)
    with pytest.raises(Invalid):
        actions.slow(people.host, things.topic.id, Pace(60, now()), WHY)
    with pytest.raises(Invalid):
        actions.slow(people.host, things.topic.id, Pace(61), WHY)
    with pytest.raises(Forbidden):
        slow(people.ana, things)
    assert pace_of(things.topic.id) is None


def test_a_slow_mode_that_is_over_can_begin_again(people: Any, things: Any) -> None:
    slow(people.host, things, 10, days=1)
    with at(now() + timedelta(days=2)):
        with pytest.raises(Conflict):
            actions.unslow(people.host, things.topic.id)
        slow(people.host, things, 1440)
        assert pace_of(things.topic.id) == Pace(1440, None, "It is heated.")


def test_both_deeds_are_undone(people: Any, things: Any) -> None:
    slow(people.host, things, days=3)
    undo(people.host)
    assert pace_of(things.topic.id) is None
    slow(people.moderator, things, days=3)
    before = pace_of(things.topic.id)
    actions.unslow(people.host, things.topic.id)
    undo(people.host)
    assert pace_of(things.topic.id) == before is not None


def test_nobody_ends_what_another_decided_about_their_own_topic(
    people: Any, agenda: Agenda
) -> None:
    new = dialogue.NewTopic("experience", "Of the host", write("Text."))
    topic = dialogue.open_topic(people.host, agenda.id, new)
    actions.slow(people.moderator, topic.id, Pace(60), WHY)
    with pytest.raises(Forbidden):
        actions.unslow(people.host, topic.id)
    actions.unslow(people.administrator, topic.id)


# Pages


def test_a_moderator_slows_a_topic_down_with_a_form(people: Any, things: Any, sign_in: Any) -> None:
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/slow"
    assert f'href="{address}"' in browser.get(things.topic.address).text
    form = browser.get(address).text
    for words in ("Once in 10 minutes", "Once a day", "Until a moderator ends it", "Slow down"):
        assert words in form
    assert "its author is told" in form
    refused = browser.post(address, data={**FIELDS, "reason": ""})
    assert refused.status_code == 422
    assert browser.post(address, data={**FIELDS, "minutes": "1"}).status_code == 422
    assert browser.post(address, data={**FIELDS, "lasts": "999"}).status_code == 422
    assert browser.post(address, data=FIELDS).status_code == 303
    pace = pace_of(things.topic.id)
    assert pace is not None and pace.minutes == 60 and pace.reason == "It is heated."
    assert pace.until is not None and timedelta(0) <= now() + timedelta(days=3) - pace.until < HOUR
    text = browser.get(things.topic.address).text
    assert SAID in text and f"/topics/{things.topic.id}/unslow" in text
    assert browser.post(f"/topics/{things.topic.id}/unslow").status_code == 303
    assert SAID not in browser.get(things.topic.address).text
    data = {**FIELDS, "lasts": "lifted"}
    assert browser.post(address, data=data).status_code == 303
    assert pace_of(things.topic.id) == Pace(60, None, "It is heated.")
    assert "Slowed down" in browser.get("/moderation/log").text


# Regrouping


@pytest.fixture
def other(people: Any, things: Any) -> Topic:
    """Another topic on the same agenda."""
    new = dialogue.NewTopic("experience", "Bells at night", write("They ring."))
    return dialogue.open_topic(people.ben, things.agenda.id, new)


END, LATER = now() + timedelta(days=1), now() + timedelta(days=3)
CALM = Pace(10, END, "Calm.")
HEATED = Pace(480, LATER, "Heated.")
ENDLESS = Pace(60, None, "Endless.")
THERE = {
    10: "It is slow there now: each member can write once in 10 minutes.",
    480: "It is slow there now: each member can write once in 8 hours.",
}
MERGERS: dict[str, tuple[Pace | None, Pace | None, Pace | None]] = {
    "neither": (None, None, None),
    "only the one that goes": (HEATED, None, HEATED),
    "only the target": (None, HEATED, HEATED),
    "the one that goes more": (HEATED, CALM, HEATED),
    "the target more": (CALM, HEATED, HEATED),
    "both the same": (CALM, CALM, CALM),
    "one without an end": (HEATED, ENDLESS, Pace(480, None, "Heated.")),
    "the target without an end": (CALM, ENDLESS, ENDLESS),
    "one that is over": (Pace(1440, now() - HOUR, "Over."), CALM, CALM),
    "the target is over": (CALM, Pace(1440, now() - HOUR, "Over."), CALM),
}


def test_the_log_has_words_for_every_pace() -> None:
    assert SLOW_THERE.keys() == PACES.keys()


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("which", MERGERS)
def test_the_stricter_pace_stays_with_the_target_of_a_merger(
    people: Any, things: Any, other: Topic, which: str
) -> None:
    goes, target, made = MERGERS[which]
    for topic, pace in ((other, goes), (things.topic, target)):
        if pace:
            dialogue.slow(people.host, topic.id, pace)
    decision = actions.merge(people.host, other.id, things.topic.id)
    assert pace_of(things.topic.id) == made
    said = f"Put into “{things.topic.title}”."
    assert decision.what_was_done == (said if made == target else f"{said} {THERE[made.minutes]}")  # type: ignore[union-attr]
    undo(people.host)
    assert (pace_of(other.id), pace_of(things.topic.id)) == (goes, target)


def test_a_pace_that_was_chosen_since_survives_that_a_merger_is_undone(
    people: Any, things: Any, other: Topic
) -> None:
    dialogue.slow(people.host, other.id, HEATED)
    merged = actions.merge(people.host, other.id, things.topic.id)
    dialogue.slow(people.host, things.topic.id, ENDLESS)
    actions.undo(people.host, merged.id)
    assert (pace_of(other.id), pace_of(things.topic.id)) == (HEATED, ENDLESS)


@pytest.mark.usefixtures("sound")
def test_a_part_that_is_split_off_is_as_slow(people: Any, things: Any) -> None:
    dialogue.slow(people.host, things.topic.id, HEATED)
    part = dialogue.SplitTarget("A rude answer", "experience", things.agenda.id)
    made = actions.split(people.host, things.topic.id, [things.first.id], part)
    new_id = made.kept["target"]
    assert pace_of(new_id) == HEATED == pace_of(things.topic.id)
    undo(people.host)
    assert pace_of(things.topic.id) == HEATED
    with at(LATER):
        again = actions.split(people.host, things.topic.id, [things.second.id], part)
    assert pace_of(again.kept["target"]) is None


def test_a_topic_that_moves_stays_slow(people: Any, things: Any) -> None:
    dialogue.slow(people.host, things.topic.id, HEATED)
    actions.move(people.moderator, things.topic.id, things.other.id)
    assert pace_of(things.topic.id) == HEATED
    with pytest.raises(TooSoon):  # the host of another agenda has to wait like everybody
        dialogue.reply(people.host, things.topic.id, write("One."))
        dialogue.reply(people.host, things.topic.id, write("Two."))


# At the same moment


def test_of_several_windows_one_gets_through(own: Flask) -> None:
    topic_id = a_topic()
    dialogue.slow(who("mona-berg"), topic_id, Pace(60))
    for hours in range(4):
        moment = now() + timedelta(hours=hours)

        def reply(words: str, moment: Any = moment) -> Callable[[], None]:
            def deed() -> None:
                with at(moment):
                    dialogue.reply(who("ana-prado"), topic_id, write(words), words)

            return deed

        outcomes = at_once(own, [reply(f"{hours} {number}") for number in range(4)])
        assert outcomes.count("done") == 1, outcomes
        assert sum("You can write again from" in outcome for outcome in outcomes) == 3
    assert get_topic(SYSTEM, topic_id).replies_count == 4
