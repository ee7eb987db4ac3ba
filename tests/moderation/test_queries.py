"""The queue, its entries in context, the log and the statement of reasons, as each reader sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.db import at, now
from forum.errors import Forbidden, NotFound
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.queries import QueueFilter
from forum.permissions import VISITOR

ALL = QueueFilter()


@pytest.fixture
def reported(people: Any, things: Any) -> Any:
    """Two reports of a post, the first an hour ago; one of a profile."""
    with at(now() - timedelta(hours=1)):
        actions.report(people.ana, "post", things.first.id, "rules", "Rude.")
    actions.report(people.chitra, "post", things.first.id, "spam")
    actions.report(people.ana, "member", people.ben.id, "spam")
    return things


def keys(waiting: Any) -> list[tuple[str, int]]:
    return [(line.kind, line.item_id) for line in waiting]


def test_the_queue_puts_what_waits_longest_first(people: Any, reported: Any) -> None:
    waiting = queries.queue(people.moderator, ALL)
    assert keys(waiting)[0] == ("post", reported.first.id)
    assert [len(line.reports) for line in waiting if line.kind == "post"] == [2]
    assert [line.is_submitted for line in waiting if line.kind == "practice"] == [True]
    assert queries.queue_count(people.moderator) == len(waiting) == 3


def test_each_reader_has_a_queue_of_their_own(people: Any, reported: Any) -> None:
    kinds = [line.kind for line in queries.queue(people.host, ALL)]
    assert sorted(kinds) == ["post", "practice"] and queries.queue_count(people.host) == 2
    assert queries.queue(reported.other_host, ALL) == []
    assert queries.queue_count(reported.other_host) == 0
    for person in (people.ana, VISITOR):
        assert queries.queue_count(person) == 0
        for look in (
            lambda who: queries.queue(who, ALL),
            queries.log,
            lambda who: queries.entry(who, "post", reported.first.id),
            queries.moderated_agendas,
        ):
            with pytest.raises(Forbidden):
                look(person)


def test_the_queue_is_filtered_by_agenda_and_kind(people: Any, reported: Any) -> None:
    def found(**wanted: str) -> list[str]:
        waiting = queries.queue(people.moderator, QueueFilter(**wanted))
        return sorted(line.kind for line in waiting)

    assert found(agenda="quieter") == ["post", "practice"]
    assert found(agenda="other") == found(agenda="nowhere") == []
    assert found(kind="member") == ["member"]
    assert found(kind="post", agenda="quieter") == ["post"]


def test_an_entry_stands_in_its_context(people: Any, reported: Any) -> None:
    entry = queries.entry(people.host, "post", reported.first.id)
    assert entry.before and entry.after and entry.author
    assert (entry.before.number, entry.after.number) == (1, 3)
    assert [report.text for report in entry.reports] == ["Rude.", ""]
    assert entry.author.handle == people.ben.handle
    assert entry.deeds == ["keep", "hide", "remove", "ask_to_edit"] and entry.seen == 0


def test_an_entry_knows_what_was_decided_before(people: Any, reported: Any) -> None:
    hidden = actions.decide(
        people.moderator, "post", reported.first.id, "hide", Reasons("Rule 2.", 2)
    )
    entry = queries.entry(people.host, "post", reported.first.id)
    assert [decision.id for decision in entry.earlier] == [hidden.id] and entry.seen == hidden.id
    assert entry.deeds == ["restore", "remove"]
    about = queries.entry(people.moderator, "member", people.ben.id).about_author
    assert [decision.deed for decision in about] == ["hide"]


def test_a_submitted_practice_is_published_or_returned(people: Any, reported: Any) -> None:
    entry = queries.entry(people.host, "practice", reported.practice.id)
    assert entry.is_submitted and entry.deeds == ["publish", "send_back"]


def test_the_next_entry_is_the_one_below(people: Any, reported: Any) -> None:
    waiting = queries.queue(people.moderator, ALL)
    first, second, third = keys(waiting)
    for here, there in ((first, second), (second, third), (third, first), (("post", 0), first)):
        line = queries.next_after(waiting, *here)
        assert line and (line.kind, line.item_id) == there
    assert queries.next_after(waiting[:1], *first) is None


def test_the_statement_of_reasons_is_for_the_author_and_the_moderators(
    people: Any, reported: Any
) -> None:
    made = actions.decide(
        people.moderator, "post", reported.first.id, "hide", Reasons("Rule 2.", 2)
    )
    for reader in (people.ben, people.host, people.moderator):
        assert queries.get_decision(reader, made.id).reason == "Rule 2."
    for reader in (people.ana, reported.other_host):
        with pytest.raises(NotFound):
            queries.get_decision(reader, made.id)
    with pytest.raises(Forbidden):
        queries.get_decision(VISITOR, made.id)


def test_the_log_can_be_read_by_agenda(people: Any, reported: Any) -> None:
    actions.decide(people.moderator, "post", reported.first.id, "keep")
    actions.decide(people.moderator, "member", people.ben.id, "hide", Reasons("Spam.", 2))
    assert queries.log(people.moderator).total == 2
    assert queries.log(people.moderator, "quieter").total == 1
    assert queries.log(people.host).total == 1
    assert queries.log(reported.other_host).total == 0
    assert queries.log(people.moderator, "nowhere", 10**9).total == 0


def test_the_queue_costs_the_same_however_much_waits(
    people: Any, reported: Any, queries: Any
) -> None:
    from forum.moderation.queries import entry, queue, queue_count

    with queries() as made:
        queue(people.moderator, ALL)
    assert made.count <= 2, made.statements
    with queries() as made:
        queue_count(people.moderator)
    assert made.count == 1, made.statements
    with queries() as made:
        entry(people.moderator, "post", reported.first.id)
    assert made.count <= 7, made.statements
