"""Which letters are due, how many were written lately, and of which post an answer is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.mail import actions, queries
from forum.mail.queries import letters
from forum.markup import write
from forum.notifications import actions as notifications
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from tests.mail.test_actions import FORMER, to


def test_letters_that_are_sent_or_wait_for_later_keep_none_that_is_due(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MAX_COMPARED", 2)
    over = [to(people.ana, is_sent=True), to(people.ana), to(people.ana)]
    actions.drop(SYSTEM, over[1], "read")
    actions.note_refused(SYSTEM, over[2], "550 no", is_final=True)
    due = to(people.ben)
    later = now() + timedelta(hours=1)
    actions.write_letter(SYSTEM, "notice", FORMER, {}, due_at=later)
    assert [letter.id for letter in queries.due_deliveries(9)] == [due]
    assert queries.due_count(9) == 1
    assert [letter.id for letter in queries.deliveries_by_id([due])] == [due]


def test_only_letters_of_the_kind_to_the_address_count_as_written_lately(people: Any) -> None:
    for kind, address, hours in (
        ("sent_back", FORMER, 0),
        ("sent_back", FORMER, 2),
        ("attached", FORMER, 0),
        ("sent_back", "other@example.org", 0),
    ):
        with at(now() - timedelta(hours=hours)):
            actions.write_letter(SYSTEM, kind, address, {})
    assert queries.letters_since(FORMER, ("sent_back",), timedelta(hours=1)) == 1


def test_an_answer_is_of_the_topic_of_its_post(people: Any, topic: Any) -> None:
    new = NewTopic("question", "Why so late?", write("Who waited?"))
    other = dialogue.open_topic(people.ben, topic.agenda_id, new)
    for asked in (topic, other):
        post = dialogue.reply(people.chitra, asked.id, write("We did."))
        assert queries.topic_of_post(people.ana, post.id) == asked.id
        assert queries.title_for_answer(people.ana, post.id) == (asked.title, "en")
    assert queries.topic_of_post(people.ana, 2**31 - 1) is None
    assert queries.title_for_answer(people.ana, 2**31 - 1) == ("", "")


def test_a_digest_tells_of_the_notices_that_it_was_written_for(people: Any, topic: Any) -> None:
    new = NewTopic("question", "Why so late?", write("Who waited?"))
    other = dialogue.open_topic(people.ana, topic.agenda_id, new)
    for asked in (topic, other):
        dialogue.reply(people.ben, asked.id, write("We did."))
    notifications.make_notices(SYSTEM)
    notices = {notice.topic_id: notice.id for notice in inbox(people.ana).page.items}
    (group,) = queries.digest_groups(people.ana, [notices[other.id]])
    assert [entry.title for entry in group.entries] == ["Why so late?"]


def test_administrators_read_what_waits_what_was_sent_and_what_was_given_up(people: Any) -> None:
    _sent, lost, tried, _waiting = (to(people.ana, is_sent=number == 0) for number in range(4))
    actions.note_refused(SYSTEM, lost, "550 no", is_final=True)
    actions.note_refused(SYSTEM, tried, "451 later", is_final=False)
    number, oldest, why = queries.waiting_letters(people.administrator)
    assert (number, why) == (2, "451 later") and oldest
    assert queries.letters_given_up_count(people.administrator) == 1
    assert queries.letters_sent(people.administrator, timedelta(hours=1)) == 1
    with at(now() + timedelta(hours=2)):
        assert queries.letters_sent(people.administrator, timedelta(hours=1)) == 0


def test_a_letter_tells_of_the_notice_that_it_was_written_for(people: Any, topic: Any) -> None:
    for words in ("First.", "Second."):
        dialogue.reply(people.ben, topic.id, write(words))
        notifications.make_notices(SYSTEM)
    ids = [notice.id for notice in inbox(people.ana).page.items]
    assert len(ids) == 2
    for notice_id in ids:
        found = queries.notice_to_tell(people.ana, notice_id)
        assert found and found[0].id == notice_id


def test_only_a_letter_to_a_member_about_a_path_has_told_them_of_it(people: Any) -> None:
    about = {"path": "/moderation/queue"}
    actions.write_letter(SYSTEM, "role", FORMER, about, member_id=people.ana.id)
    assert queries.is_told(people.ana, "role", "/moderation/queue")
    assert not queries.is_told(people.ben, "role", "/moderation/queue")
    assert not queries.is_told(people.ana, "notice", "/moderation/queue")
    assert not queries.is_told(people.ana, "role", "/moderation")


def test_nothing_is_addressed_to_who_has_left(people: Any) -> None:
    assert queries.addressee(people.ana.id) is people.ana
    people.ana.left_at = now()
    db.session.flush()
    assert queries.addressee(people.ana.id) is None
