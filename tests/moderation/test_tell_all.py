"""Telling all members of a topic: once, by an administrator, at most one topic a day, and only what all of them find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.actions import AgendaText, write_agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.errors import Conflict, Forbidden, TooSoon
from forum.markup import write
from forum.members.actions import Joining, ignore, join
from forum.members.models import Member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import decision_log, telling_of
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import Event, Notice
from forum.notifications.queries import everybody_count
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import leave
from tests.moderation.conftest import REASONS, notices_of

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _sound(sound: None) -> None:
    """`flask check` finds no faults afterwards."""


def told(member: Any) -> list[Any]:
    return [notice for notice in notices_of(member) if notice.kind == "announcement"]


def told_ids() -> set[int]:
    while make_notices(SYSTEM, most_watchers=2):
        pass
    return set(db.session.scalars(select(Notice.member_id).where(Notice.kind == "announcement")))


def another_topic(people: Any, things: Any) -> Topic:
    new = NewTopic("question", "Who oils the points?", write("Ours squeal."))
    return dialogue.open_topic(people.ben, things.agenda.id, new)


def test_each_member_is_told_once_by_name_and_with_the_beginning(people: Any, things: Any) -> None:
    actions.tell_all(people.administrator, things.topic.id)
    everybody = set(db.session.scalars(select(Member.id)))
    assert told_ids() == everybody - {people.ana.id, people.administrator.id}
    (notice,) = told(people.ben)
    assert (notice.actor.name, notice.heading) == ("Adam de Wit", "Quiet streets at night")
    assert notice.text == "We turned the bells off." and notice.way == "at once"
    assert notice.address == f"/posts/{first_post(things.topic).id}"
    assert len(told(people.ben)) == 1 and not make_notices(SYSTEM)


def test_it_is_one_row_however_many_members_there_are(
    people: Any, things: Any, queries: Any
) -> None:
    with queries() as few:
        actions.tell_all(people.administrator, things.topic.id)
    assert db.session.scalar(select(func.count()).where(Event.kind == "announcement")) == 1
    assert not [statement for statement in few.statements if "INSERT INTO notice" in statement]


def test_who_left_is_suspended_or_joined_later_is_not_told(people: Any, things: Any) -> None:
    leave(people.chitra, people.chitra.id, "nameless")
    actions.suspend(people.moderator, people.host.id, now() + DAY, REASONS)
    number = telling_of(people.administrator, things.topic.id).number
    actions.tell_all(people.administrator, things.topic.id)
    with at(now() + timedelta(minutes=1)):
        late = join(VISITOR, Joining("Nora", "nora@example.org", "-"))
    ids = told_ids()
    assert ids.isdisjoint({people.chitra.id, people.host.id, late.id})
    assert len(ids) == number == everybody_count([people.ana.id, people.administrator.id, late.id])


def test_who_ignores_or_has_muted_is_told_all_the_same(people: Any, things: Any) -> None:
    ignore(people.ben, people.ana.id)
    ignore(people.ben, people.administrator.id)
    watch(people.ben, "topic", things.topic.id, "muted")
    watch(people.ben, "agenda", things.agenda.id, "muted")
    actions.tell_all(people.administrator, things.topic.id)
    assert len(told(people.ben)) == 1


def test_it_is_told_once(people: Any, things: Any) -> None:
    actions.tell_all(people.administrator, things.topic.id)
    with at(now() + 2 * DAY), pytest.raises(Conflict, match="Adam de Wit told all members"):
        actions.tell_all(people.administrator, things.topic.id)
    with at(now() + 2 * DAY), pytest.raises(Conflict, match="All members were told"):
        dialogue.tell_all(people.administrator, things.topic.id)


def test_the_forum_tells_of_one_topic_a_day(people: Any, things: Any) -> None:
    other = another_topic(people, things)
    actions.tell_all(people.administrator, things.topic.id)
    with pytest.raises(TooSoon, match="They can be told about this one from") as refused:
        actions.tell_all(people.administrator, other.id)
    assert 0 < refused.value.seconds <= DAY.total_seconds() + 60
    assert told_ids() and not db.session.get_one(Topic, other.id).told_all_at
    with at(now() + DAY + timedelta(minutes=1)):
        actions.tell_all(people.administrator, other.id)


def test_what_is_hidden_meanwhile_counts_as_the_one_of_the_day(people: Any, things: Any) -> None:
    other = another_topic(people, things)
    actions.tell_all(people.administrator, things.topic.id)
    actions.decide(people.moderator, "topic", things.topic.id, "hide", REASONS)
    with pytest.raises(TooSoon):
        actions.tell_all(people.administrator, other.id)


@pytest.mark.parametrize("deed", ["hide", "remove"])
@pytest.mark.parametrize("is_made", [True, False])
def test_a_topic_out_of_sight_takes_its_notices_along(
    people: Any, things: Any, deed: str, is_made: bool
) -> None:
    actions.tell_all(people.administrator, things.topic.id)
    assert not is_made or told(people.ben)
    actions.decide(people.moderator, "topic", things.topic.id, deed, REASONS)
    assert told(people.ben) == []
    actions.decide(people.moderator, "topic", things.topic.id, "restore")
    assert len(told(people.ben)) == 1


def test_the_notices_go_with_a_merger(people: Any, things: Any) -> None:
    other = another_topic(people, things)
    actions.tell_all(people.administrator, things.topic.id)
    actions.merge(people.moderator, things.topic.id, other.id)
    (notice,) = told(people.host)
    assert (notice.topic_id, notice.heading) == (other.id, "Who oils the points?")


def test_what_not_all_members_find_is_told_to_nobody(people: Any, things: Any) -> None:
    topic, administrator = things.topic, people.administrator
    actions.decide(people.moderator, "topic", topic.id, "hide", REASONS)
    with pytest.raises(Forbidden, match="that all of them find"):
        actions.tell_all(administrator, topic.id)
    actions.decide(people.moderator, "topic", topic.id, "restore")
    of_case = db.session.scalars(select(Topic.id).where(Topic.home.is_not(None))).first()
    with pytest.raises(Forbidden, match="with a page of its own"):
        actions.tell_all(administrator, of_case)
    draft = write_agenda(administrator, AgendaText("Later", write("Soon."), slug="later"))
    dialogue.prepare_agenda(administrator, draft.id)
    new = NewTopic("experience", "Not yet", write("Not yet."))
    with pytest.raises(Forbidden, match="that all of them find"):
        actions.tell_all(administrator, dialogue.open_topic(administrator, draft.id, new).id)
    actions.decide(people.moderator, "post", first_post(topic).id, "hide", REASONS)
    with pytest.raises(Conflict, match="is not shown"):
        actions.tell_all(administrator, topic.id)
    assert told_ids() == set()


def test_members_are_told_of_what_is_for_members(people: Any, things: Any, client: Any) -> None:
    new = NewTopic("experience", "Among us", write("Our fees."), audience="members")
    topic = dialogue.open_topic(people.ana, things.agenda.id, new)
    actions.tell_all(people.administrator, topic.id)
    assert [notice.heading for notice in told(people.chitra)] == ["Among us"]
    assert client.get(topic.address).status_code == 404


def test_it_is_in_the_log_and_neither_undone_nor_appealed(
    people: Any, things: Any, sign_in: Any
) -> None:
    decision = actions.tell_all(people.administrator, things.topic.id)
    (line,) = decision_log(people.moderator).items
    assert (line.deed, line.moderator.name) == ("tell_all", "Adam de Wit")
    with pytest.raises(Conflict):
        actions.undo(people.administrator, decision.id)
    assert {notice.kind for notice in notices_of(people.ana)} == {"reply"}  # nothing of a decision
    page = sign_in(people.ana).get(f"/moderation/decisions/{decision.id}")
    assert "Appeal" not in page.text.partition("<main")[2].partition("</main")[0]
    log = sign_in(people.moderator).get("/moderation/log?deed=tell_all").text
    assert "Told to all members" in log and "Quiet streets at night" in log


def test_the_page_asks_once_more_and_says_what_was_done(
    people: Any, things: Any, sign_in: Any, client: Any
) -> None:
    address, door = things.topic.address, f"/topics/{things.topic.id}/tell-all"
    assert "Told to all members" not in client.get(address).text
    browser = sign_in(people.administrator)
    assert f'href="{door}"' in browser.get(address).text
    page = browser.get(door).text
    assert "Tell 4 members" in page and "cannot be taken back" in page
    assert told_ids() == set()
    sent = browser.post(door)
    assert (sent.status_code, sent.location) == (303, address)
    assert told_ids() == {people.ben.id, people.chitra.id, people.host.id, people.moderator.id}
    for reader in (client, sign_in(people.ben), browser):
        assert "Told to all members," in reader.get(address).text
    again = browser.post(door)
    assert again.status_code == 409 and "Adam de Wit told all members" in again.text
    shown = browser.get(door)
    assert shown.status_code == 200 and "Adam de Wit told all members" in shown.text
    assert "This cannot be taken back" not in shown.text
    other = another_topic(people, things)
    refused = browser.post(f"/topics/{other.id}/tell-all")
    assert refused.status_code == 429 and "They can be told about this one from" in refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert (
        "They can be told about this one from" in browser.get(f"/topics/{other.id}/tell-all").text
    )


def test_nobody_else_is_offered_it(people: Any, things: Any, sign_in: Any) -> None:
    address, door = things.topic.address, f"/topics/{things.topic.id}/tell-all"
    for person in (people.ana, people.host, people.moderator):
        browser = sign_in(person)
        assert door not in browser.get(address).text
        assert browser.get(door).status_code == browser.post(door).status_code == 403
    actions.decide(people.moderator, "topic", things.topic.id, "hide", REASONS)
    administrator = sign_in(people.administrator)
    assert door not in administrator.get(address).text
    assert administrator.get(door).status_code == administrator.post(door).status_code == 403


def test_the_inbox_names_who_tells_and_leads_there(people: Any, things: Any, sign_in: Any) -> None:
    actions.tell_all(people.administrator, things.topic.id)
    (notice,) = told(people.ben)
    browser = sign_in(people.ben)
    page = browser.get("/notices").text
    assert "Adam de Wit</b> tells all members: " in page and "We turned the bells off." in page
    assert f'href="{notice.address}"' in page and notice.is_read_with_topic
    browser.get(things.topic.address)
    assert told(people.ben)[0].read_at
    assert "way_announcement" in browser.get("/settings/notices").text


def test_a_topic_that_is_hidden_before_the_press_says_so(
    people: Any, things: Any, sign_in: Any
) -> None:
    door = f"/topics/{things.topic.id}/tell-all"
    browser = sign_in(people.administrator)
    assert browser.get(door).status_code == 200
    post = first_post(things.topic)
    actions.decide(people.moderator, "post", post.id, "hide", Reasons("Wrong.", 2))
    sent = browser.post(door)
    assert sent.status_code == 409 and "is not shown, so nobody is told" in sent.text
    assert told_ids() == set()
