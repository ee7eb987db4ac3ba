"""Reporting and deciding: who may, what follows, what is recorded, who is notified."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.queries import agenda_by_id
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, delete, open_topic, reply
from forum.dialogue.queries import first_post, get_post, get_topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.actions import submit
from forum.library.queries import get_case, get_practice
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue import queries as queue


def notices_of(member: Any) -> list[tuple[str, str]]:
    while make_notices(SYSTEM):
        pass
    return [(notice.kind, notice.words) for notice in inbox(member).page.items]


def deeds_of(moderator: Any) -> list[str]:
    return [decision.deed for decision in reversed(queries.decision_log(moderator).items)]


# Reporting


def test_a_member_reports_once(people: Any, things: Any) -> None:
    said = actions.report(people.ana, "post", things.first.id, "rules", "It is rude.")
    assert (said.title, said.author_id) == ("A rude answer to all.", people.ben.id)
    assert said.agenda_id == things.agenda.id
    with pytest.raises(Invalid):
        actions.report(people.ana, "post", things.first.id, "spam")
    actions.report(people.chitra, "post", things.first.id, "spam")
    # The reported post and the submitted practice
    assert queue.waiting_count(people.moderator) == 2


def test_everything_but_ones_own_can_be_reported(people: Any, things: Any) -> None:
    actions.publish(people.moderator, things.practice.id)
    actions.report(people.chitra, "topic", things.topic.id, "off topic")
    actions.report(people.chitra, "case", things.case.id, "something else")
    actions.report(people.chitra, "practice", things.practice.id, "illegal")
    actions.report(people.chitra, "member", people.ben.id, "spam")
    waiting = queue.queue_entries(people.moderator)
    assert {line.kind for line in waiting} == {"topic", "case", "practice", "member"}
    with pytest.raises(Forbidden):
        actions.report(people.ana, "topic", things.topic.id, "spam")
    with pytest.raises(Forbidden):
        actions.report(VISITOR, "topic", things.topic.id, "spam")


def test_what_is_not_there_to_read_cannot_be_reported(people: Any, things: Any) -> None:
    actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rude.", 2))
    for kind, item_id in (
        ("post", things.first.id),
        ("practice", things.practice.id),  # only submitted, so Ana cannot see it
        ("topic", 2**31 - 1),
        ("agenda", things.agenda.id),
        ("nonsense", 1),
    ):
        with pytest.raises(NotFound):
            actions.report(people.ana, kind, item_id, "spam")


def test_a_report_needs_a_reason_that_exists(people: Any, things: Any) -> None:
    for reason, text in (("", ""), ("boring", ""), ("spam", "x" * 2_001)):
        with pytest.raises(Invalid):
            actions.report(people.ana, "post", things.first.id, reason, text)


def test_the_opening_of_a_case_is_the_case(people: Any, things: Any) -> None:
    said = actions.report(people.ana, "topic", things.case.topic_id, "spam")
    assert (said.kind, said.item_id) == ("case", things.case.id)


# Deciding


def test_hiding_answers_the_reports_and_tells_author_and_reporters(
    people: Any, things: Any
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    actions.report(people.chitra, "post", things.first.id, "spam")
    actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("Rule 2: it is rude.", 2)
    )
    assert not queries.open_reports("post", things.first.id)
    author = [text for kind, text in notices_of(people.ben) if kind == "decision"]
    assert author == ["Hidden by the moderators. Rule 2: it is rude."]
    for reporter in (people.ana, people.chitra):
        words = [text for kind, text in notices_of(reporter) if kind == "report"]
        assert len(words) == 1 and "rude" not in words[0] and "Mona" not in words[0]
    notice = next(n for n in inbox(people.ben).page.items if n.kind == "decision")
    assert notice.actor_id is None
    assert get_post(people.moderator, things.first.id).hidden_reason == "Rule 2: Be fair to people"


def test_keeping_answers_the_reports_and_leaves_the_author_in_peace(
    people: Any, things: Any
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    actions.decide(people.host, "post", things.first.id, "keep")
    assert ("report", "Kept: it is within the rules. You can appeal against that.") in notices_of(
        people.ana
    )
    assert not [kind for kind, _text in notices_of(people.ben) if kind in ("decision", "report")]
    assert not get_post(VISITOR, things.first.id).is_gone


def test_hiding_needs_a_reason_and_a_deed_that_exists(people: Any, things: Any) -> None:
    for deed, reasons in (
        ("hide", Reasons(" ", 2)),
        ("hide", Reasons("x" * 2_001, 2)),
        ("hide", Reasons("It names no rule.")),
        ("hide", Reasons("There is no such rule.", 99)),
        ("hide", Reasons("Which law?", law=" ")),
        ("burn", Reasons("Why not", 2)),
        ("", Reasons()),
    ):
        with pytest.raises(Invalid):
            actions.decide(people.moderator, "post", things.first.id, deed, reasons)
    assert deeds_of(people.moderator) == []


@pytest.mark.parametrize("kind", ["post", "topic", "case", "practice", "member"])
def test_every_kind_is_hidden_and_restored(people: Any, things: Any, kind: str) -> None:
    actions.publish(people.moderator, things.practice.id)
    item_id = {
        "post": things.first.id,
        "topic": things.topic.id,
        "case": things.case.id,
        "practice": things.practice.id,
        "member": people.ben.id,
    }[kind]

    def seen() -> bool:
        try:
            return queries.get_thing(people.ana, kind, item_id).state == "shown"
        except NotFound:
            return False

    assert seen()
    actions.decide(people.moderator, kind, item_id, "hide", Reasons("Rule 1.", 2))
    assert not seen()
    actions.decide(people.moderator, kind, item_id, "restore")
    assert seen()
    assert deeds_of(people.moderator)[-2:] == ["hide", "restore"]


def test_nothing_is_decided_twice(people: Any, things: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    actions.decide(people.host, "post", things.first.id, "hide", Reasons("Rule 2.", 2))
    for deed, seen in (("hide", None), ("keep", None), ("keep", 0), ("hide", 0), ("restore", 0)):
        with pytest.raises(Conflict):
            actions.decide(
                people.moderator, "post", things.first.id, deed, Reasons("Mine.", 2), seen=seen
            )
    assert deeds_of(people.moderator) == ["hide"]
    assert len([kind for kind, _text in notices_of(people.ben) if kind == "decision"]) == 1


def test_a_decision_on_an_old_page_is_refused(people: Any, things: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    kept = actions.decide(people.host, "post", things.first.id, "keep", seen=0)
    actions.report(people.chitra, "post", things.first.id, "spam")
    with pytest.raises(Conflict):
        actions.decide(
            people.moderator, "post", things.first.id, "hide", Reasons("Late.", 2), seen=0
        )
    actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("Aware.", 2), seen=kept.id
    )


def test_a_report_of_what_its_author_deleted_can_be_closed(people: Any, things: Any) -> None:
    actions.report(people.chitra, "post", things.first.id, "rules")
    delete(people.ben, things.first.id)
    with pytest.raises(Conflict):
        actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Too late.", 2))
    actions.decide(people.moderator, "post", things.first.id, "keep")
    assert queue.waiting_count(people.moderator) == 1


@pytest.mark.parametrize("deed", ["keep", "hide"])
def test_ones_own_decision_is_taken_back_within_ten_minutes(
    people: Any, things: Any, deed: str
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    made = actions.decide(people.moderator, "post", things.first.id, deed, Reasons("Rude.", 2))
    with pytest.raises(Conflict):
        actions.undo(people.host, made.id)
    with at(now() + timedelta(minutes=11)), pytest.raises(Conflict):
        actions.undo(people.moderator, made.id)
    actions.undo(people.moderator, made.id)
    assert len(queries.open_reports("post", things.first.id)) == 1
    assert not get_post(VISITOR, things.first.id).is_gone
    with pytest.raises(Conflict):
        actions.undo(people.moderator, made.id)


def test_what_others_have_decided_since_stays(people: Any, things: Any) -> None:
    made = actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rule 2.", 2))
    actions.decide(people.host, "post", things.first.id, "restore")
    with pytest.raises(Conflict):
        actions.undo(people.moderator, made.id)


def test_what_one_decided_before_stays_with_what_came_after(people: Any, things: Any) -> None:
    """As with a button of an outdated page."""
    first = actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rude.", 2))
    actions.decide(people.moderator, "post", things.second.id, "hide", Reasons("Rude.", 2))
    with pytest.raises(Conflict):
        actions.undo(people.moderator, first.id)
    for post in (things.first, things.second):
        assert get_post(SYSTEM, post.id).is_gone


def test_a_note_about_a_case_stands_on_its_own_page(people: Any, things: Any) -> None:
    opening = first_post(get_topic(SYSTEM, things.case.topic_id))
    for deed in (
        lambda: actions.note(people.host, opening.id, write("Is it so?")),
        lambda: actions.unnote(people.host, opening.id),
    ):
        with pytest.raises(Invalid, match="on its own page"):
            deed()


# Hosts


def test_a_host_decides_on_the_own_agenda_alone(people: Any, things: Any) -> None:
    actions.publish(people.host, things.practice.id)
    for kind, item_id in (
        ("post", things.first.id),
        ("topic", things.topic.id),
        ("case", things.case.id),
        ("practice", things.practice.id),
    ):
        with pytest.raises(Forbidden):
            actions.decide(things.other_host, kind, item_id, "hide", Reasons("Mine now.", 2))
        actions.decide(people.host, kind, item_id, "hide", Reasons("Rule 1.", 2))
        with pytest.raises((Forbidden, NotFound)):
            actions.decide(things.other_host, kind, item_id, "restore")
    assert deeds_of(things.other_host) == []
    assert deeds_of(people.host) == ["publish", "hide", "hide", "hide", "hide"]


def test_profiles_are_for_moderators_alone(people: Any, things: Any) -> None:
    actions.report(people.ana, "member", people.ben.id, "spam")
    assert [line.kind for line in queue.queue_entries(people.host)] == ["practice"]
    for deed in (
        lambda who: actions.decide(who, "member", people.ben.id, "hide", Reasons("Spam.", 2)),
        lambda who: actions.suspend(
            who, people.ben.id, now() + timedelta(days=1), Reasons("Spam.", 2)
        ),
        lambda who: actions.archive(who, things.other.id),
    ):
        for person in (people.host, people.ana, VISITOR):
            with pytest.raises(Forbidden):
                deed(person)


def test_members_decide_nothing(people: Any, things: Any) -> None:
    actions.report(people.chitra, "topic", things.topic.id, "spam")
    for deed in (
        lambda: actions.decide(people.ana, "topic", things.topic.id, "keep"),
        lambda: actions.lock(people.ana, things.topic.id, Reasons("Mine.")),
        lambda: actions.unlock(people.ana, things.topic.id),
        lambda: actions.pin(people.ana, things.topic.id),
        lambda: actions.unpin(people.ana, things.topic.id),
        lambda: actions.move(people.ana, things.topic.id, things.other.id),
        lambda: actions.publish(people.ben, things.practice.id),
        lambda: actions.send_back(people.ben, things.practice.id, Reasons("To myself.")),
        lambda: actions.feature(people.ben, things.practice.id),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert deeds_of(people.moderator) == []


# Topics, practices, members, agendas


def test_deeds_on_a_topic_happen_once_and_are_written_down(people: Any, things: Any) -> None:
    number = things.topic.id
    actions.lock(people.host, number, Reasons("It repeats itself."))
    for deed, undo in (("pin", "unpin"), ("unlock", "lock")):
        getattr(actions, deed)(people.host, number)
        with pytest.raises(Conflict):
            getattr(actions, deed)(people.host, number)
        assert undo
    actions.unpin(people.host, number)
    assert deeds_of(people.moderator) == ["lock", "pin", "unlock", "unpin"]
    assert ("decision", "Locked: it takes no more replies. It repeats itself.") in notices_of(
        people.ana
    )
    with pytest.raises(Invalid):
        actions.lock(people.host, number, Reasons())


def test_the_reason_of_a_lock_comes_and_goes_with_it(people: Any, things: Any) -> None:
    def said() -> str:
        return str(get_topic(VISITOR, things.topic.id).locked_reason)

    locked = actions.lock(people.host, things.topic.id, Reasons("It is settled."))
    assert said() == "It is settled."
    actions.undo(people.host, locked.id)
    assert said() == ""
    actions.lock(people.moderator, things.topic.id, Reasons(" It repeats itself. "))
    assert said() == "It repeats itself."
    unlocked = actions.unlock(people.administrator, things.topic.id)
    assert said() == ""
    actions.undo(people.administrator, unlocked.id)
    assert said() == "It repeats itself."


def test_a_moved_topic_takes_its_reports_along(people: Any, things: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    with pytest.raises(Forbidden):
        actions.move(people.host, things.topic.id, things.other.id)
    actions.move(people.moderator, things.topic.id, things.other.id, Reasons("It fits better."))
    assert get_topic(VISITOR, things.topic.id).agenda_id == things.other.id
    assert [line.kind for line in queue.queue_entries(things.other_host)] == ["post"]
    assert queue.waiting_count(people.host) == 1  # the practice
    assert ("decision", "Moved to “Other”. It fits better.") in notices_of(people.ana)
    with pytest.raises(Invalid):
        actions.move(people.moderator, things.topic.id, things.other.id)


def test_a_practice_is_published_or_returned_once(people: Any, things: Any) -> None:
    actions.send_back(people.host, things.practice.id, Reasons("Say what it cost."))
    with pytest.raises(Conflict):
        actions.publish(people.moderator, things.practice.id)
    submit(people.ben, things.practice.id)
    actions.publish(people.moderator, things.practice.id)
    with pytest.raises(Conflict):
        actions.send_back(people.host, things.practice.id, Reasons("Again."))
    actions.feature(people.host, things.practice.id)
    assert get_practice(VISITOR, "quiet-asphalt").featured_at
    actions.unfeature(people.host, things.practice.id)
    assert deeds_of(people.host) == ["send_back", "publish", "feature", "unfeature"]


def test_a_suspension_ends_the_membership_for_its_time(people: Any, things: Any) -> None:
    actions.suspend(
        people.moderator, people.ben.id, now() + timedelta(days=7), Reasons("Three times.", 2)
    )
    assert not get_member(SYSTEM, people.ben.handle).is_member
    actions.unsuspend(people.moderator, people.ben.id)
    assert get_member(SYSTEM, people.ben.handle).is_member
    with pytest.raises(Conflict):
        actions.unsuspend(people.moderator, people.ben.id)
    with pytest.raises(Forbidden):
        actions.suspend(
            people.moderator, people.administrator.id, now() + timedelta(1), Reasons("Coup.", 2)
        )
    with pytest.raises(Invalid):
        actions.suspend(people.moderator, people.ben.id, now() + timedelta(1), Reasons(" ", 2))


def test_an_agenda_is_archived_and_reopened_once(people: Any, things: Any) -> None:
    actions.archive(people.moderator, things.agenda.id)
    with pytest.raises(Conflict):
        actions.archive(people.moderator, things.agenda.id)
    actions.reopen(people.moderator, things.agenda.id, Reasons("There is more to say."))
    assert agenda_by_id(VISITOR, things.agenda.id).archived_at is None
    assert deeds_of(people.moderator) == ["archive", "reopen"]


def test_a_deed_that_fails_writes_nothing_down(people: Any, things: Any) -> None:
    with pytest.raises(Invalid):
        actions.move(people.moderator, things.case.topic_id, things.other.id)
    assert get_case(VISITOR, "night-council").agenda_id == things.agenda.id
    assert db.session.query(Decision).count() == 0


@pytest.mark.parametrize("item_id", [0, -1, 2**31 - 1])
def test_nothing_is_decided_about_ids_that_do_not_exist(
    people: Any, things: Any, item_id: int
) -> None:
    for kind in ("post", "topic", "case", "practice", "member", "nonsense"):
        with pytest.raises(NotFound):
            actions.decide(people.moderator, kind, item_id, "hide", Reasons("Nothing.", 2))


# Who is notified that something waits


def waiting(member: Any) -> list[str]:
    """A member's unread notices of the queue."""
    while make_notices(SYSTEM):
        pass
    told = inbox(member).page.items
    return [notice.address for notice in told if notice.kind == "queue" and not notice.read_at]


