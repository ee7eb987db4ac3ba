"""Two administrators tell all members at the same moment: it is done once, and the other reads why it was not done again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.clock import day_in_words, now
from forum.db import db
from forum.dialogue.models import Topic
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Deed
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, require_sound
from tests.races import at_once, meanwhile, slowly

own, topics = races.own, races.topics  # two topics by one administrator, each with two replies
ANOTHER = (
    "All members were told about another topic not long ago. They can be told about this one from "
)


@pytest.fixture(autouse=True)
def _another_administrator(own: Flask, topics: list[int]) -> None:
    joining = Joining("Eva Holm", "eva@example.org", "-")
    members.add_member(SYSTEM, joining, "administrator")


def slow(handle: str, deed: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: slowly(deed, person(handle), *args)


def told(name: str) -> str:
    return f"{name} told all members about this topic on {day_in_words(now().date())}."


def require_told_once(topic_id: int, teller: str) -> None:
    """One topic has been told by one administrator, in one event, which makes one notice for each of the others."""
    found = db.session.scalars(select(Topic.id).where(Topic.told_all_at.is_not(None))).all()
    deeds = db.session.scalars(select(Decision).where(Decision.deed == Deed.TELL_ALL)).all()
    event = db.session.scalars(select(Event).where(Event.kind == "announcement")).one()
    assert [*found] == [topic_id] == [deed.item_id for deed in deeds]
    assert {deed.moderator_id for deed in deeds} == {event.actor_id} == {person(teller).id}
    require_sound(6)
    notices = select(Notice.member_id).where(Notice.kind == "announcement")
    others = select(Member.id).where(Member.id.not_in([event.actor_id, *event.but]))
    assert sorted(db.session.scalars(notices)) == sorted(db.session.scalars(others))


def test_of_the_same_topic(own: Flask, topics: list[int]) -> None:
    first = slow("adam-de-wit", actions.tell_all, topics[0])
    second = meanwhile(by("eva-holm", actions.tell_all, topics[0]))
    assert at_once(own, [first, second]) == ["done", told("Adam de Wit")]
    require_told_once(topics[0], "adam-de-wit")


def test_of_two_topics(own: Flask, topics: list[int]) -> None:
    first = slow("adam-de-wit", actions.tell_all, topics[0])
    second = meanwhile(by("eva-holm", actions.tell_all, topics[1]))
    done, refused = at_once(own, [first, second])
    assert done == "done" and refused.startswith(ANOTHER)
    require_told_once(topics[0], "adam-de-wit")


@pytest.mark.parametrize("is_same", [True, False])
def test_whoever_comes_first(own: Flask, topics: list[int], is_same: bool) -> None:
    """Both press twice, as impatient people do."""
    tries = [("adam-de-wit", topics[0]), ("eva-holm", topics[0 if is_same else 1])] * 2
    said = at_once(own, [by(handle, actions.tell_all, topic) for handle, topic in tries])
    assert said.count("done") == 1
    teller, topic_id = tries[said.index("done")]
    name = person(teller).name
    for (_handle, topic), words in zip(tries, said, strict=True):
        if words != "done":
            assert words == told(name) if topic == topic_id else words.startswith(ANOTHER)
    require_told_once(topic_id, teller)


def test_who_tells_of_what_is_hidden_in_that_moment_is_refused(
    own: Flask, topics: list[int]
) -> None:
    reasons = Reasons("It is wrong.", 2)
    first = slow("mona-berg", actions.decide, "topic", topics[0], "hide", reasons)
    second = meanwhile(by("adam-de-wit", actions.tell_all, topics[0]))
    done, refused = at_once(own, [first, second])
    assert done == "done" != refused
    assert not db.session.scalar(select(func.count()).where(Event.kind == "announcement"))
    require_sound(6)


def test_two_workers_tell_each_member_once(own: Flask, topics: list[int]) -> None:
    actions.tell_all(person("adam-de-wit"), topics[0])
    second = meanwhile(lambda: make_notices(SYSTEM))
    assert (
        at_once(own, [lambda: slowly(make_notices, SYSTEM, most_watchers=1), second])
        == ["done"] * 2
    )
    require_told_once(topics[0], "adam-de-wit")
