"""The queries of the mail room: what is mailed at once, and what goes into a digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from forum.clock import at, now
from forum.db import db
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member, session_by_token
from forum.notifications import actions
from forum.notifications.models import DEFAULT_WAYS, Event, Notice
from forum.notifications.queries import (
    inbox,
    is_of_queue,
    is_of_reminder,
    notices_for_digest,
    notices_to_mail,
    settings_of,
    unread_beside_session,
    unread_count,
    ways_of,
)
from forum.permissions import SYSTEM

SOON = timedelta(minutes=1)


def tell(people: Any, *kinds: str, **more: Any) -> None:
    for kind in kinds:
        concerned = [people.ana.id]
        actions.note_event(
            people.ben, actions.NoticeText(kind, "/posts/1", kind, **more), concerned
        )
    while actions.make_notices(SYSTEM):
        pass


def titles(notices: Sequence[Notice]) -> list[str]:
    return [notice.title for notice in notices]


def to_mail(limit: int = 100) -> list[str]:
    return titles(notices_to_mail(limit, now() + SOON, now()))


def in_digest(people: Any) -> list[str]:
    return titles(notices_for_digest(people.ana.id, now()))


def test_each_kind_goes_the_way_it_goes_by_itself_or_the_one_that_was_chosen(people: Any) -> None:
    actions.choose_ways(people.ana, {"reply": "digest", "mark": "at once", "quote": "never"})
    assert ways_of(people.ana) == {
        **DEFAULT_WAYS,
        "reply": "digest",
        "mark": "at once",
        "quote": "never",
    }
    tell(people, "reply", "mark", "quote", "mention", "post")
    assert to_mail() == ["mark", "mention"]
    assert in_digest(people) == ["reply", "post"]
    assert notices_to_mail(1, now() + SOON, now())[0].actor.name == people.ben.name
    assert notices_for_digest(people.ana.id, now())[0].actor.name == people.ben.name


def test_what_is_young_waits_and_the_oldest_go_first(people: Any) -> None:
    with at(now() - timedelta(minutes=5)):
        tell(people, "mention")
    tell(people, "quote")
    assert titles(notices_to_mail(9, now() - timedelta(minutes=2), now())) == ["mention"]
    assert to_mail(limit=1) == ["mention"]


def test_what_was_mailed_read_or_hidden_is_not_mailed(people: Any) -> None:
    tell(people, "mention", "post", post_id=1)
    tell(people, "quote", "topic", post_id=2)
    tell(people, "reply", "answer", topic_id=3)
    actions.hide_notices(people.moderator, post_id=1)
    assert to_mail() == ["quote", "reply"]
    actions.note_mailed(SYSTEM, [notice.id for notice in notices_to_mail(1, now() + SOON, now())])
    assert (to_mail(), in_digest(people)) == (["reply"], ["topic", "answer"])
    actions.read_topic(people.ana, 3)
    assert (to_mail(), in_digest(people)) == ([], ["topic"])
    db.session.get_one(Member, people.ben.id).hidden_at = now()
    db.session.commit()
    assert in_digest(people) == []


def test_a_choice_holds_for_what_waits_but_nothing_goes_out_in_a_rush(people: Any) -> None:
    tell(people, "mention", "quote", "post", "topic")
    ways = {"mention": "never", "quote": "digest", "post": "never", "topic": "at once"}
    actions.choose_ways(people.ana, ways)
    assert (to_mail(), in_digest(people)) == ([], ["quote", "topic"])
    actions.choose_ways(people.ana, {"mention": "at once", "post": "digest"})
    assert (to_mail(), in_digest(people)) == ([], ["quote", "topic"])


def test_after_an_import_nothing_is_mailed(people: Any) -> None:
    with at(now() - timedelta(days=30)):
        tell(people, "mention", "post")
    tell(people, "quote", "topic")
    actions.read_until(SYSTEM, now() - timedelta(days=7))
    assert (to_mail(), in_digest(people)) == ([], [])
    assert unread_count(people.ana) == 2
    tell(people, "reply")
    assert to_mail() == ["reply"]


def test_settings_are_the_usual_ones_until_they_are_changed(people: Any) -> None:
    usual = settings_of(people.ana.id)
    assert (usual.digest_every, usual.digest_hour, usual.time_zone) == ("daily", 7, "UTC")
    actions.set_digest(people.ana, "weekly", 18, "Europe/Helsinki")
    actions.set_watching_replies(people.ana, False)
    now_so = settings_of(people.ana.id)
    assert (now_so.digest_every, now_so.digest_hour) == ("weekly", 18)
    assert (now_so.time_zone, now_so.watches_replies) == ("Europe/Helsinki", False)
    assert settings_of(people.ben.id).watches_replies


def test_the_mail_reads_indexes_that_hold_what_waits_alone(app: Any, people: Any) -> None:
    if db.engine.dialect.name != "sqlite":
        return
    for words, name in (
        ("way = 'at once' AND mailed_at IS NULL AND read_at IS NULL", "ix_notice_to_mail"),
        (
            "member_id = 1 AND way = 'digest' AND mailed_at IS NULL AND read_at IS NULL",
            "ix_notice_for_digest",
        ),
    ):
        plan = text(f"EXPLAIN QUERY PLAN SELECT id FROM notice WHERE {words} ORDER BY id")
        assert name in str(db.session.execute(plan).all())


@pytest.mark.parametrize("model", [Event, Notice])
@pytest.mark.parametrize(("which", "name"), [(is_of_queue, "queue"), (is_of_reminder, "reminder")])
def test_what_is_about_an_entry_of_the_queue_or_a_best_read_is_found_by_an_index(
    people: Any, model: Any, which: Any, name: str
) -> None:
    if db.engine.dialect.name != "sqlite":
        return
    found = select(model.id).where(which(model), model.address == "/moderation/post/1")
    shown = found.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = str(db.session.execute(text(f"EXPLAIN QUERY PLAN {shown}")).all())
    assert f"ix_{model.__tablename__}_of_{name}" in plan


def test_what_waits_comes_first_on_the_first_pages(people: Any) -> None:
    tell(people, "mention", *["post"] * 40, "quote")
    first, second = inbox(people.ana, 1), inbox(people.ana, 2)
    assert titles(first.waiting) == ["quote", "mention"]
    assert (len(first.told), len(second.waiting), len(second.told)) == (28, 0, 12)
    assert (second.page.pages, second.page.total) == (2, 42)
    actions.read(people.ana, first.waiting[1].id)
    assert titles(inbox(people.ana).waiting) == ["quote"]
    assert titles(inbox(people.ana, 2).told)[-1] == "mention"


def test_more_than_a_page_may_wait(people: Any) -> None:
    tell(people, *["reply"] * 35, "post")
    first, second = inbox(people.ana, 1), inbox(people.ana, 9)
    assert (len(first.waiting), len(first.told)) == (30, 0)
    assert (len(second.waiting), titles(second.told)) == (5, ["post"])
    assert len({notice.id for notice in (*first.page.items, *second.page.items)}) == 36


def test_what_waits_in_moderation_is_told_to_who_moderates_now(people: Any) -> None:
    """Its title may be the name of a candidate, or words of a hidden text, so former moderators must not get it."""
    members.appoint(SYSTEM, people.ana.handle, "moderator")
    tell(people, "queue", "urgent", "reply")
    ana = get_member(SYSTEM, people.ana.handle)
    assert titles(inbox(ana).waiting) == ["reply", "urgent", "queue"]
    assert unread_count(ana) == 1, "the masthead counts what waits in moderation beside it"
    members.appoint(SYSTEM, people.ana.handle, "member")
    ana = get_member(SYSTEM, people.ana.handle)
    assert (titles(inbox(ana).waiting), unread_count(ana)) == (["reply"], 1)


def test_what_is_unread_comes_with_the_session(people: Any, queries: Any) -> None:
    """It is the same number as that of `unread_count`."""
    tell(people, "reply", "mention", "mark")
    token = members.sign_in(people.ana)

    def unread() -> int:
        with queries() as made:
            found = session_by_token(token, unread_beside_session())
        assert found and made.count == 1
        return int(found.extra)

    assert unread() == unread_count(people.ana) == 3
    ben = db.session.get_one(Member, people.ben.id)
    ben.hidden_at = now()
    db.session.flush()
    assert unread() == unread_count(people.ana) == 0
    ben.hidden_at = None
    notice = db.session.scalars(select(Notice).order_by(Notice.id)).first()
    assert notice
    notice.kind = "queue"
    db.session.flush()
    assert unread() == unread_count(people.ana) == 2
    found = session_by_token(token)
    assert found and found.extra is None
