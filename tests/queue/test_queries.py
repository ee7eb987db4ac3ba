"""The queue: for whom, in which order, each entry counted once, at a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import set_hosts
from forum.appeals.actions import appeal
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Held
from forum.errors import Conflict, Forbidden, NotFound
from forum.library.actions import PracticeText, submit, write_practice
from forum.markup import write
from forum.members.actions import suspend
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.moderation.models import Report
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions, queries
from forum.queue.queries import QueueFilter
from forum.screening.actions import RuleText, make_rule, set_newness


def keys(waiting: Any) -> list[tuple[str, int]]:
    return [line.key for line in waiting]


def test_the_queue_puts_what_waits_longest_first(people: Any, reported: Any) -> None:
    waiting = queries.queue_entries(people.moderator)
    assert keys(waiting)[0] == ("post", reported.first.id)
    assert [line.reports for line in waiting if line.kind == "post"] == [2]
    assert [line.is_submitted for line in waiting if line.kind == "practice"] == [True]
    assert queries.waiting_count(people.moderator) == len(waiting) == 3


def test_what_may_be_illegal_comes_first_and_says_so(people: Any, reported: Any) -> None:
    notice = IllegalContentNotice("It is stolen.", "Ines", "ines@x.example", is_in_good_faith=True)
    moderation.report_illegal(VISITOR, "post", reported.second.id, notice)
    first, *others = queries.queue_entries(people.moderator)
    assert first.key == ("post", reported.second.id) and first.urgency == "Reported as illegal"
    assert all(line.urgency == "" for line in others)
    with at(now() + timedelta(hours=49)):
        first, *others = queries.queue_entries(people.moderator)
        assert first.urgency == "Reported as illegal. Waiting for more than two days"
        assert {line.urgency for line in others} == {"Waiting for more than two days"}


def test_people_who_want_to_join_stand_in_it(people: Any, things: Any, candidate: Any) -> None:
    assert ("candidate", candidate.id) in keys(queries.queue_entries(people.moderator))
    assert ("candidate", candidate.id) not in keys(queries.queue_entries(people.host))
    assert queries.waiting_count(people.moderator) == 2 and queries.waiting_count(people.host) == 1
    opened = queries.opened_entry(people.moderator, "candidate", candidate.id)
    assert opened.about.deeds == ("approve", "refuse") and opened.about.title == "Nora Lind"
    with pytest.raises(Forbidden):
        queries.opened_entry(people.host, "candidate", candidate.id)
    with pytest.raises(Conflict):
        queries.opened_entry(people.moderator, "candidate", 10**6)


def test_a_practice_that_is_reported_and_submitted_counts_once(people: Any, things: Any) -> None:
    moderation.publish(people.moderator, things.practice.id)
    moderation.report(people.ana, "practice", things.practice.id, "rules")
    db.session.refresh(things.practice)
    things.practice.state, things.practice.submitted_at = "submitted", now()
    db.session.commit()
    (line,) = queries.queue_entries(people.moderator)
    assert line.is_submitted and line.reports == 1
    assert queries.waiting_count(people.moderator) == 1


def test_each_reader_has_a_queue_of_their_own(people: Any, reported: Any) -> None:
    kinds = [line.kind for line in queries.queue_entries(people.host)]
    assert sorted(kinds) == ["post", "practice"] and queries.waiting_count(people.host) == 2
    assert queries.queue_entries(reported.other_host) == []
    assert queries.waiting_count(reported.other_host) == 0
    for person in (people.ana, VISITOR):
        assert queries.waiting_count(person) == 0
        with pytest.raises(Forbidden):
            queries.queue_entries(person)
        with pytest.raises(Forbidden):
            queries.opened_entry(person, "post", reported.first.id)


def test_the_number_of_what_waits_leaves_out_what_only_another_may_decide(
    sign_in: Any, people: Any, things: Any
) -> None:
    """Chitra became a host after she had written a first post, a reported post, a held text and a practice."""
    agenda_id, topic_id = things.agenda.id, things.topic.id
    set_newness(people.administrator, days=14, posts=3, first_posts=2)
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    wrote = [reply(people.chitra, topic_id, write(words)) for words in ("Well.", "A casino.")]
    assert wrote[0].unseen_at and isinstance(wrote[1], Held)
    moderation.report(people.ana, "post", things.second.id, "rules")
    own = write_practice(people.chitra, agenda_id, PracticeText(title="Mine", sentence="So."))
    submit(people.chitra, own.id)
    set_hosts(people.moderator, agenda_id, [people.chitra.handle])
    chitra = get_member(SYSTEM, people.chitra.handle)
    waiting = queries.queue_entries(chitra)
    assert len(waiting) == 5 and queries.waiting_count(chitra) == 1
    assert queries.first_decidable(chitra, waiting).key == ("practice", things.practice.id)
    moderation.publish(people.moderator, things.practice.id)
    page = sign_in(chitra).get("/moderation").text
    assert "Nothing is waiting for you" in page and "Moderation, 0 waiting" in page
    for other in (people.moderator, people.administrator):
        suspend(SYSTEM, other.id, now() + timedelta(days=1))  # now nobody else can decide
    alone = [line.kind for line in queries.queue_entries(chitra) if not line.is_for_others]
    assert sorted(alone) == ["held", "practice"] and queries.waiting_count(chitra) == 2


def test_the_queue_is_filtered_by_agenda_kind_and_age(people: Any, reported: Any) -> None:
    def found(**wanted: str) -> list[str]:
        waiting = queries.queue_entries(people.moderator, QueueFilter(**wanted))
        return sorted(line.kind for line in waiting)

    assert found(agenda="quieter") == ["post", "practice"]
    assert found(agenda="other") == found(agenda="nowhere") == []
    assert found(kind="member") == ["member"]
    assert found(kind="post", agenda="quieter") == ["post"]
    assert found(age="day") == []
    with at(now() + timedelta(hours=23, minutes=30)):
        assert found(age="day") == ["post"] and found(age="two-days") == []
    with at(now() + timedelta(days=8)):
        assert len(found(age="week")) == 3


def test_the_next_entry_is_the_one_below(people: Any, reported: Any) -> None:
    waiting = queries.queue_entries(people.moderator)
    first, second, third = keys(waiting)
    for here, there in ((first, second), (second, third), (third, first), (("post", 0), first)):
        line = queries.next_entry(people.moderator, waiting, here)
        assert line and line.key == there
    assert queries.next_entry(people.moderator, waiting[:1], first) is None


def test_where_somebody_else_is_comes_last(people: Any, reported: Any) -> None:
    first, second, _third = keys(queries.queue_entries(people.moderator))
    actions.claim(people.host, *first)
    waiting = queries.queue_entries(people.moderator)
    opened = queries.first_decidable(people.moderator, waiting)
    assert opened and opened.key == second
    mine = queries.first_decidable(people.host, queries.queue_entries(people.host))
    assert mine and mine.key == first


def test_the_list_names_who_wrote_what_waits(people: Any, reported: Any, candidate: Any) -> None:
    moderation.report(people.chitra, "member", people.ben.id, "rules")
    listed, _above, _below = queries.entries_around(queries.queue_entries(people.moderator), None)
    authors = {line.key: line.author and line.author.name for line in listed}
    assert authors["post", reported.first.id] == "Ben Okoth"
    assert authors["member", people.ben.id] is authors["candidate", candidate.id] is None


def test_a_long_list_shows_what_is_around(people: Any, reported: Any) -> None:
    line = queries.queue_entries(people.moderator)[0]
    many = [queries.QueueEntry("post", number, "", None, line.since) for number in range(200)]
    for at_, above, below in ((0, 0, 140), (100, 70, 70), (199, 140, 0)):
        part, over, under = queries.entries_around(many, ("post", at_))
        assert (over, under) == (above, below) and ("post", at_) in keys(part)
    assert queries.entries_around([], None) == ([], 0, 0)


@pytest.mark.parametrize("kind", ["agenda", "nonsense", ""])
def test_an_unknown_kind_is_not_found(people: Any, things: Any, kind: str) -> None:
    with pytest.raises(NotFound):
        queries.opened_entry(people.moderator, kind, 1)


def test_the_queue_costs_the_same_with_five_hundred_entries(
    app: Flask, sign_in: Any, people: Any, reported: Any, queries: Any
) -> None:
    browser = sign_in(people.moderator)
    browser.get("/moderation")
    with queries() as few:
        assert browser.get("/moderation").status_code == 200
    many_reports(people, reported, 500)
    with queries() as many:
        page = browser.get("/moderation")
    assert page.status_code == 200 and "Moderation: 503 waiting" in page.text
    assert many.count == few.count <= 18, many.statements
    assert len(page.data) < 150_000
    with queries() as made:
        assert browser.get("/rules").status_code == 200
    counting = [words for words in made.statements if "report." in words]
    assert len(counting) == 1, counting


def many_reports(people: Any, things: Any, number: int) -> None:
    """Many posts, each reported by somebody without an account."""
    topic = open_topic(people.ben, things.agenda.id, NewTopic("question", "Question", write("0")))
    post = reply(people.ben, topic.id, write("Reported."))
    what = {"title": "Reported.", "address": f"/posts/{post.id}", "agenda_id": things.agenda.id}
    db.session.add_all(
        Report(
            kind="post",
            item_id=10**6 + n,
            reason="spam",
            source="visitor",
            created_at=now(),
            **what,
        )
        for n in range(number)
    )
    db.session.commit()


def test_the_system_sees_everything(people: Any, reported: Any, candidate: Any) -> None:
    assert len(queries.queue_entries(SYSTEM)) == 4


def test_an_appeal_against_ones_own_decision_is_not_opened_by_itself(
    sign_in: Any, people: Any, things: Any
) -> None:
    moderation.publish(people.host, things.practice.id)
    why = Reasons("It is rude.", 2)
    made = moderation.decide(people.moderator, "post", things.first.id, "hide", why)
    appeal(people.ben, made.id, "It was a joke.")
    mine, theirs = queries.queue_entries(people.moderator), queries.queue_entries(people.host)
    assert [line.kind for line in mine] == [line.kind for line in theirs] == ["appeal"]
    assert queries.first_decidable(people.moderator, mine) is None
    assert queries.first_decidable(people.host, theirs) == theirs[0]
    page = sign_in(people.moderator).get("/moderation").text
    assert "Nothing is waiting for you" in page and 'id="entry"' not in page
    assert 'id="entry"' in sign_in(people.host).get("/moderation").text
