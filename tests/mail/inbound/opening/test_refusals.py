"""What opens no topic: what comes twice, what others send, and what comes too often."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from forum import ratelimits
from forum.accounts import actions as accounts
from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.errors import Busy, Forbidden
from forum.mail import commands
from forum.mail.commands import receive_message
from forum.mail.forms import bounce_address, read_message, reply_address, topic_address
from forum.mail.models import Delivery
from forum.members import actions as members
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from tests.mail.inbound.conftest import MAILBOX, TODAY, report
from tests.mail.inbound.opening.conftest import address_of, member, sent, topics


def test_the_same_message_opens_one_topic_and_is_told_of_once(people, agenda, letters):
    raw = sent(people, agenda)
    assert receive_message(raw) == receive_message(raw)
    assert len(topics()) == 1 and len(letters()) == 1


def test_the_number_of_a_message_never_changes(app):
    """It is stored with the topic, so that a message which is delivered again after an upgrade opens none."""
    raw = f"Message-ID: <1@ana.example>\r\nTo: {topic_address(MAILBOX, 7, 9, 3)}\r\n\r\nhi".encode()
    known = sha256(b"<1@ana.example>|Topic(member_id=7, agenda_id=9)").hexdigest()[:24]
    assert read_message(raw, MAILBOX, TODAY).number == known


def test_the_same_text_within_a_day_comes_back_with_the_way_there(people, agenda, letters):
    receive_message(sent(people, agenda))
    again = sent(people, agenda, "Another title", Message_ID="<2@ana>")
    assert "given back" in receive_message(again)
    (topic,) = topics()
    post = db.session.scalars(select(Post)).one()
    words = " ".join(letters()[-1].text.split())
    assert "the same text within a day" in words and f"/posts/{post.id}" in words
    with at(now() + timedelta(days=2)):
        receive_message(sent(people, agenda, "Another title", Message_ID="<3@ana>"))
    assert len(topics()) == 2 and topic.title == "Who has tried quiet trams?"


def test_a_text_that_waits_is_not_sent_twice_a_day_either(people, agenda, letters):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    receive_message(sent(people, agenda, text="A casino."))
    with at(now() + timedelta(hours=1)):
        receive_message(sent(people, agenda, "Another?", "A casino.", Message_ID="<2@ana>"))
    held = db.session.scalars(select(Held)).one()
    letter = letters()[-1]
    assert "the same text" in letter.text and f"/waiting/{held.id}" in letter.text


def test_a_conversation_by_email_opens_no_further_topics(people, agenda, letters):
    """Whoever sends a colleague a copy answers their reply, and with one press everybody is a recipient."""
    receive_message(sent(people, agenda, Cc="ben@example.org"))
    reply = sent(
        people,
        agenda,
        "Re: Who has tried quiet trams?",
        "Not for others: our budget is a secret.",
        Message_ID="<2@mail.ana.example>",
        In_Reply_To="<9@mail.ben.example>",
        References="<1@mail.ana.example> <9@mail.ben.example>",
    )
    assert "given back" in receive_message(reply)
    assert len(topics()) == 1
    words = " ".join(letters()[-1].text.split())
    assert "Reply on the site" in words and "our budget is a secret" in words


@pytest.mark.parametrize(
    "what",
    ["member", "agenda", "generation", "seal", "purpose", "other purpose", "other mailbox", "none"],
)
def test_a_forged_address_is_refused_and_not_answered(people, agenda, what):
    key, own = address_of(people.ana, agenda), f"a{people.ana.id}-{agenda.id}-0"
    seal = key.rpartition("-")[2]
    to = {
        "member": key.replace(own, f"a{people.ben.id}-{agenda.id}-0"),
        "agenda": key.replace(own, f"a{people.ana.id}-{agenda.id + 1}-0"),
        "generation": key.replace(own, f"a{people.ana.id}-{agenda.id}-1"),
        "seal": re.sub(r"-[a-z2-7]{16}@", "-aaaaaaaaaaaaaaaa@", key),
        "purpose": bounce_address(MAILBOX, people.ana.id, TODAY).partition("-")[0] + f"-{seal}",
        "other purpose": reply_address(MAILBOX, people.ana.id, agenda.id, 0).replace("+r", "+a"),
        "other mailbox": key.replace("mail.example.org", "elsewhere.example"),
        "none": MAILBOX,
    }[what]
    sender = "ben@example.org" if what == "member" else "ana@example.org"
    with pytest.raises(Forbidden):
        receive_message(sent(people, agenda, To=to, From=sender))
    assert topics() == [] and db.session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize("sender", ["ben@example.org", "ana@example.org.evil.example", "<>", "Ana"])
def test_strangers_who_know_the_address_are_refused_and_not_answered(people, agenda, sender):
    with pytest.raises(Forbidden):
        receive_message(sent(people, agenda, From=sender))
    assert topics() == [] and db.session.scalars(select(Delivery)).all() == []


def test_an_address_of_before_is_refused_for_whoever_has_made_new_ones(people, agenda, letters):
    members.renew_addresses(people.ana)
    assert "given back" in receive_message(sent(people, agenda))
    assert topics() == [] and "You have made new addresses" in " ".join(letters()[0].text.split())
    receive_message(sent(people, agenda, To=address_of(people.ana, agenda, 1)))
    assert len(topics()) == 1


def test_new_addresses_of_one_member_leave_those_of_others(people, agenda):
    members.renew_addresses(people.ana)
    to = address_of(people.ben, agenda)
    assert receive_message(sent(people, agenda, To=to, From="ben@example.org")).startswith("Opened")


def test_a_void_address_sends_few_letters(people, agenda, letters, limits):
    members.renew_addresses(people.ana)
    for number in range(3):
        receive_message(sent(people, agenda, text=f"{number}", Message_ID=f"<{number}@x>"))
    with pytest.raises(Forbidden, match="new addresses"):
        receive_message(sent(people, agenda))
    assert len(letters()) == 3


def test_addresses_that_are_made_new_meanwhile_open_nothing(people, agenda, monkeypatch):
    """The generation is asked again where the topic is opened."""
    real = commands.opening.require_within_limit

    def slow(person):
        real(person)
        members.renew_addresses(people.ana)

    monkeypatch.setattr(commands.opening, "require_within_limit", slow)
    assert "given back" in receive_message(sent(people, agenda))
    assert topics() == []


WHY = {
    "suspended": "suspended this account until",
    "silenced": "until",
    "terms": "terms",
    "leaving": "Your account is closed.",
    "archived": "This agenda is archived.",
    "in preparation": "not there any more",
    "in preparation, host": "This agenda is in preparation.",
    "deleted": "not there any more",
}


@pytest.mark.parametrize("what", WHY)
def test_what_ends_an_address_gives_the_text_back_with_the_reason(people, agenda, letters, what):
    raw, row = sent(people, agenda), member(people)
    if what in ("silenced", "suspended"):
        setattr(row, f"{what}_until", now() + timedelta(days=1))
    elif what == "terms":
        row.terms_due_at = now() - timedelta(days=1)
    elif what == "leaving":
        members.leave(people.ana, people.ana.id, members.KEEP_NAMELESS)
    elif what == "archived":
        agendas.archive(people.moderator, agenda.id)
    elif what.startswith("in preparation"):
        dialogue.prepare_agenda(people.moderator, agenda.id)
        if "host" in what:
            raw = sent(people, agenda, To=address_of(people.host, agenda), From=people.host.email)
    else:
        agendas.delete_agenda(people.moderator, agenda.id, "A mistake.")
    db.session.commit()
    before = len(letters())
    assert "given back" in receive_message(raw)
    assert topics() == []
    letter = letters()[-1]
    words = " ".join(letter.text.split())
    assert len(letters()) == before + 1
    assert letter.subject == "Your topic “Who has tried quiet trams?” was not opened"
    assert WHY[what] in words and "Ours are loud." in words and "quiet trams?" in words


def test_who_has_left_is_a_stranger(people, agenda):
    member(people).left_at = now()
    db.session.commit()
    with pytest.raises(Forbidden):
        receive_message(sent(people, agenda))
    assert db.session.scalars(select(Delivery)).all() == []


def test_the_sender_is_the_address_that_the_member_has_confirmed(people, agenda):
    """Not one before it, and not one that is still to be confirmed."""
    accounts.ask_for_address(member(people), "ana@new.example")
    new = sent(people, agenda, From="ana@new.example")
    with pytest.raises(Forbidden):
        receive_message(new)
    members.change_address(SYSTEM, people.ana.id, "ana@new.example")
    with pytest.raises(Forbidden):
        receive_message(sent(people, agenda))
    assert receive_message(new).startswith("Opened")


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List_Id": "<a.b>"},
        {"Return_Path": "<>"},
        {"X_Auto_Response_Suppress": "All"},
    ],
)
def test_machines_open_nothing_and_are_not_answered(people, agenda, header):
    assert "Nobody wrote" in receive_message(sent(people, agenda, **header))
    assert topics() == [] and db.session.scalars(select(Delivery)).all() == []


def test_a_report_of_failed_delivery_to_it_pauses_no_mail(people, agenda):
    """Only letters of the forum come back, and to addresses that nobody but mail servers sees."""
    bounce = bounce_address(MAILBOX, people.ana.id, TODAY)
    forged = report(people).replace(bounce.encode(), address_of(people.ana, agenda).encode())
    assert "Nobody wrote" in receive_message(forged)
    assert member(people).mail_paused_at is None
    assert "came back" in receive_message(report(people)) and member(people).mail_paused_at


def test_topics_and_answers_share_a_limit(people, agenda, letters, limits):
    for _one in range(29):
        assert ratelimits.within_limit("30/hour", "mail-in", str(people.ana.id))
    said = [
        receive_message(sent(people, agenda, text=f"Text {n}.", Message_ID=f"<{n}@ana>"))
        for n in range(2)
    ]
    assert said[0].startswith("Opened") and "given back" in said[1]
    assert "within an hour" in letters()[-1].text and "Text 1." in letters()[-1].text


def test_a_busy_forum_takes_it_later(people, agenda, monkeypatch):
    def busy(*_args, **_more):
        raise Busy()

    with monkeypatch.context() as patch, pytest.raises(Busy):
        patch.setattr(commands.opening.actions, "open_by_email", busy)
        receive_message(sent(people, agenda))
    assert receive_message(sent(people, agenda)).startswith("Opened")


def test_few_letters_come_back_within_an_hour(people, agenda, letters):
    for number in range(9):
        receive_message(sent(people, agenda, "Hm", f"Text {number}.", Message_ID=f"<{number}@a>"))
    assert len(letters()) == 5
