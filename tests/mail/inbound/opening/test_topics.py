"""An e-mail to a member's own address opens a topic, and its author is told."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.db import db
from forum.dialogue.models import Held, Post
from forum.mail.commands import receive_message
from forum.mail.forms import extract_text, reply_address
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications import actions as notifications
from forum.notifications.models import Event
from forum.screening.actions import RuleText, make_rule, set_newness
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import ATTACHED, MAILBOX, PICTURE, REPORT, TODAY, with_files
from tests.mail.inbound.opening.conftest import address_of, sent, topics


def text_of(topic):
    return db.session.scalars(select(Post.source).where(Post.topic_id == topic.id)).one()


def test_an_email_opens_a_topic_and_its_author_is_told(people, agenda, letters):
    said = receive_message(sent(people, agenda, text="Ours are **loud**.\n\n-- \nAna, at the desk"))
    (topic,) = topics()
    assert said == f"Opened as /topics/{topic.id}."
    assert (topic.title, topic.kind, topic.audience) == (
        "Who has tried quiet trams?",
        "question",
        "public",
    )
    assert (topic.agenda_id, topic.author_id, topic.language) == (agenda.id, people.ana.id, "en")
    assert text_of(topic) == "Ours are **loud**."
    (letter,) = letters()
    assert (
        letter.to == "ana@example.org"
        and "Your question “Who has tried quiet trams?” is published" in letter.subject
    )
    words = " ".join(letter.text.split())
    assert f"http://localhost/topics/{topic.id}" in words and topic.title in words
    assert "without a trace until" in words and "Everybody can read it" in words


def test_the_letter_says_until_when_one_edits_without_a_trace_in_the_member_s_own_zone(
    people, agenda, letters
):
    notifications.set_digest(people.ana, "daily", 7, "Pacific/Auckland")
    receive_message(sent(people, agenda))
    assert "(Pacific/Auckland)" in " ".join(letters()[0].text.split())


def test_without_a_question_mark_it_is_an_experience(people, agenda, letters):
    receive_message(sent(people, agenda, "What we learnt of trams"))
    assert topics()[0].kind == "experience"
    assert "Your experience “" in letters()[0].subject


def test_the_letter_is_in_the_language_of_its_reader(people, agenda, letters, app):
    members.choose_locale(people.ana, "fr")
    with with_settings(app, reply_address=MAILBOX, locales=("en", "fr")):
        receive_message(sent(people, agenda))
        (letter,) = letters()
    assert letter.language == "fr" and "Votre question" in letter.subject


def test_the_language_of_the_text_is_that_of_an_answer(people, agenda):
    db.session.get(Member, people.ana.id).language = "es"
    db.session.commit()
    receive_message(sent(people, agenda))
    assert topics()[0].language == "es"


def test_the_recipient_may_come_from_the_mail_server_and_be_in_capitals(people, agenda):
    for number, to in enumerate((address_of(people.ana, agenda).upper(), "somebody@example.org")):
        text = f"Text {number}."
        raw = sent(people, agenda, text=text, To=to, Message_ID=f"<{number}@ana>")
        receive_message(raw, address_of(people.ana, agenda) if number else "")
    assert len(topics()) == 2


def test_attached_files_are_told_of_and_not_kept(people, agenda, letters):
    receive_message(with_files(sent(people, agenda), PICTURE, REPORT))
    assert text_of(topics()[0]) == "Ours are loud."
    (letter,) = letters()
    assert "2 files were attached" in letter.text
    assert "To add pictures and files, edit your text" in letter.text


def html_message(people, agenda, html, subject="What they wrote"):
    raw = sent(people, agenda, subject, "x")
    message: Any = message_from_bytes(raw, policy=SMTP)
    message.set_content(html, subtype="html")
    return message.as_bytes()


def test_of_html_links_and_forwarded_texts_stay(people, agenda):
    html = (
        '<style>x</style><div>See <a href="https://city.example/a?b=1&amp;c=2">the study</a>, '
        '<a href="https://city.example/">city.example</a> and <a href="javascript:alert(1)">this</a>.'
        '</div><a href="https://x.example"><img src="a.png"></a>'
        "<blockquote><div>First.</div><div><br></div><div><br></div><div>Last.</div></blockquote>After."
    )
    receive_message(html_message(people, agenda, html))
    assert text_of(topics()[0]) == (
        "See the study <https://city.example/a?b=1&c=2>, city.example and this.\n\n"
        "> First.\n>\n> Last.\n\nAfter."
    )


def test_of_an_answer_in_html_the_quotation_goes(people, agenda):
    html = "<p>What do you do?</p><blockquote>The budget is a secret.</blockquote>"
    receive_message(html_message(people, agenda, html, "Re: Trams"))
    assert text_of(topics()[0]) == "What do you do?"


def test_an_answer_to_a_colleague_publishes_one_s_own_words_alone(people, agenda):
    """The mailbox may be one of several recipients of a reply, below which a colleague's words stand."""
    quoted = "What do others do?\n\nOn 25 Nov 2026 Ben wrote:\n> The budget is a secret.\n"
    receive_message(sent(people, agenda, "AW: Re: Trams", quoted))
    (topic,) = topics()
    assert (topic.title, text_of(topic)) == ("Trams", "What do others do?")


