"""A deed that waits for a row is of the moment at which it has got it, and not of one before that of the deed it waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas.actions import note_activity
from forum.clock import at, now
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import new_posts_in, topic_to_change
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.queries import lock_member
from forum.moderation import actions as moderation
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import AGENDA, TOPIC, Notice
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.screening.actions import RuleText, make_rule
from tests.moderation import test_races as races
from tests.moderation.test_races import person
from tests.races import at_once, let_others_come, meanwhile

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies


@pytest.fixture(autouse=True)
def clock(own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time, in a list: all threads go by it."""
    begin = datetime.now(UTC).replace(
        microsecond=0
    )  # and not when the file is loaded, maybe hours before
    moments = [begin + timedelta(hours=1)]

    class Set(datetime):
        @classmethod
        def now(cls, _tz: Any = None) -> Any:
            return moments[0]

    monkeypatch.setattr("forum.clock.datetime", Set)
    return moments


def holding(
    lock: Callable[[], object], clock: list[datetime], deed: Callable[[], object]
) -> Callable[[], None]:
    """A deed for `at_once` that holds a lock until others wait for it; seconds pass, another thing is done, and more pass."""

    @action
    def hold(_doer: Any) -> None:
        lock()
        let_others_come()
        clock[0] += timedelta(seconds=5)
        with at(clock[0]):  # as a deed of its own that does not wait
            deed()
        db.session.flush()
        clock[0] += timedelta(seconds=5)

    return lambda: hold(VISITOR)


def replying(topic_id: int, key: str | None = None) -> Callable[[], Any]:
    """A reply that waits; one from a form has a key, and asks for the time before the text is screened."""
    said = write("It waited.")
    return meanwhile(lambda: dialogue.reply(person("mona-berg"), topic_id, said, key))


def test_posts_are_dated_in_the_order_of_their_numbers(
    own: Flask, topics: list[int], clock: list[datetime]
) -> None:
    """Who waited, here for what was done with the account, has the later number."""
    mona, adam = person("mona-berg").id, person("adam-de-wit")
    reply = holding(
        lambda: lock_member(mona),
        clock,
        lambda: dialogue.reply(adam, topics[0], write("It came before.")),
    )
    assert at_once(own, [reply, replying(topics[0])]) == ["done"] * 2
    posts = db.session.execute(select(Post.source, Post.created_at).order_by(Post.number))
    dates = {source: at for source, at in posts if source.startswith("It ")}
    assert [*dates] == ["It came before.", "It waited."] and [*dates.values()] == sorted(
        dates.values()
    )
    topic = db.session.get_one(Topic, topics[0])
    assert topic.active_at == dates["It waited."] == clock[0]


def test_a_reply_that_waited_is_new_to_who_had_read_everything_before_it(
    own: Flask, topics: list[int], clock: list[datetime]
) -> None:
    adam = person("adam-de-wit")
    read = holding(
        lambda: topic_to_change(SYSTEM, topics[0]), clock, lambda: dialogue.read_all(adam)
    )
    assert at_once(own, [read, replying(topics[0])]) == ["done"] * 2
    assert new_posts_in(adam, [db.session.get_one(Topic, topics[0])])[topics[0]].count == 1


def told_to(member_id: int) -> list[str]:
    """The texts of the notices of a member, which the worker makes first."""
    while make_notices(SYSTEM):
        pass
    return list(db.session.scalars(select(Notice.text).where(Notice.member_id == member_id)))


@pytest.fixture
def eva(own: Flask) -> Any:
    return members.add_member(SYSTEM, Joining("Eva Holm", "eva@example.org", "-"), "member")


def test_a_reply_that_waited_is_told_to_who_began_to_watch_before_it(
    own: Flask, topics: list[int], clock: list[datetime], eva: Any
) -> None:
    begins = holding(
        lambda: topic_to_change(SYSTEM, topics[0]), clock, lambda: watch(eva, TOPIC, topics[0])
    )
    assert at_once(own, [begins, replying(topics[0])]) == ["done"] * 2
    assert told_to(eva.id) == ["It waited."]


