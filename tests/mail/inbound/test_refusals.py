"""Replies by e-mail of strangers, forgers, loops and programs are not posted; nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import ratelimits
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace
from forum.errors import Forbidden
from forum.mail.commands import receive_message
from forum.mail.forms import bounce_address, reply_address
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from tests.mail.inbound.conftest import MAILBOX, TODAY, answer, posts


@pytest.mark.parametrize(
    "what", ["member", "post", "seal", "purpose", "other mailbox", "old", "future", "none"]
)
def test_a_forged_address_is_refused(people, topic, post, what):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY)
    to = {
        "member": key.replace(f"r{people.ana.id}-", f"r{people.ben.id}-"),
        "post": key.replace(f"-{post.id}-", f"-{post.id + 1}-"),
        "seal": re.sub(r"-[a-z2-7]{16}@", "-aaaaaaaaaaaaaaaa@", key),
        "purpose": bounce_address(MAILBOX, people.ana.id, TODAY),
        "other mailbox": key.replace("mail.example.org", "elsewhere.example"),
        "old": reply_address(MAILBOX, people.ana.id, post.id, TODAY - 91),
        "future": reply_address(MAILBOX, people.ana.id, post.id, now().toordinal() + 2),
        "none": MAILBOX,
    }[what]
    sender = "ben@example.org" if what == "member" else None
    try:
        receive_message(answer(people, post, to=to, sender=sender))
    except Forbidden:
        pass
    else:
        assert what == "purpose", "a letter that came back is no answer, and no error"
    assert len(posts(topic)) == 2


@pytest.mark.parametrize(
    "sender",
    ["ben@example.org", "ana@example.org.evil.example", "", "Ana Prado", "ana@example.org@x"],
)
def test_strangers_are_refused_and_not_answered(people, topic, post, sender):
    """A forwarded e-mail must not allow its receiver to write as the member."""
    with pytest.raises(Forbidden):
        receive_message(answer(people, post, sender=sender or "<>"))
    assert len(posts(topic)) == 2
    assert db.session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize("second", ["\r\nFrom: x@elsewhere.example", ", x@elsewhere.example"])
@pytest.mark.parametrize("gap", ["", " " * 600])
def test_a_message_from_two_addresses_is_from_nobody(people, topic, post, second, gap):
    """Of two senders a mail server may have checked the one that is no member."""
    raw = answer(people, post, sender="ana@example.org")
    both = raw.replace(b"From: ana@example.org", f"From: ana@example.org{gap}{second}".encode())
    assert both != raw
    with pytest.raises(Forbidden):
        receive_message(both)
    assert len(posts(topic)) == 2


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<a.b>"},
        {"Return_Path": "<>"},
    ],
)
def test_machines_are_not_posted_nor_answered(people, topic, post, header):
    receive_message(answer(people, post, **header))
    assert len(posts(topic)) == 2
    assert db.session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize("what", ["locked", "hidden", "silenced", "suspended", "empty", "long"])
def test_what_cannot_be_posted_is_given_back_with_the_reason(
    people, topic, post, letters, what, agenda
):
    text = {"empty": "\n> quoted\n", "long": "word " * 7000}.get(what, "My long answer.")
    if what == "locked":
        dialogue.lock(people.moderator, topic.id)
    elif what == "hidden":
        moderation.decide(people.moderator, "topic", topic.id, "hide", Reasons("No.", 2))
    elif what in ("silenced", "suspended"):
        notifications.set_digest(people.ana, "daily", 7, "Pacific/Auckland")
        member = db.session.get(Member, people.ana.id)
        setattr(member, f"{what}_until", now() + timedelta(days=1))
        db.session.commit()
    assert "given back" in receive_message(answer(people, post, text))
    assert len(posts(topic)) == 2
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "was not posted" in letter.text
    if what not in ("empty", "long"):
        assert text in letter.text
    leads_there = f"http://localhost/posts/{post.id}" in letter.text
    assert leads_there == (what != "hidden")
    assert ("“Why so loud?”" in letter.subject) == ("“Why so loud?”" in letter.text) == leads_there
    assert ("suspended this account until" in letter.text) == (what == "suspended")
    assert ("(Pacific/Auckland)." in letter.text) == (what in ("silenced", "suspended"))


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_letter_names_a_topic_only_as_long_as_the_writer_may_read_it(
    people, topic, post, letters, is_readable
):
    """Also where it was hidden after the answer came, and before its letter went."""
    dialogue.lock(people.moderator, topic.id)
    receive_message(answer(people, post))
    if not is_readable:
        moderation.decide(people.moderator, "topic", topic.id, "hide", Reasons("No.", 2))
    letter = next(letter for letter in letters() if letter.to == "ana@example.org")
    assert ("Why so loud?" in letter.text) == ("Why so loud?" in letter.subject) == is_readable


def test_an_answer_to_a_slow_topic_comes_back_with_when_to_send_it(people, topic, post, letters):
    dialogue.slow(people.moderator, topic.id, Pace(60, None, "It is heated."))
    assert receive_message(answer(people, post, "My first.")).startswith("Posted")
    notifications.set_digest(people.ana, "daily", 7, "Pacific/Auckland")
    second = answer(people, post, "My second.").replace(b"<1@", b"<2@")
    assert "given back" in receive_message(second)
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "My second." in letter.text
    said = " ".join(letter.text.split())  # undo the line breaks of the text
    assert "You can write again from" in said and "(Pacific/Auckland)." in said
    assert len(posts(topic)) == 3
    third = answer(people, post, "My second.").replace(b"<1@", b"<3@")
    with at(now() + timedelta(hours=1)):
        assert receive_message(third).startswith("Posted")


def test_two_machines_do_not_write_to_each_other_for_ever(people, topic, post, letters):
    dialogue.lock(people.moderator, topic.id)
    for number in range(9):
        receive_message(answer(people, post, X_Number=str(number)))
    assert len(letters()) == 5


def test_many_answers_within_an_hour_are_given_back(people, topic, post, letters, limits):
    for _one in range(29):
        assert ratelimits.within_limit("30/hour", "mail-in", str(people.ana.id))
    said = [
        receive_message(answer(people, post, text).replace(b"<1@", b"<%d@" % number))
        for number, text in enumerate(("The thirtieth.", "One too many."))
    ]
    assert said[0].startswith("Posted") and "given back" in said[1]
    assert posts(topic)[-1].source == "The thirtieth."
    assert "One too many." in letters()[-1].text and "within an hour" in letters()[-1].text
    key = reply_address(MAILBOX, people.ben.id, post.id, TODAY)
    assert receive_message(answer(people, post, "Me too.", people.ben.email, key)).startswith(
        "Posted"
    )


def test_a_limit_refuses_what_comes_after_it(limits):
    asked = [ratelimits.within_limit("2/hour", "a test", "7") for _n in range(3)]
    assert asked == [True, True, False]


def test_a_member_who_left_is_a_stranger(people, topic, post):
    member = db.session.get(Member, people.ana.id)
    member.left_at = now()
    db.session.commit()
    with pytest.raises(Forbidden):
        receive_message(answer(people, post))
    assert members and len(posts(topic)) == 2


@pytest.mark.parametrize(
    "subject",
    ["Automatic reply: Re: Why", "Abwesenheitsnotiz", "Réponse automatique : Re", "Out of Office"],
)
def test_holiday_answers_without_a_header_are_known_by_their_subject(people, topic, post, subject):
    raw = answer(people, post).replace(b"Subject: Re: Why so loud?", f"Subject: {subject}".encode())
    receive_message(raw)
    assert len(posts(topic)) == 2


def test_the_same_text_is_posted_once_a_day(people, topic, post):
    """Two automatic responders that answer each other stop after one post each."""
    dialogue.reply(people.chitra, topic.id, write("We did, too."))  # of somebody else
    receive_message(answer(people, post))
    again = answer(people, post).replace(b"<1@mail", b"<2@mail")
    assert "same text" in receive_message(again)
    assert len(posts(topic)) == 4
    with at(now() + timedelta(days=2)):
        receive_message(answer(people, post).replace(b"<1@mail", b"<3@mail"))
    assert len(posts(topic)) == 5


@pytest.mark.parametrize(
    "sender",
    [
        "ana@example.org <x@elsewhere.example>",
        "ana@example.org<x@elsewhere.example>",
        "<ana@example.org> <x@elsewhere.example>",
        "<ana@example.org>x@elsewhere.example",
        "ana@example.org x@elsewhere.example",
        "ana@example.org:<x@elsewhere.example>;",
        "ana@example.org(<x@elsewhere.example>",
        "ana@example.org\r\n\t<x@elsewhere.example>",
        "<@elsewhere.example:ana@example.org>",
        '(") <x@elsewhere.example> (") <ana@example.org>',
        '"\\\\" <x@elsewhere.example> "<ana@example.org>',
        "ana@example.org <an.ana@example.org.elsewhere.example>",
        "=?utf-8?q?ana=40example=2Eorg?=",
    ],
)
def test_an_address_in_a_name_is_not_taken_for_the_sender(people, topic, post, sender):
    """Mail servers check the one that is no member's, which its owner may use."""
    raw = answer(people, post, sender="ana@example.org")
    forged = raw.replace(b"From: ana@example.org", f"From: {sender}".encode())
    with pytest.raises(Forbidden):
        receive_message(forged)
    assert len(posts(topic)) == 2


@pytest.mark.parametrize(
    "sender",
    [
        "ana@example.org",
        "Ana <Ana@Example.org>",
        '"Ana, at ana@old.example" <ana@example.org>',
        '"ana@example.org" <ana@example.org>',
        "ana@example.org <ana@example.org>",
        "ana@example.org (Ana \\(at home\\) of ana@old.example)",
        "=?utf-8?q?Ana_=3Cana=40old=2Eexample=3E?=\r\n <ana@example.org>",
    ],
)
def test_a_name_of_any_kind_leaves_the_sender_as_it_is(people, topic, post, sender):
    raw = answer(people, post, sender="ana@example.org")
    receive_message(raw.replace(b"From: ana@example.org", f"From: {sender}".encode()))
    assert len(posts(topic)) == 3
