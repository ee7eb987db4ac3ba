"""Replies by e-mail become posts, and only the words that were added."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.dialogue.models import Held
from forum.mail.commands import deliver, receive_message, write_notice_letters
from forum.mail.forms import extract_answer, read_message, reply_address
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from forum.screening.models import USUAL_SENTENCE
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import MAILBOX, PICTURE, REPORT, TODAY, answer, posts, with_files
from tests.pictures.conftest import added_file, shown_by


def test_an_answer_uses_the_file_whose_address_it_has(people, topic, post):
    """Pasted from the page of one's pictures and files, where an e-mail cannot have them attached."""
    file = added_file(people.ana, filename="Trams.pdf")
    receive_message(answer(people, post, f"See <http://localhost{file.address}>."))
    posted = posts(topic)[-1]
    assert posted.source == f"See [Trams]({file.address})."
    assert shown_by("post", posted.id) == {file.name}


def test_the_number_of_a_message_never_changes(app):
    """It is stored with the post, so that a message which is delivered again after an upgrade is not posted twice."""
    raw = b"Message-ID: <1@mail.ana.example>\r\nTo: %s\r\n\r\nhello"
    address = reply_address(MAILBOX, 7, 9, 739_000)
    known = read_message(raw % address.encode(), MAILBOX, 739_000)
    assert (
        known.number
        == sha256(b"<1@mail.ana.example>|Key(member_id=7, post_id=9, day=739000)").hexdigest()[:24]
    )
    foreign = read_message(raw % b"ana@city.example", MAILBOX, 739_000)
    assert foreign.number == sha256(b"<1@mail.ana.example>|None").hexdigest()[:24]


def test_a_letter_about_a_topic_that_takes_no_reply_asks_for_none(people, topic, post, mail_server):
    moderation.lock(people.moderator, topic.id, Reasons("Enough."))
    with at(now() + timedelta(minutes=2)):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        deliver()
    letter = next(sent for _from, to, sent in mail_server.messages if to == "ana@example.org")
    assert letter["Reply-To"] is None and "reply to this e-mail" not in str(letter)


def test_a_letter_is_answered_into_its_topic(people, topic, post, mail_server, app):
    """From the e-mail to the reply of a mail program that quotes it, and to the post."""
    written_at = now() + timedelta(minutes=2)  # midnight may be in between
    with with_settings(app, reply_address=MAILBOX), at(written_at):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        deliver()
    ((sender, _to, letter),) = mail_server.messages
    assert sender.startswith(f"reply+b{people.ana.id}-") and "reply to this e-mail" in str(letter)
    quoted = "".join(
        f"> {line}\n" for line in letter.get_body(("plain",)).get_content().splitlines()
    )
    text = f"We measured **in May**.\n\n- one\n- two\n\nOn Wed, Nov 25, 2026 at 5:13 PM Ben <b@x.org> wrote:\n\n{quoted}\n-- \nAna"
    with at(written_at):
        said = receive_message(answer(people, post, text, to=str(letter["Reply-To"])))
    made = posts(topic)[-1]
    assert said == f"Posted as /posts/{made.id}."
    assert (made.author_id, made.source) == (
        people.ana.id,
        "We measured **in May**.\n\n- one\n- two",
    )
    assert "<strong>in May</strong>" in made.html


def test_the_same_message_posts_once(people, topic, post):
    raw = answer(people, post)
    assert receive_message(raw) == receive_message(raw)
    assert len(posts(topic)) == 3


def test_a_message_in_html_alone_is_read(people, topic, post):
    raw = answer(people, post, Auto_Submitted="no")
    message = EmailMessage(policy=SMTP)
    for name in ("From", "To", "Message-ID"):
        message[name] = re.search(rf"^{name}: (.*)\r$", raw.decode(), re.M)[1]
    message.set_content(
        "<style>x</style><div>We <b>did</b> &amp; paid.</div><blockquote>old</blockquote>",
        subtype="html",
    )
    receive_message(message.as_bytes())
    assert posts(topic)[-1].source == "We did & paid."


def test_the_recipient_may_come_from_the_mail_server(people, topic, post):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY)
    receive_message(answer(people, post, to="somebody@example.org"), key)
    assert len(posts(topic)) == 3


def test_an_upper_case_address_is_the_same(people, topic, post):
    receive_message(
        answer(people, post, to=reply_address(MAILBOX, people.ana.id, post.id, TODAY).upper())
    )
    assert len(posts(topic)) == 3