def test_who_moderates_is_told_of_a_report_once_and_until_it_is_decided(
    people: Any, agenda: Any
) -> None:
    new = NewTopic("question", "Why so loud?", write("Hm."))
    topic = open_topic(people.ana, agenda.id, new)
    post = reply(people.ben, topic.id, write("Buy this."))
    where = [f"/moderation/post/{post.id}"]
    for reporter in (people.ana, people.chitra):
        actions.report(reporter, "post", post.id, "rules")
    for member in (people.host, people.moderator, people.administrator):
        assert waiting(member) == where
        assert all(notice.actor is None for notice in inbox(member).page.items)
    assert waiting(people.ben) == waiting(people.chitra) == []
    actions.decide(people.host, "post", post.id, "keep")
    assert waiting(people.moderator) == waiting(people.host) == []


def test_a_report_that_was_decided_before_it_was_told_is_told_to_nobody(
    people: Any, agenda: Any
) -> None:
    new = NewTopic("question", "Why so loud?", write("Hm."))
    topic = open_topic(people.ana, agenda.id, new)
    actions.report(people.ben, "topic", topic.id, "rules")
    actions.decide(people.moderator, "topic", topic.id, "keep")
    assert waiting(people.host) == []


def test_only_moderators_of_all_are_told_of_a_reported_profile(people: Any, agenda: Any) -> None:
    actions.report(people.ben, "member", people.ana.id, "rules")
    assert waiting(people.moderator) == [f"/moderation/member/{people.ana.id}"]
    assert waiting(people.host) == []
