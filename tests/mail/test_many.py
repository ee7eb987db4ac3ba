"""Letters to all members at once: nobody who waits for a letter waits for theirs, and the worker goes on with everything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.mail import actions
from forum.mail.commands import DigestRound, deliver, sending, write_digests, write_notice_letters
from forum.mail.models import Delivery
from forum.markup import write
from forum.moderation import actions as moderation
from forum.notifications import actions as notifications
from forum.notifications.models import Notice
from forum.notifications.queries import notices_to_mail
from forum.permissions import SYSTEM

MORNING = datetime(2026, 11, 18, 7, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(people, agenda):
    """All members except two have a notice that is to be mailed at once; the number of them."""
    new = NewTopic("question", "Why so loud?", write("Who measured?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    moderation.tell_all(people.administrator, topic.id)
    while notifications.make_notices(SYSTEM):
        pass
    with at(now() + 2 * MINUTE):  # until then it is only on the site
        yield db.session.scalar(select(func.count()).where(Notice.kind == "announcement"))


def letter(kind, member, **times):
    return actions.write_letter(SYSTEM, kind, member.email, {}, member_id=member.id, **times).id


def leased(limit):
    return [due.id for due in actions.lease_due_letters(SYSTEM, limit)]


def test_a_letter_for_which_somebody_waits_is_sent_before_those_that_tell_of_something(people):
    with at(now() - MINUTE):
        early = [letter(kind, people.ben) for kind in ("notice", "digest", "notice")]
    awaited = [letter(kind, people.ana) for kind in ("sign_in", "reset")]
    assert leased(3) == [*awaited, early[0]]
    assert leased(9) == early[1:]


def test_of_very_many_only_the_longest_due_are_compared(people, monkeypatch):
    monkeypatch.setattr("forum.mail.queries.letters.MAX_COMPARED", 2)
    with at(now() - MINUTE):
        early = [letter("notice", people.ben) for _number in range(3)]
    awaited = letter("sign_in", people.ana)
    assert leased(9) == early[:2]
    assert leased(9) == [awaited, early[2]]


def test_letters_to_all_are_written_as_fast_as_they_are_sent(
    people, told, mail_server, monkeypatch
):
    monkeypatch.setattr("forum.mail.actions.writing.MAX_DUE", 2)
    assert told > 3
    assert write_notice_letters() == 2 and write_notice_letters() == 0
    assert deliver() == 2 and write_notice_letters() == 2
    while deliver() or write_notice_letters():
        pass
    to = sorted(message["To"] for _sender, _to, message in mail_server.messages)
    assert len(to) == told == len(set(to))


def test_letters_that_no_server_takes_keep_no_others_from_being_written(people, told, monkeypatch):
    monkeypatch.setattr("forum.mail.actions.writing.MAX_DUE", 2)
    assert write_notice_letters() == 2
    actions.postpone(SYSTEM, [due.id for due in actions.lease_due_letters(SYSTEM)], "no server")
    assert write_notice_letters() == 2


def test_what_one_member_is_told_does_not_wait_for_what_all_are_told(people, told):
    notice = notifications.NoticeText("mention", "/posts/1", "You")
    notifications.note_event(people.ben, notice, [people.ana.id])
    notifications.make_notices(SYSTEM)
    later = now() + MINUTE
    found = [notice.kind for notice in notices_to_mail(4, later, later)]
    assert found == ["announcement"] * 3 + ["mention"]
    everything = notices_to_mail(1_000, later, later)
    assert len(everything) == told + 1 and everything == sorted(
        everything, key=lambda notice: notice.id
    )


@pytest.fixture
def waiting(people, agenda):
    """Three members who have something for their digest; their ids."""
    members = (people.ana, people.ben, people.chitra)
    with at(MORNING - timedelta(hours=3)):
        for member in members:
            notifications.choose_ways(member, {"mention": "digest"})
            notice = notifications.NoticeText("mention", "/posts/1", "You")
            notifications.note_event(people.moderator, notice, [member.id])
        notifications.make_notices(SYSTEM)
    return sorted(member.id for member in members)


def digests():
    found = select(Delivery.member_id).where(Delivery.kind == "digest").order_by(Delivery.id)
    return list(db.session.scalars(found))


@pytest.mark.parametrize(("members_at_once", "at_once"), [(1, 1), (2, 1), (500, 2), (500, 20)])
def test_digests_are_written_some_at_a_time(waiting, monkeypatch, members_at_once, at_once):
    monkeypatch.setattr(sending, "MEMBERS_AT_ONCE", members_at_once)
    monkeypatch.setattr(sending, "DIGESTS_AT_ONCE", at_once)
    progress, numbers = DigestRound(), []
    with at(MORNING):
        while number := write_digests(progress):
            numbers.append(number)
    assert digests() == waiting and max(numbers) <= at_once
    with at(MORNING + timedelta(days=8)):
        assert write_digests(progress) == 0


def test_one_that_cannot_be_written_keeps_no_others_from_theirs(waiting, monkeypatch):
    monkeypatch.setattr(sending, "DIGESTS_AT_ONCE", 1)
    progress, real = DigestRound(), actions.write_digest

    def failing(system, member_id):
        if member_id == waiting[0]:
            raise ValueError("a faulty row")
        real(system, member_id)

    with at(MORNING):
        with monkeypatch.context() as patch:
            patch.setattr(sending.actions, "write_digest", failing)
            with pytest.raises(ValueError, match="faulty"):
                write_digests(progress)
            assert [write_digests(progress), write_digests(progress)] == [1, 1]
        assert digests() == waiting[1:]
        while write_digests(progress):
            pass
    assert sorted(digests()) == waiting
