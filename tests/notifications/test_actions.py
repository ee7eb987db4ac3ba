"""From events to the notices of the members concerned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.event import listen, remove

from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.members.models import Member
from forum.notifications import actions
from forum.notifications.models import DEFAULT_WAYS, Event
from forum.notifications.queries import (
    digests_waiting,
    inbox,
    level_of,
    notices_for_digest,
    settings_of,
    unread_count,
    visible_notices,
    watches_of,
    ways_of,
)
from forum.permissions import SYSTEM, VISITOR


def note(people: Any, *, is_named: bool = True, **more: Any) -> None:
    concerned = [people.ana.id, people.chitra.id, people.ben.id, None, people.ana.id]
    notice = actions.NoticeText("reply", "/topics/1", "A reply", **more)
    actions.note_event(people.ben, notice, concerned, is_named=is_named)


def titles(member: Any, number: int = 1) -> list[str]:
    return [notice.title for notice in inbox(member, number).page.items]


def test_everybody_concerned_is_told_once_but_not_the_doer(people: Any) -> None:
    note(people)
    assert actions.make_notices(SYSTEM) == 1
    assert actions.make_notices(SYSTEM) == 0
    assert titles(people.ana) == titles(people.chitra) == ["A reply"]
    assert titles(people.ben) == []
    assert inbox(people.ana).page.items[0].actor.name == people.ben.name


def test_a_deed_that_concerns_only_its_doer_is_no_event(people: Any) -> None:
    actions.note_event(people.ben, actions.NoticeText("reply", "/topics/1"), [people.ben.id, None])
    assert db.session.scalar(select(Event)) is None


def test_events_become_notices_in_portions(people: Any) -> None:
    for _number in range(3):
        note(people)
    assert actions.make_notices(SYSTEM, limit=2) == 2
    assert actions.make_notices(SYSTEM, limit=2) == 1
    assert len(titles(people.ana)) == 3


def test_what_happened_while_the_clock_was_ahead_is_told_when_it_is_right_again(
    people: Any,
) -> None:
    with at(now() + timedelta(days=3)):
        note(people)
    assert actions.make_notices(SYSTEM) == 1
    assert titles(people.ana) == ["A reply"]
    assert inbox(people.ana).page.items[0].created_at <= now()


def test_who_reported_stays_unnamed(people: Any) -> None:
    note(people, is_named=False)
    actions.make_notices(SYSTEM)
    assert inbox(people.ana).page.items[0].actor is None


def test_a_long_text_is_cut(people: Any) -> None:
    note(people, text="word " * 500)
    actions.make_notices(SYSTEM)
    assert len(inbox(people.ana).page.items[0].text) <= 400


def test_reading_is_for_the_member_alone(people: Any) -> None:
    note(people, topic_id=1)
    note(people, topic_id=2)
    actions.make_notices(SYSTEM)
    first = inbox(people.ana).page.items[0]
    with pytest.raises(NotFound):
        actions.read(people.chitra, first.id)
    assert actions.read(people.ana, first.id).address == "/topics/1"
    assert (unread_count(people.ana), unread_count(people.chitra)) == (1, 2)
    actions.read_topic(people.ana, 1)
    assert unread_count(people.ana) == 0
    actions.read_all(people.chitra)
    assert unread_count(people.chitra) == 0


def test_reading_again_keeps_the_first_time(people: Any) -> None:
    note(people)
    actions.make_notices(SYSTEM)
    notice_id = inbox(people.ana).page.items[0].id
    first = actions.read(people.ana, notice_id).read_at
    with at(now() + timedelta(days=1)):
        assert actions.read(people.ana, notice_id).read_at == first


def test_what_is_hidden_is_told_to_nobody_until_it_is_restored(people: Any) -> None:
    note(people, topic_id=1, post_id=5)
    actions.make_notices(SYSTEM)
    note(people, topic_id=1, post_id=6)  # an event whose notices are not made yet
    actions.hide_notices(people.moderator, topic_id=1)
    assert actions.make_notices(SYSTEM) == 0
    assert titles(people.ana) == []
    assert unread_count(people.ana) == 0
    actions.restore_notices(people.moderator, topic_id=1)
    actions.make_notices(SYSTEM)
    assert len(titles(people.ana)) == 2


def test_hiding_one_post_hides_only_what_is_about_it(people: Any) -> None:
    note(people, topic_id=1, post_id=5)
    note(people, topic_id=1, post_id=6)
    actions.make_notices(SYSTEM)
    actions.hide_notices(people.moderator, post_id=5)
    assert len(titles(people.ana)) == 1


# Watchers


WATCHED = ("agenda", 7)


@pytest.fixture
def crowd(people: Any) -> list[Member]:
    """Five members who watch an agenda."""
    named = [people.ana, people.chitra, people.host, people.moderator, people.administrator]
    for member in named:
        actions.watch(member, *WATCHED)
    return named


def news(
    people: Any, kind: str = "topic", subjects: Any = (WATCHED,), but: Any = (), **more: Any
) -> None:
    notice = actions.NoticeText(kind, "/posts/1", "News", **more)
    actions.note_event_for_watchers(people.ben, notice, subjects, but)


def recipients_among(members: list[Member]) -> list[int]:
    return [len(db.session.scalars(visible_notices(member)).all()) for member in members]


def test_an_event_for_watchers_is_one_row_and_told_in_portions(
    people: Any, crowd: list[Member]
) -> None:
    actions.watch(people.ben, *WATCHED)
    news(people)
    event = db.session.scalars(select(Event)).one()
    assert event.recipients == []
    assert actions.make_notices(SYSTEM, most_watchers=2) == 1
    assert sum(recipients_among(crowd)) == 1  # Ben is the second watcher
    while actions.make_notices(SYSTEM, most_watchers=2):
        pass
    assert recipients_among(crowd) == [1] * 5
    assert titles(people.ben) == []
    assert event.done_at is not None


def test_several_events_share_a_portion(people: Any, crowd: list[Member]) -> None:
    for _number in range(3):
        news(people)
    note(people)
    assert actions.make_notices(SYSTEM, most_watchers=12) == 4
    assert actions.make_notices(SYSTEM, most_watchers=12) == 1
    assert actions.make_notices(SYSTEM) == 0
    assert sum(recipients_among(crowd)) == 17


class Killed(Exception):
    """Raised in place of killing the process."""


@pytest.mark.parametrize("statement", ["INSERT INTO notice", "UPDATE event"])
def test_a_worker_that_dies_half_way_leaves_each_notice_to_be_made_once(
    people: Any, crowd: list[Member], statement: str
) -> None:
    news(people)
    actions.make_notices(SYSTEM, most_watchers=2)

    def die(_c: Any, _cursor: Any, words: str, *_rest: Any) -> None:
        if words.startswith(statement):
            raise Killed

    listen(db.engine, "after_cursor_execute", die)
    try:
        with pytest.raises(Killed):
            actions.make_notices(SYSTEM, most_watchers=2)
    finally:
        remove(db.engine, "after_cursor_execute", die)
    assert sum(recipients_among(crowd)) == 2
    while actions.make_notices(SYSTEM, most_watchers=2):
        pass
    assert recipients_among(crowd) == [1] * 5


def test_nobody_is_told_twice_though_an_event_is_told_again(
    people: Any, crowd: list[Member]
) -> None:
    news(people)
    actions.make_notices(SYSTEM)
    db.session.execute(update(Event).values(done_at=None, reached=0))
    actions.make_notices(SYSTEM)
    assert recipients_among(crowd) == [1] * 5


def test_without_watchers_there_is_no_event(people: Any) -> None:
    news(people)
    actions.watch(people.ben, *WATCHED)
    actions.watch(people.ana, *WATCHED, "muted")
    news(people)
    assert db.session.scalar(select(Event)) is None


def test_who_watches_several_things_is_told_once_and_who_mutes_one_is_not(people: Any) -> None:
    subjects = [("agenda", 7), ("city", 3), ("theme", 2)]
    for subject in subjects:
        actions.watch(people.ana, *subject)
        actions.watch(people.chitra, *subject)
    actions.watch(people.chitra, "city", 3, "muted")
    news(people, subjects=subjects)
    actions.make_notices(SYSTEM)
    assert recipients_among([people.ana, people.chitra]) == [1, 0]


def test_who_is_told_by_name_or_watches_since_later_is_left_out(people: Any) -> None:
    for member in (people.ana, people.chitra):
        actions.watch(member, *WATCHED)
    with at(now() + timedelta(minutes=1)):
        actions.watch(people.host, *WATCHED)
    news(people, but=[people.ana.id])
    with at(now() + timedelta(minutes=2)):
        actions.make_notices(SYSTEM)
    assert recipients_among([people.ana, people.chitra, people.host]) == [0, 1, 0]


def test_nobody_without_an_open_account_is_told_of_what_is_watched(
    people: Any, crowd: list[Member]
) -> None:
    ahead = now() + timedelta(days=2)
    db.session.get_one(Member, people.ana.id).left_at = now()
    db.session.get_one(Member, people.chitra.id).suspended_until = ahead
    db.session.commit()
    news(people)
    actions.make_notices(SYSTEM)
    assert recipients_among(crowd) == [0, 0, 1, 1, 1]


def test_one_event_for_watchers_is_hidden_and_restored_half_way(
    people: Any, crowd: list[Member]
) -> None:
    news(people, topic_id=1, post_id=1)
    actions.make_notices(SYSTEM, most_watchers=2)
    actions.hide_notices(people.moderator, post_id=1)
    assert actions.make_notices(SYSTEM) == 0
    assert sum(recipients_among(crowd)) == 0
    actions.restore_notices(people.moderator, post_id=1)
    actions.make_notices(SYSTEM)
    assert recipients_among(crowd) == [1] * 5


# Watching and muting


def test_watching_and_muting_take_each_others_place_and_end(people: Any) -> None:
    for level in ("watching", "muted", "watching"):
        actions.watch(people.ana, "topic", 5, level)
        assert level_of(people.ana, "topic", 5) == level
    assert [row.level for row in watches_of(people.ana).items] == ["watching"]
    assert level_of(people.ben, "topic", 5) == level_of(VISITOR, "topic", 5) == ""
    actions.unwatch(people.ana, "topic", 5)
    assert level_of(people.ana, "topic", 5) == ""


@pytest.mark.parametrize(
    "deed",
    [
        lambda ana: actions.watch(ana, "topic", 5, "loudly"),
        lambda ana: actions.watch(ana, "member", 5),
        lambda ana: actions.choose_ways(ana, {"reply": "by pigeon"}),
        lambda ana: actions.choose_ways(ana, {"weather": "never"}),
        lambda ana: actions.set_digest(ana, "hourly", 7, "UTC"),
        lambda ana: actions.set_digest(ana, "daily", 24, "UTC"),
        lambda ana: actions.set_digest(ana, "daily", 7, "Nowhere/Atlantis"),
    ],
)
def test_what_cannot_be_chosen_is_refused(people: Any, deed: Any) -> None:
    with pytest.raises(Invalid):
        deed(people.ana)


def test_a_way_that_cannot_be_chosen_is_said_beside_its_field(people: Any) -> None:
    with pytest.raises(Invalid) as refused:
        actions.choose_ways(people.ana, {"reply": "by pigeon"})
    assert refused.value.field == "way_reply"  # the name of the form's field


def test_visitors_watch_and_choose_nothing(people: Any) -> None:
    for deed in (
        lambda: actions.watch(VISITOR, "topic", 5),
        lambda: actions.unwatch(VISITOR, "topic", 5),
        lambda: actions.choose_ways(VISITOR, {}),
        lambda: actions.set_digest(VISITOR, "daily", 7, "UTC"),
        lambda: actions.set_watching_replies(VISITOR, False),
        lambda: ways_of(VISITOR),
        lambda: watches_of(VISITOR),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_who_writes_watches_unless_muted_or_switched_off(people: Any) -> None:
    actions.watch_own_topic(people.ana, 1)
    actions.watch_own_topic(people.ana, 1)
    actions.watch(people.ana, "topic", 2, "muted")
    actions.watch_own_topic(people.ana, 2)
    actions.set_watching_replies(people.ana, False)
    actions.watch_own_topic(people.ana, 3)
    actions.set_watching_replies(people.ana, True)
    actions.watch_own_topic(people.ana, 4)
    found = {row.subject_id: row.level for row in watches_of(people.ana).items}
    assert found == {1: "watching", 2: "muted", 4: "watching"}


def test_a_muted_topic_is_silent_but_for_what_is_said_to_oneself(people: Any) -> None:
    mona = people.moderator  # moderators can get notices of every kind
    actions.watch(mona, "topic", 1, "muted")
    for kind in DEFAULT_WAYS:
        actions.note_event(
            people.ben, actions.NoticeText(kind, "/posts/1", kind, topic_id=1), [mona.id]
        )
    actions.make_notices(SYSTEM)
    told = {*titles(mona), *titles(mona, 2)}
    assert told == set(DEFAULT_WAYS) - {"reply", "answer", "mark", "intention", "translation"}


# Marks


def mark(doer: Any, people: Any, post_id: int = 5, text: str = "") -> None:
    what = {"title": "Loud", "post_id": post_id, "topic_id": 1, "text": text}
    actions.note_event(
        doer, actions.NoticeText("mark", f"/posts/{post_id}", **what), [people.ana.id]
    )
    actions.make_notices(SYSTEM)


def test_an_unread_notice_of_marks_grows(people: Any) -> None:
    mark(people.ben, people, text="It helped.")
    mark(people.chitra, people)
    mark(people.host, people, post_id=6)
    mark(people.moderator, people)
    other, grown = inbox(people.ana).page.items
    assert (other.post_id, other.others) == (6, 0)
    assert (grown.actor.name, grown.others, grown.text) == ("Mona Berg", 2, "It helped.")
    actions.read(people.ana, grown.id)
    mark(people.administrator, people)
    assert [notice.others for notice in inbox(people.ana).page.items] == [0, 0, 2]


def test_of_those_that_are_unread_again_the_newest_grows(people: Any) -> None:
    mark(people.ben, people)
    moment = actions.read_all(people.ana)
    mark(people.chitra, people)
    assert actions.unread_all(people.ana, moment)
    mark(people.moderator, people)
    told = [(notice.actor.name, notice.others) for notice in inbox(people.ana).page.items]
    assert told == [("Mona Berg", 1), (people.ben.name, 0)]


def test_a_second_press_that_marks_nothing_offers_to_undo_the_first(people: Any) -> None:
    mark(people.ben, people)
    moment = actions.read_all(people.ana)
    assert moment
    with at(moment + timedelta(seconds=5)):
        assert actions.read_all(people.ana) == moment
    with at(moment + timedelta(seconds=15)):
        assert actions.read_all(people.ana) is None
        assert actions.unread_all(people.ana, moment) and unread_count(people.ana) == 1


def test_what_was_mailed_grows_no_more(people: Any) -> None:
    mark(people.ben, people)
    actions.note_mailed(SYSTEM, [inbox(people.ana).page.items[0].id])
    mark(people.chitra, people)
    assert [notice.others for notice in inbox(people.ana).page.items] == [0, 0]


def test_a_grown_notice_stays_when_the_profile_of_one_of_them_is_hidden(people: Any) -> None:
    mark(people.ben, people)
    mark(people.chitra, people)
    db.session.get_one(Member, people.chitra.id).hidden_at = now()
    db.session.commit()
    assert [notice.others for notice in inbox(people.ana).page.items] == [1]
    mark(people.chitra, people, post_id=6)
    assert len(titles(people.ana)) == unread_count(people.ana) == 1


# The queue


def test_what_was_decided_waits_for_nobody(people: Any) -> None:
    for number in (1, 2):
        where = f"/moderation/post/{number}"
        who = [people.moderator.id, people.administrator.id]
        actions.note_event(people.ana, actions.NoticeText("queue", where, "Loud"), who)
    actions.make_notices(SYSTEM)
    actions.read_queue(people.moderator, "/moderation/post/1")
    for member in (people.moderator, people.administrator):
        (left,) = inbox(member, is_unread=True).waiting
        assert left.address == "/moderation/post/2"


@pytest.mark.parametrize("end", ["in the settings", "in a letter"])
def test_without_digests_nothing_is_kept_for_one(people: Any, end: str) -> None:
    """A member who chooses digests again a year later gets none of the notices of that year."""
    ana = people.ana
    for member in (ana, people.chitra):
        actions.choose_ways(member, {"reply": "digest"})
    note(people)
    actions.make_notices(SYSTEM)
    assert [row.member_id for row in digests_waiting(0, 10, now())] == [ana.id, people.chitra.id]
    if end == "in a letter":
        actions.end_digest(VISITOR, ana.id)
    else:
        actions.set_digest(ana, "never", 7, "UTC")
    note(people)
    actions.make_notices(SYSTEM)
    assert [row.member_id for row in digests_waiting(0, 10, now())] == [people.chitra.id]
    actions.set_digest(ana, "daily", 7, "UTC")
    assert notices_for_digest(ana.id, now()) == [] and len(titles(ana)) == 2
    note(people)
    actions.make_notices(SYSTEM)
    assert len(notices_for_digest(ana.id, now())) == 1


def test_what_was_kept_while_no_digest_came_is_left_out(people: Any) -> None:
    """Earlier versions went on collecting notices for it."""
    ana = people.ana
    actions.choose_ways(ana, {"reply": "digest"})
    note(people)
    actions.make_notices(SYSTEM)
    settings = settings_of(ana.id)
    settings.digest_every = "never"
    db.session.add(settings)
    db.session.flush()
    actions.set_digest(ana, "weekly", 7, "UTC")
    assert notices_for_digest(ana.id, now()) == []


def test_only_members_have_an_inbox_and_read_in_it(people: Any) -> None:
    note(people)
    actions.make_notices(SYSTEM)
    (told,) = inbox(people.ana).page.items
    people.ana.suspended_until = now() + timedelta(days=2)
    db.session.commit()
    for reader in (VISITOR, people.ana):
        for deed in (inbox, actions.read_all, lambda reader: actions.read(reader, told.id)):
            with pytest.raises(Forbidden):
                deed(reader)
