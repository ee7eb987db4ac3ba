"""What is done for one member or thing changes no notice, choice, setting or watch of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from forum.db import db
from forum.notifications import actions
from forum.notifications.models import Event, Notice, NoticeChoice, NoticeSettings, Watch
from forum.notifications.queries import (
    inbox,
    is_unread_about,
    level_of,
    members_unaware,
    settings_by_member,
    unread_count,
    watches_of,
    ways_of,
)
from forum.permissions import SYSTEM, VISITOR

HERE = "/topics/1"


@pytest.fixture
def two(people: Any) -> Any:
    """Ana and Chitra, who have chosen, watch and were told the same."""
    for member in (people.ana, people.chitra):
        actions.choose_ways(member, {"reply": "digest", "mark": "never"})
        actions.set_digest(member, "weekly", 8, "UTC")
        actions.watch(member, "agenda", 7)
        actions.watch(member, "agenda", 8)
        for level in ("watching", "muted"):
            actions.watch(member, "topic", 9, level)
        actions.watch(member, "topic", 7, "muted")
    for number, kind in ((1, "reply"), (2, "reply"), (3, "decision")):
        notice = actions.NoticeText(kind, f"/topics/{number}", "A title", topic_id=number)
        actions.note_event(people.ben, notice, [people.ana.id, people.chitra.id])
    actions.make_notices(SYSTEM)
    return people


def rows_of(member: Any) -> list[Any]:
    """All that is stored about notices of a member."""
    return [
        tuple(row)
        for model in (Notice, NoticeChoice, NoticeSettings, Watch)
        for row in db.session.execute(
            select(*model.__table__.columns)
            .where(model.member_id == member.id)
            .order_by(*model.__table__.primary_key.columns)
        )
    ]


Deed = Callable[[Any, Any], Any]
DEEDS: dict[str, Deed] = {
    "ways": lambda ana, _people: actions.choose_ways(ana, {"reply": "never"}),
    "end mail": lambda ana, _people: actions.end_mail(VISITOR, ana.id, "reply"),
    "begin mail": lambda ana, _people: actions.begin_mail(VISITOR, ana.id, "mark", "at once"),
    "end digest": lambda ana, _people: actions.end_digest(VISITOR, ana.id),
    "digest": lambda ana, _people: actions.set_digest(ana, "daily", 9, "UTC"),
    "replies": lambda ana, _people: actions.set_watching_replies(ana, False),
    "read all": lambda ana, _people: actions.read_all(ana),
    "read topic": lambda ana, _people: actions.read_topic(ana, 1),
    "outdated": lambda ana, _people: actions.read_outdated(SYSTEM, "reply", [HERE], [ana.id]),
    "hide": lambda ana, _people: actions.hide_told_to(ana, ["reply"], HERE),
    "watch": lambda ana, _people: actions.watch(ana, "agenda", 9),
    "unwatch": lambda ana, _people: actions.unwatch(ana, "agenda", 7),
    "unmute": lambda ana, _people: actions.unmute(ana, "topic", 7),
    "clear": lambda ana, _people: actions.clear_watches(ana, [("agenda", 7)]),
    "leave": lambda ana, _people: actions.forget_member(SYSTEM, ana.id, is_silent=False),
}


@pytest.mark.parametrize("name", list(DEEDS))
def test_what_one_does_changes_nothing_of_another(two: Any, name: str) -> None:
    mine, theirs = rows_of(two.ana), rows_of(two.chitra)
    DEEDS[name](two.ana, two)
    assert rows_of(two.ana) != mine and rows_of(two.chitra) == theirs


def of_topic(number: int) -> list[Any]:
    columns = (Notice.read_at, Notice.hidden_at, Notice.way)
    return list(db.session.execute(select(*columns).where(Notice.topic_id == number)))


@pytest.mark.parametrize("name", ["read topic", "outdated", "hide"])
def test_nor_anything_about_another_thing(two: Any, name: str) -> None:
    before = of_topic(2), of_topic(3)
    DEEDS[name](two.ana, two)
    assert (of_topic(2), of_topic(3)) == before


MUTED = {("topic", 7, "muted"), ("topic", 9, "muted")}


def watched(member: Any) -> set[tuple[str, int, str]]:
    found = [(watch.subject, watch.subject_id, watch.level) for watch in watches_of(member).items]
    assert len(found) == len(set(found))
    return set(found)


def test_who_watches_one_thing_no_more_goes_on_watching_another(two: Any) -> None:
    actions.unwatch(two.ana, "agenda", 7)
    assert watched(two.ana) == {("agenda", 8, "watching"), *MUTED}
    actions.watch(two.ana, "agenda", 7)
    actions.clear_watches(two.ana, [("agenda", 7)])
    assert watched(two.ana) == {("agenda", 8, "watching"), *MUTED}
    actions.unmute(two.ana, "topic", 7)
    assert watched(two.ana) == {("agenda", 8, "watching"), ("topic", 9, "muted")}


def test_only_what_is_still_to_be_told_of_a_kind_is_hidden_with_it(two: Any) -> None:
    for kind in ("reply", "decision"):
        notice = actions.NoticeText(kind, HERE, "A title")
        actions.note_event(two.ben, notice, [two.ana.id])
    actions.hide_told_to(two.ana, ["reply"], HERE)
    hidden = select(Event.kind, Event.done_at).where(Event.hidden_at.is_not(None))
    assert list(db.session.execute(hidden)) == [("reply", None)]


def test_each_has_the_ways_and_settings_of_their_own(two: Any) -> None:
    actions.choose_ways(two.chitra, {"reply": "at once"})
    actions.set_digest(two.chitra, "daily", 9, "UTC")
    assert ways_of(two.ana)["reply"] == "digest" and ways_of(two.chitra)["reply"] == "at once"
    found = settings_by_member([two.ana.id, two.ben.id])
    assert set(found) == {two.ana.id, two.ben.id}
    assert (found[two.ana.id].digest_every, found[two.ana.id].digest_hour) == ("weekly", 8)
    assert found[two.ben.id].digest_hour != 8


def is_unread(member: Any, topic_id: int) -> bool:
    return bool(db.session.scalar(select(is_unread_about(member.id, topic_id))))


def test_reading_one_notice_reads_that_one_alone(two: Any) -> None:
    for notice in inbox(two.ana).page.items:
        before = unread_count(two.ana)
        assert actions.read(two.ana, notice.id).id == notice.id
        assert unread_count(two.ana) == before - 1
        assert not is_unread(two.ana, notice.topic_id)
    assert is_unread(two.chitra, 1) and not is_unread(two.chitra, 4)


def test_each_thing_is_watched_or_muted_for_itself(two: Any) -> None:
    actions.watch(two.ana, "topic", 10, "muted")
    levels = [level_of(two.ana, *it) for it in (("agenda", 7), ("topic", 7), ("agenda", 10))]
    assert levels == ["watching", "muted", ""]
    assert level_of(two.chitra, "topic", 10) == ""
    for number in (7, 8, 10):
        actions.note_event(
            two.ben,
            actions.NoticeText("reply", f"/posts/{number}", f"New {number}", topic_id=number),
            [two.ana.id, two.chitra.id],
        )
    actions.make_notices(SYSTEM)
    told = [
        {
            notice.topic_id
            for notice in inbox(member).page.items
            if notice.address.startswith("/posts/")
        }
        for member in (two.ana, two.chitra)
    ]
    assert told == [{8}, {8, 10}]


def test_each_gets_letters_in_the_way_of_their_own(two: Any) -> None:
    actions.choose_ways(two.chitra, {"reply": "at once"})
    actions.set_digest(two.ana, "never", 8, "UTC")
    people = [two.ana.id, two.chitra.id, two.host.id]
    actions.choose_ways(two.host, {"reply": "digest", "decision": "digest"})
    for kind in ("reply", "decision"):
        actions.note_event(two.ben, actions.NoticeText(kind, "/topics/5", "New"), people)
    actions.make_notices(SYSTEM)
    made = select(Notice.kind, Notice.member_id, Notice.way).where(Notice.address == "/topics/5")
    ways = {(kind, member_id): way for kind, member_id, way in db.session.execute(made)}
    assert [ways["reply", member_id] for member_id in people] == ["never", "at once", "digest"]
    assert [ways["decision", member_id] for member_id in people] == ["at once", "at once", "digest"]


def test_who_does_not_know_of_it_yet_is_known(two: Any) -> None:
    assert members_unaware("reply", HERE) == {two.ana.id, two.chitra.id}
    actions.read_topic(two.ana, 1)
    assert members_unaware("reply", HERE) == {two.chitra.id}
    actions.note_mailed(SYSTEM, [inbox(two.chitra).page.items[-1].id])
    assert members_unaware("reply", HERE) == set() == members_unaware("decision", HERE)
    actions.note_event(two.ben, actions.NoticeText("reply", HERE, "New"), [two.host.id])
    assert members_unaware("reply", HERE) == {two.host.id}
