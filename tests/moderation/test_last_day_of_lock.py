"""A topic is locked until a day: the page says so, and the worker unlocks it after that day, with an entry in the log."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.clock import at, day_in_words, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.dialogue.queries import get_topic, posts_in
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import write
from forum.members.actions import appoint
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import decision_log, decision_to_offer, is_in_effect
from forum.permissions import SYSTEM, VISITOR
from tests.moderation.conftest import REASONS, notices_of, undo

pytestmark = pytest.mark.usefixtures("sound")
WHY = Reasons("Let us sleep over it.")


def words(page: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"<[^>]+>", "", page).replace("\N{NO-BREAK SPACE}", " ")


def in_days(days: int) -> date:
    return now().date() + timedelta(days=days)


def is_locked(topic: Topic) -> bool:
    return bool(db.session.scalar(select(Topic.locked_at).where(Topic.id == topic.id)))


def last_day(topic: Topic) -> date | None:
    return db.session.scalar(select(Topic.locked_until).where(Topic.id == topic.id))


def test_the_worker_opens_it_when_the_day_is_over(people: Any, things: Any) -> None:
    topic, day = things.topic, in_days(3)
    made = actions.lock(people.moderator, topic.id, WHY, day)
    assert made.until is not None and made.until.date() == day + timedelta(days=1)
    start = datetime.combine(day, time(), now().tzinfo)
    with at(start + timedelta(hours=23, minutes=59)):
        assert actions.open_after_last_day(SYSTEM) == 0 and is_locked(topic)
    with at(start + timedelta(days=1)):
        assert actions.open_after_last_day(SYSTEM) == 1
        assert actions.open_after_last_day(SYSTEM) == 0
        assert not is_locked(topic) and last_day(topic) is None
        opened = decision_log(people.moderator).items[0]
        assert (opened.deed, opened.moderator_id) == ("unlock", people.moderator.id)
        assert day_in_words(day) in opened.what_was_done
        assert not is_in_effect(db.session.get_one(Decision, made.id))
        said = [notice.words for notice in notices_of(people.ana)]
        assert any("Open for replies again." in words for words in said)


def test_only_the_worker_does_so(people: Any, things: Any) -> None:
    for person in (VISITOR, people.ana, people.host, people.moderator):
        with pytest.raises(Forbidden):
            actions.open_after_last_day(person)


@pytest.mark.parametrize("days", [-1, 3651])
def test_a_day_that_is_over_or_far_away_is_refused(people: Any, things: Any, days: int) -> None:
    topic_id = things.topic.id
    with pytest.raises(Invalid) as refused:
        actions.lock(people.moderator, topic_id, WHY, in_days(days))
    assert refused.value.field == "until"
    actions.lock(people.moderator, topic_id, WHY)
    with pytest.raises(Invalid):
        actions.set_lock_end(people.moderator, topic_id, in_days(days))


def test_a_lock_without_an_end_gets_one_and_loses_it(people: Any, things: Any) -> None:
    topic = things.topic
    with pytest.raises(Conflict):
        actions.set_lock_end(people.moderator, topic.id, in_days(2))  # the topic is not locked yet
    made = actions.lock(people.moderator, topic.id, WHY)
    with at(now() + timedelta(days=400)):
        assert actions.open_after_last_day(SYSTEM) == 0
    actions.set_lock_end(people.host, topic.id, in_days(2), Reasons("It cools down."))
    with pytest.raises(Conflict):
        actions.set_lock_end(people.host, topic.id, in_days(2))
    assert last_day(topic) == in_days(2) and is_in_effect(made)
    actions.set_lock_end(people.host, topic.id, None)
    lines = decision_log(people.moderator).items
    assert [line.deed for line in lines] == ["set_lock_end", "set_lock_end", "lock"]
    assert lines[0].what_was_done == "Locked until a moderator ends it."
    assert day_in_words(in_days(2)) in lines[1].what_was_done
    with at(now() + timedelta(days=400)):
        assert actions.open_after_last_day(SYSTEM) == 0 and is_locked(topic)


def test_it_is_opened_in_the_name_of_who_chose_the_day(people: Any, things: Any) -> None:
    actions.lock(people.moderator, things.topic.id, WHY)
    actions.set_lock_end(people.host, things.topic.id, in_days(2))
    # It ends although the moderator has lost the role
    appoint(SYSTEM, people.moderator.handle, "member")
    with at(now() + timedelta(days=3)):
        assert actions.open_after_last_day(SYSTEM) == 1
    newest = decision_log(people.administrator).items[0]
    assert (newest.deed, newest.moderator_id) == ("unlock", people.host.id)


def test_the_author_reads_the_day_that_holds(people: Any, things: Any, sign_in: Any) -> None:
    made = actions.lock(people.moderator, things.topic.id, WHY, in_days(1))
    page, browser = f"/moderation/decisions/{made.id}", sign_in(people.ana)
    ends = [f'datetime="{in_days(number)}"' for number in (1, 5)]
    assert ends[0] in browser.get(page).text
    actions.set_lock_end(people.host, things.topic.id, in_days(5))
    facts = browser.get(page).text.partition("</dl>")[0]
    assert ends[1] in facts and ends[0] not in facts
    actions.set_lock_end(people.host, things.topic.id, None)
    assert "a moderator takes it back" in browser.get(page).text


def test_the_page_of_an_appeal_says_the_day_that_holds_and_that_it_was_changed(
    people: Any, things: Any, sign_in: Any
) -> None:
    topic_id, browser = things.topic.id, sign_in(people.ana)
    made = actions.lock(people.moderator, topic_id, WHY, in_days(1))
    page = f"/moderation/decisions/{made.id}/appeal"
    first, later = (f'datetime="{in_days(number)}"' for number in (1, 5))

    def facts() -> str:
        return str(browser.get(page).text.partition("<dl")[2].partition("</dl>")[0])

    assert first in facts() and "Changed since" not in facts()
    actions.set_lock_end(people.host, topic_id, in_days(5))
    assert facts().index(later) < facts().index("Changed since") < facts().index(first)
    actions.set_lock_end(people.host, topic_id, None)
    assert "No last day any more" in facts() and first in facts()


def test_a_day_whose_choice_was_taken_back_is_nobodys(people: Any, things: Any) -> None:
    actions.lock(people.moderator, things.topic.id, WHY, in_days(1))
    chosen = actions.set_lock_end(people.host, things.topic.id, in_days(5))
    # The reason, which may name somebody, is stored only in the first decision
    assert "sleep" not in str(chosen.before)
    undo(people.host)
    with at(now() + timedelta(days=3)):
        assert actions.open_after_last_day(SYSTEM) == 1
    newest = decision_log(people.administrator).items[0]
    assert newest.moderator_id == people.moderator.id


def test_what_was_deleted_or_merged_keeps_no_other_topic_locked(people: Any, things: Any) -> None:
    gone, merged = (
        dialogue.open_topic(people.ana, things.agenda.id, NewTopic("question", title, write("So?")))
        for title in ("Is it gone soon?", "Is it elsewhere soon?")
    )
    for topic in (gone, merged, things.topic):
        actions.lock(people.moderator, topic.id, WHY, in_days(1))
    opening = posts_in(people.ana, get_topic(people.ana, gone.id), 1).items[0]
    dialogue.delete(people.ana, opening.id)
    assert db.session.scalar(select(Topic.deleted_at).where(Topic.id == gone.id))
    actions.merge(people.moderator, merged.id, things.topic.id)
    with at(now() + timedelta(days=3)):
        assert actions.open_after_last_day(SYSTEM) == 1
        assert actions.open_after_last_day(SYSTEM) == 0
        assert not is_locked(things.topic)


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_a_topic_out_of_sight_and_one_on_an_archived_agenda_are_opened_too(
    people: Any, things: Any, deed: str
) -> None:
    actions.lock(people.moderator, things.topic.id, WHY, in_days(1))
    actions.decide(people.moderator, "topic", things.topic.id, deed, Reasons("Rude.", 2))
    actions.archive(people.moderator, things.agenda.id)
    with at(now() + timedelta(days=3)):
        assert actions.open_after_last_day(SYSTEM) == 1


def test_a_topic_that_was_moved_is_opened_where_it_is(people: Any, things: Any) -> None:
    actions.lock(people.host, things.topic.id, WHY, in_days(1))
    actions.move(people.moderator, things.topic.id, things.other.id)
    with at(now() + timedelta(days=3)):
        assert actions.open_after_last_day(SYSTEM) == 1
    newest = decision_log(people.administrator).items[0]
    assert (newest.agenda_id, newest.moderator_id) == (things.other.id, people.host.id)


def test_nobody_is_offered_to_undo_what_the_worker_did(people: Any, things: Any) -> None:
    actions.lock(people.moderator, things.topic.id, WHY, in_days(1))
    with at(now() + timedelta(days=3)):
        hidden = actions.decide(people.moderator, "post", things.second.id, "hide", REASONS)
        actions.open_after_last_day(SYSTEM)
        offered = decision_to_offer(people.moderator)
        assert offered is not None and offered.id == hidden.id
        undo(people.moderator)
        assert not is_locked(things.topic)


@pytest.mark.parametrize(
    "odd",
    ["2026-02-31", "99999-01-01", "9223372036854775808", "-1", "0000-00-00", "2099-01-01T00:00"],
)
def test_an_odd_day_is_refused(people: Any, things: Any, sign_in: Any, odd: str) -> None:
    browser, address = sign_in(people.moderator), f"/topics/{things.topic.id}"
    typed = {"reason": "Let us sleep.", "until": odd}
    for door in ("lock", "set-lock-end"):
        sent = browser.post(f"{address}/{door}", data=typed)
        assert sent.status_code == 422 and f'value="{odd}"' in sent.text, door
    assert not is_locked(things.topic)
    assert browser.get(f"/topics/{9**25}/set-lock-end").status_code == 404


def test_what_came_locked_from_a_file_is_opened_without_a_line(people: Any, things: Any) -> None:
    dialogue.lock(people.moderator, things.topic.id, "Elsewhere.", in_days(1))
    with at(now() + timedelta(days=2)):
        assert actions.open_after_last_day(SYSTEM) == 1
    assert not is_locked(things.topic) and not decision_log(people.moderator).items


def test_undoing_brings_back_what_was(people: Any, things: Any) -> None:
    topic = things.topic
    actions.lock(people.moderator, topic.id, WHY, in_days(2))
    actions.set_lock_end(people.moderator, topic.id, in_days(5))
    undo(people.moderator)
    assert last_day(topic) == in_days(2)
    actions.unlock(people.moderator, topic.id)
    undo(people.moderator)
    assert is_locked(topic) and last_day(topic) == in_days(2)


def test_nobody_ends_a_lock_of_their_own_topic(people: Any, things: Any) -> None:
    appoint(SYSTEM, people.ana.handle, "moderator")
    db.session.refresh(people.ana)
    actions.lock(people.moderator, things.topic.id, WHY)
    with pytest.raises(Forbidden):
        actions.set_lock_end(people.ana, things.topic.id, in_days(0))
    for person in (VISITOR, people.ben):
        with pytest.raises(Forbidden):
            actions.set_lock_end(person, things.topic.id, in_days(1))


def test_the_page_says_until_when_and_why(
    people: Any, things: Any, sign_in: Any, client: Any
) -> None:
    browser, address = sign_in(people.moderator), f"/topics/{things.topic.id}"
    typed = {"reason": "Let us <i>sleep</i>.", "until": "2001-01-01"}
    refused = browser.post(f"{address}/lock", data=typed)
    assert refused.status_code == 422 and "still ahead" in refused.text
    assert "Let us &lt;i&gt;sleep&lt;/i&gt;." in refused.text
    assert browser.post(f"{address}/lock", data=typed | {"until": "yes"}).status_code == 422
    sent = browser.post(f"{address}/lock", data=typed | {"until": in_days(3).isoformat()})
    assert sent.status_code == 303
    day = day_in_words(in_days(3))
    for reader in (client, sign_in(people.ben)):
        page = reader.get(things.topic.address).text
        assert f"This topic is locked until {day}. It can be read, not continued." in page
        assert "Reason: Let us &lt;i&gt;sleep&lt;/i&gt;." in page
    page = browser.get(things.topic.address).text
    assert f"locked until {day}, and only moderators reply." in words(page)
    assert f"{address}/set-lock-end" in page
    assert f"Locked until {day}" in words(client.get("/topics").text)
    form = browser.get(f"{address}/set-lock-end").text
    assert f'value="{in_days(3).isoformat()}"' in form
    assert browser.post(f"{address}/set-lock-end", data={"until": ""}).status_code == 303
    page = client.get(things.topic.address).text
    assert "This topic is locked. It can be read, not continued. Reason:" in page
    again = browser.post(f"{address}/set-lock-end", data={"until": in_days(4).isoformat()})
    assert again.status_code == 303
    assert day_in_words(in_days(4)) in client.get(things.topic.address).text
    assert sign_in(people.ben).post(f"{address}/set-lock-end", data={}).status_code == 403