def writing_on(agenda_id: int) -> Callable[[], None]:
    """The lock of another text on the same agenda, which is the latest there until its deed ends."""
    return lambda: note_activity(SYSTEM, agenda_id, now())


def test_a_reply_that_waited_for_its_agenda_is_told_to_who_began_to_watch_before_it(
    own: Flask, topics: list[int], clock: list[datetime], eva: Any
) -> None:
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    begins = holding(writing_on(agenda_id), clock, lambda: watch(eva, TOPIC, topics[0]))
    assert at_once(own, [begins, replying(topics[0], "its key")]) == ["done"] * 2
    assert told_to(eva.id) == ["It waited."]


def test_a_topic_that_waited_for_its_agenda_is_told_to_who_began_to_watch_before_it(
    own: Flask, topics: list[int], clock: list[datetime], eva: Any
) -> None:
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    new = dialogue.NewTopic("question", "Why?", write("It waited."))
    begins = holding(writing_on(agenda_id), clock, lambda: watch(eva, AGENDA, agenda_id))
    opens = meanwhile(
        lambda: dialogue.open_topic(person("mona-berg"), agenda_id, new, key="its key")
    )
    assert at_once(own, [begins, opens]) == ["done"] * 2
    assert told_to(eva.id) == ["It waited."]


def test_a_reply_that_waited_for_its_agenda_is_new_to_who_had_read_everything_before_it(
    own: Flask, topics: list[int], clock: list[datetime]
) -> None:
    adam, topic = person("adam-de-wit"), db.session.get_one(Topic, topics[0])
    read = holding(writing_on(topic.agenda_id), clock, lambda: dialogue.read_all(adam))
    assert at_once(own, [read, replying(topics[0], "its key")]) == ["done"] * 2
    assert new_posts_in(adam, [db.session.get_one(Topic, topics[0])])[topics[0]].count == 1


REVISED = write("It was late.")
APPROVING: dict[str, Callable[[Any, int], Any]] = {
    "on its own": moderation.approve,
    "by a revision": lambda _moderator, held_id: dialogue.revise(
        person("ben-okafor"), held_id, REVISED
    ),
    "in the queue": lambda moderator, held_id: queue.decide(
        moderator, "held", held_id, queue.Choice("approve")
    ),
    "on its page": lambda moderator, held_id: moderation.decide_here(
        moderator, [("held", held_id)], [], lambda doer: moderation.approve(doer, held_id)
    ),
}


@pytest.mark.parametrize("where", APPROVING)
@pytest.mark.parametrize("what", ["a reply", "a topic"])
def test_a_held_text_that_waited_for_its_agenda_is_told_to_who_began_to_watch_before_it(
    own: Flask, topics: list[int], clock: list[datetime], eva: Any, where: str, what: str
) -> None:
    make_rule(person("adam-de-wit"), RuleText("word", "waited", "We read this first."))
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    new = dialogue.NewTopic("question", "Why?", write("It waited."))
    if what == "a topic":
        held = dialogue.open_topic(person("ben-okafor"), agenda_id, new)
    else:
        held = dialogue.reply(person("ben-okafor"), topics[0], new.text)
    db.session.commit()
    said = REVISED.source if where == "by a revision" else "It waited."
    held_id, moderator = held.id, person("mona-berg")
    begins = holding(writing_on(agenda_id), clock, lambda: watch(eva, AGENDA, agenda_id))
    if what == "a reply":
        begins = holding(writing_on(agenda_id), clock, lambda: watch(eva, TOPIC, topics[0]))
    approves = meanwhile(lambda: APPROVING[where](moderator, held_id))
    assert at_once(own, [begins, approves]) == ["done"] * 2
    assert told_to(eva.id) == [said]