QUOTED = "> Ben replied\n> foo"
MARKED = "=== Write your reply above this line ===\nBen replied"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"Yes.\n\nOn Wed, Nov 25, 2026 at 5:13 PM Ben Okoth, Interurban <\nreply+r7@mail.example.org> wrote:\n\n> {MARKED}", "Yes."),
        (f"Ja.\n\nAm 25.11.2026 um 17:13 schrieb Ben Okoth:\n{QUOTED}", "Ja."),
        (f"Oui.\n\nLe mer. 25 nov. 2026 à 17:13, Ben <b@x.org> a écrit :\n\n{QUOTED}", "Oui."),
        (f"Sim.\n\nEm qua., 25 de nov. de 2026 às 17:13, Ben <b@x.org> escreveu:\n\n{QUOTED}", "Sim."),
        (f"はい。\n\n2026年11月25日(水) 17:13 Ben <b@x.org>:\n\n{QUOTED}", "はい。"),
        ("Yes.\n\nFrom: Ben <b@x.org>\nSent: Wednesday, 25 November 2026\nTo: Ana\nSubject: Re: Why\n\nfoo", "Yes."),
        ("Yes.\n________________________________\nVon: Ben\nGesendet: heute\nAn: Ana\nBetreff: Re\n\nfoo", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Ben\nSent: today\nTo: Ana\n\nfoo", "Yes."),
        ("> Did you?\n\nYes.\n\n> How?\n\nSlowly.\n\nOn 25 Nov 2026 Ben wrote:\n> foo", "> Did you?\n\nYes.\n\n> How?\n\nSlowly."),
        ("Two things:\n\n- first\n- second\n\nFrom: the start it was loud.\n-- \nAna", "Two things:\n\n- first\n- second\n\nFrom: the start it was loud."),
        ("One part\n\n---\n\nsecond part", "One part\n\n---\n\nsecond part"),
        ("We list them here, as of 2026:\n\n1. a\n2. b", "We list them here, as of 2026:\n\n1. a\n2. b"),
    ],
)  # fmt: skip
def test_the_answer_alone_is_kept(text, own):
    assert extract_answer(text) == own


def test_a_key_says_whose_letter_it_was(app):
    raw = f"To: x@y.example, {reply_address(MAILBOX, 7, 55, TODAY)}\r\n\r\nHi".encode()
    key = read_message(raw, MAILBOX, TODAY).key
    assert key and (key.member_id, key.post_id) == (7, 55)
    assert read_message(raw, "", TODAY).key is None
    # RFC 5321, 4.5.3.1.1
    assert len(reply_address(MAILBOX, 2**31, 2**31, TODAY).partition("@")[0]) <= 64


def test_the_usual_words_of_a_rule_come_in_the_language_of_the_letter(people, app, post, letters):
    make_rule(people.administrator, RuleText("word", "casino", str(USUAL_SENTENCE)))
    members.choose_locale(people.ana, "fr")
    with with_settings(app, reply_address=MAILBOX, locales=("en", "fr")):
        receive_message(answer(people, post, "A casino for all."))
        (letter,) = letters()
    assert str(USUAL_SENTENCE) not in letter.text
    with force_locale("fr"):
        assert str(USUAL_SENTENCE) in " ".join(letter.text.split())


def test_an_answer_that_a_rule_holds_back_is_told_by_letter(people, topic, post, letters):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    said = receive_message(answer(people, post, "A casino for all."))
    held = db.session.scalars(db.select(Held)).one()
    assert said == f"It waits for a moderator as /waiting/{held.id}."
    assert len(posts(topic)) == 2
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "We read this first." in letter.text
    assert f"http://localhost/waiting/{held.id}" in letter.text
    assert letter.subject == "Your reply in “Why so loud?” waits for a moderator"
    assert "Your reply in “Why so loud?” has arrived." in letter.text
    receive_message(answer(people, post, "A casino for all."))
    assert db.session.scalars(db.select(Held)).one() and len(posts(topic)) == 2
    assert len(letters()) == 1


def test_a_text_that_a_moderator_refused_waits_again_when_it_is_sent_again(people, topic, post):
    """It is not taken for one that is sent twice: nobody would tell its author."""
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    receive_message(answer(people, post, "A casino for all."))
    again = answer(people, post, "A casino for all.").replace(b"<1@mail", b"<2@mail")
    assert "same text" in receive_message(again)
    held = db.session.scalars(select(Held)).one()
    moderation.refuse(people.moderator, held.id, Reasons("It is advertising.", 2))
    once_more = again.replace(b"<2@mail", b"<3@mail")
    said = receive_message(once_more)
    waiting = db.session.scalars(select(Held).where(Held.id != held.id)).one()
    assert said == f"It waits for a moderator as /waiting/{waiting.id}."


def test_the_letter_is_in_the_language_of_its_reader(people, topic, post, letters, app):
    members.choose_locale(people.ana, "fr")
    with with_settings(app, reply_address=MAILBOX, locales=("en", "fr")):
        receive_message(with_files(answer(people, post), PICTURE, REPORT))
        (letter,) = letters()
    assert letter.language == "fr" and "2 fichiers" in letter.text
