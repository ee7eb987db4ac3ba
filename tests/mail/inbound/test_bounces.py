"""Letters that come back pause the mail of a member."""

from __future__ import annotations

import re

import pytest

from forum.db import db
from forum.errors import Forbidden
from forum.mail.commands import receive_message
from forum.mail.forms import bounce_address, reply_address
from forum.members.models import Member
from tests.mail.inbound.conftest import MAILBOX, TODAY, report


def is_paused(people):
    return bool(db.session.get(Member, people.ana.id, populate_existing=True).mail_paused_at)


def test_a_letter_that_comes_back_pauses_the_address(people):
    assert "came back" in receive_message(report(people))
    assert is_paused(people)
    member = db.session.get(Member, people.ana.id)
    assert "no such user" in member.mail_paused_why


def test_what_a_mail_server_says_is_kept_without_control_characters(people):
    said = b"no such user =?utf-8?q?here=00=0D=0ABcc:?= \x00now"
    receive_message(report(people).replace(b"no such user here", said))
    member = db.session.get(Member, people.ana.id, populate_existing=True)
    assert member.mail_paused_why == "5.1.1 550 5.1.1 no such user here Bcc: now"


@pytest.mark.parametrize(
    "change",
    [
        {"status": "4.2.2"},
        {"status": "5.2.2"},
        {"action": "delayed"},
        {"address": "ben@example.org"},
        {"address": ""},
    ],
)
def test_other_reports_pause_no_address(people, change):
    receive_message(report(people, **change))
    assert not is_paused(people)


def test_a_letter_to_somebody_who_is_gone_comes_back_too(people):
    ours, gone = (bounce_address(MAILBOX, number, TODAY) for number in (people.ana.id, 2**31 - 1))
    raw = report(people).replace(ours.encode(), gone.encode())
    assert receive_message(raw) == "A letter came back."
    assert not is_paused(people)


def test_a_forged_report_does_nothing(people):
    raw = re.sub(rb"-[a-z2-7]{16}@", b"-aaaaaaaaaaaaaaaa@", report(people))
    with pytest.raises(Forbidden):
        receive_message(raw)
    assert not is_paused(people)


def test_a_report_to_an_address_for_answers_does_nothing(people, post):
    """Whoever got a copy of an answer knows the address, and a report names no sender who could be checked."""
    ours = bounce_address(MAILBOX, people.ana.id, TODAY).encode()
    theirs = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    said = receive_message(report(people).replace(ours, theirs))
    assert said == "Nobody wrote this message, so nothing was posted."
    assert not is_paused(people)