FORWARDED = """Does this work for you?

--\x20
Ana Prado
City of Medellín

---------- Forwarded message ---------
From: Ben Okoth <ben@city.example>
Date: Mon, 23 Nov 2026 at 10:00
Subject: Felt on the rails
To: Ana Prado <ana@example.org>, Chitra
 <chitra@example.org>
Cc: Somebody Else

We put felt on the rails:
it is quiet.

On Sun, 22 Nov 2026 Mona <mona@example.org> wrote:
> Write to felt@city.example for the plan.
"""


def test_a_forwarded_text_stays_and_its_head_names_no_address(people, agenda):
    receive_message(sent(people, agenda, "Fwd: Felt on the rails", FORWARDED))
    (topic,) = topics()
    assert topic.title == "Felt on the rails"
    assert text_of(topic) == (
        "Does this work for you?\n\n"
        "---------- Forwarded message ---------\n"
        "From: Ben Okoth\n"
        "Date: Mon, 23 Nov 2026 at 10:00\n\n"
        "We put felt on the rails:\nit is quiet.\n\n"
        "On Sun, 22 Nov 2026 Mona wrote:\n"
        "> Write to felt@city.example for the plan."
    )


PASSED_ON = """Does this work for you?

---------- Forwarded message ----------
Date: Mon, 23 Nov 2026 10:00:00 +0000
From: Ben Okoth <ben@city.example>
To: Ana Prado <ana@example.org>
Subject: Re: Felt on the rails

We put felt on the rails.
"""
ANSWERED = """What do others do?

-----Original Message-----
From: Ben Okoth
Sent: Monday, 23 November 2026 10:00
To: Ana Prado
Subject: Felt on the rails (fwd)

---------- Forwarded message ----------
The budget is a secret.
"""


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (PASSED_ON, "We put felt on the rails."),
        (ANSWERED, "What do others do?"),
        ("Felt.\n\n> ---------- Forwarded message ----------\n> The budget is a secret.", "Felt."),
        ("Felt.\n\nOn 25 Nov 2026 Ben wrote:\n> The budget is a secret.", "Felt."),
    ],
)
def test_what_pine_passes_on_of_an_answer_stays_and_what_one_answers_does_not(
    people, agenda, text, own
):
    """Of both the subject is “Re: … (fwd)”."""
    receive_message(sent(people, agenda, "Re: Felt on the rails (fwd)", text))
    (topic,) = topics()
    assert topic.title == "Felt on the rails" and text_of(topic).endswith(own)
    assert "secret" not in text_of(topic)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("One.\n\nTwo.\n", "One.\n\nTwo."),
        ("> A quotation\n\nWhat of it?\n\n> another", "> A quotation\n\nWhat of it?\n\n> another"),
        ("Text.\n--\nAna\n", "Text."),
        ("Text.\n-- \nAna\n\n> Ben's words\n", "Text.\n> Ben's words"),
        ("One part\n\n---\n\nsecond part", "One part\n\n---\n\nsecond part"),
        ("Ask me at ana@example.org.\nMore:\n- a@b.example", "Ask me at ana@example.org.\nMore:\n- a@b.example"),
        ("Von: Ben [mailto:ben@x.example]\nGesendet: gestern, 10:15\nAn: Ana\nBetreff: Re\n\nfoo", "Von: Ben\nGesendet: gestern, 10:15\n\nfoo"),
        ("", ""),
    ],
)  # fmt: skip
def test_of_a_new_text_the_signature_alone_goes(text, own):
    assert extract_text(text) == own


def test_no_secret_address_is_published(people, agenda):
    """What one forwards or answers may name the addresses to which it was sent."""
    secret = address_of(people.ana, agenda)
    letter = reply_address(MAILBOX, people.ana.id, 7, TODAY)
    text = f"See below.\n\nTo: {secret.upper()}, <mailto:{letter}>\n\nand {MAILBOX}"
    receive_message(sent(people, agenda, f"For {secret}", text))
    (topic,) = topics()
    assert topic.title == "For …" and text_of(topic) == (
        f"See below.\n\nTo: …, <mailto:…>\n\nand {MAILBOX}"
    )


def test_a_rule_holds_a_topic_back_and_its_author_is_told(people, agenda, letters):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    raw = with_files(sent(people, agenda, text="A casino for all."), PICTURE)
    held_at = receive_message(raw)
    held = db.session.scalars(select(Held)).one()
    assert held_at == f"It waits for a moderator as /waiting/{held.id}." and topics() == []
    (letter,) = letters()
    assert (
        "Your topic “Who has tried quiet trams?” waits" in letter.subject
        and "We read this first." in letter.text
    )
    assert held.title in letter.text and "One file was attached" in letter.text
    receive_message(raw)
    assert len(letters()) == 1 and db.session.scalars(select(Held)).one()


def test_a_word_in_the_subject_is_screened_as_well(people, agenda):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    assert "waits" in receive_message(sent(people, agenda, "Who wants a casino?"))


def test_a_newcomer_s_first_topic_is_looked_at_by_moderators(people, agenda):
    set_newness(people.administrator, 5, 30, 1)
    receive_message(sent(people, agenda))
    (waits,) = db.session.scalars(select(Event).where(Event.kind == "queue"))
    assert waits.title == topics()[0].title


def test_what_comes_back_says_what_was_attached(people, agenda, letters):
    agendas.archive(people.moderator, agenda.id)
    receive_message(with_files(sent(people, agenda), ("application/pdf", 900, ATTACHED)))
    assert "One file was attached" in letters()[0].text
