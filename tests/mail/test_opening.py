"""E-mails to a member's own address open topics; who sends them learns what became of it, and nobody else can."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from email import message_from_bytes
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from forum import ratelimits
from forum.accounts import actions as accounts
from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post, Topic
from forum.errors import Busy, Forbidden
from forum.mail import commands
from forum.mail.commands import receive_message
from forum.mail.forms import (
    bounce_address,
    extract_text,
    kind_of,
    read_message,
    reply_address,
    title_of,
    topic_address,
)
from forum.mail.models import Delivery
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications import actions as notifications
from forum.notifications.models import Event
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness
from tests.mail.conftest import with_settings
from tests.mail.test_answers import ATTACHED, PICTURE, REPORT, limits, report, with_files

__all__ = ["limits"]  # a fixture

MAILBOX = "reply@mail.example.org"
TODAY = now().toordinal()


@pytest.fixture(autouse=True)
def mailbox(app):
    with with_settings(app, reply_address=MAILBOX):
        yield


def address_of(member, agenda, generation=0):
    return topic_address(MAILBOX, member.id, agenda.id, generation)


def sent(
    people: Any,
    agenda: Any,
    subject: str = "Who has tried quiet trams?",
    text: str = "Ours are loud.",
    **headers: str,
) -> bytes:
    """An e-mail of Ana's to her address for the agenda; `headers` replace its own."""
    message = EmailMessage(policy=SMTP)
    usual = {
        "From": "Ana Prado <Ana@Example.org>",
        "To": address_of(people.ana, agenda),
        "Subject": subject,
        "Message_ID": "<1@mail.ana.example>",
    }
    for name, value in (usual | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def topics():
    return db.session.scalars(select(Topic).order_by(Topic.id)).all()


def text_of(topic):
    return db.session.scalars(select(Post.source).where(Post.topic_id == topic.id)).one()


def member(people) -> Member:
    return db.session.get(Member, people.ana.id, populate_existing=True)


# What becomes a topic


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


# Subjects


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: Trams", "Trams"),
        ("RE: AW: Fwd: WG: TR : RV:Trams", "Trams"),
        ("Re[2]: Fw (3): re2: Trams", "Trams"),
        ("R: I: Tram", "Tram"),
        ("VS: VL: SV: Raitiotiet", "Raitiotiet"),
        ("Doorst: Antw: Trams", "Trams"),
        ("[Fwd: Trams]", "Trams"),
        ("Re: [Fwd: [Wg[2]: AW: Trams [and bells]]]", "Trams [and bells]"),
        ("[Fwd: Trams", "[Fwd: Trams"),
        ("[Fwd: Trams] and bells", "[Fwd: Trams] and bells"),
        ("[Re: Trams]", "[Re: Trams]"),
        ("[Fwd:]", ""),
        ("Enc: RES: Bondes", "Bondes"),
        ("ΠΡΘ: ΣΧΕΤ: Τραμ", "Τραμ"),
        ("轉發: 回復: 電車", "電車"),
        ("r: how we count", "r: how we count"),
        ("Ct: bus lanes", "Ct: bus lanes"),
        ("I. Trams: what we know", "I. Trams: what we know"),
        ("Réf: Trams", "Réf: Trams"),
        ("İLT: Trams", "Trams"),
        ("回复：转发: 电车", "电车"),
        ("رد: ترام هادئ", "ترام هادئ"),
        ("ΑΠ: Τραμ", "Τραμ"),
        ("Resources: what we have", "Resources: what we have"),
        ("Trams: re: noise", "Trams: re: noise"),
        ("Re:", ""),
        (" Quiet\t\x00\x1b[31m trams\x7f\x85 ", "Quiet [31m trams"),
        ("Quiet\r\nBcc: a@b.example", "Quiet Bcc: a@b.example"),
        ("Quiet \u202etrams\u202c", "Quiet trams"),
        ("\u200b\u2060", ""),
        ("e\u0301te\u0301", "été"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_subject_becomes_a_title(people, agenda, subject, title):
    raw = sent(people, agenda, "x").replace(
        b"Subject: x",
        b"Subject: " + Header(subject or " ", "utf-8").encode(linesep="\r\n").encode(),
    )
    assert read_message(raw, MAILBOX, TODAY).title == title


@pytest.mark.parametrize(
    "word", ["RE", "Re", "AW", "Antw", "SV", "R", "RIF", "Odp", "YNT", "RES", "Vá", "TL", "回复"]
)
def test_an_answer_is_known_by_the_word_of_any_mail_program(word):
    assert title_of(f"{word}: Trams") == ("Trams", True)


@pytest.mark.parametrize(
    ("subject", "is_answer"),
    [
        ("Fwd: Re: Trams", False),
        ("[Fwd: Re: Trams]", False),
        ("Re: Fwd: Trams", True),
        ("Re: [Fwd: Trams]", True),
    ],
)
def test_what_was_done_last_stands_first(subject, is_answer):
    """An answer of somebody else that is passed on stays whole; of an answer to it the own words alone do."""
    assert title_of(subject) == ("Trams", is_answer)


@pytest.mark.parametrize(
    "word",
    ["Fwd", "FW", "WG", "TR", "RV", "VS", "VB", "I", "PD", "ENC", "Doorst", "VL", "CT", "転送"],
)
def test_what_is_passed_on_is_no_answer_of_which_the_quotation_goes(word):
    assert title_of(f"{word}: Trams") == ("Trams", False)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        *((f"Is it so{mark}", "question") for mark in ("?", "؟", "？", "?!", "??", " ?", "? …", "?”")),
        ("هل جرب أحد هذا؟", "question"),
        ("(Who has tried this?)", "question"),
        ("Τι κάνετε εσείς;", "question"),
        ("Τι κάνετε «εσείς»;", "question"),
        ("We did this;", "experience"),
        ("Trams; who asks? Nobody", "experience"),
        ("Τραμ", "experience"),
        ("", "experience"),
    ],
)  # fmt: skip
def test_a_question_ends_with_a_question_mark(title, kind):
    assert kind_of(title) == kind


def test_the_greek_question_mark_asks(people, agenda):
    receive_message(sent(people, agenda, "Ποιος το δοκίμασε\u037e"))
    assert topics()[0].kind == "question"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-8", "q", "raw"])
def test_titles_from_right_to_left_are_read_in_every_encoding(people, agenda, encoding):
    title = "מי ניסה חשמליות שקטות?"
    encoded = {
        "utf-8": Header(title, "utf-8").encode(linesep="\r\n"),
        "iso-8859-8": Header(title, "iso-8859-8").encode(linesep="\r\n"),
        "q": "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in title.encode()) + "?=",
        "raw": title,
    }[encoding]
    raw = sent(people, agenda, "x").replace(b"Subject: x", f"Subject: {encoded}".encode())
    receive_message(raw)
    assert (topics()[0].title, topics()[0].kind) == (title, "question")


def test_the_longest_title_is_read_whole(people, agenda):
    title = "電" * 119 + "？"
    coded = "".join(f"={byte:02X}" for byte in title.encode())
    words = [coded[start : start + 54] for start in range(0, len(coded), 54)]
    subject = "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)
    receive_message(
        sent(people, agenda, "x").replace(b"Subject: x", f"Subject: {subject}".encode())
    )
    assert topics()[0].title == title


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Re: ",
        "Hm",
        "a" * 121,
        "Why; " + "a" * 5_000,
        "Why; " + "=?utf-8?q?a?= " * 2_000,
        "\u200b" * 30,
    ],
)
def test_a_subject_that_can_be_no_title_comes_back(people, agenda, letters, subject):
    raw = sent(people, agenda, "x").replace(b"Subject: x", f"Subject: {subject}".encode())
    assert "given back" in receive_message(raw)
    assert topics() == []
    (letter,) = letters()
    assert letter.subject.startswith("Your topic ") and "was not opened" in letter.subject
    assert letter.to == "ana@example.org"
    words = " ".join(letter.text.split())
    assert "needs 3 to 120 characters" in words and "Ours are loud." in words


def test_a_subject_like_that_of_an_automatic_reply_comes_back(people, agenda, letters):
    """“Absence of trees” may be a title, so nothing is lost; a holiday answer opens nothing either."""
    assert "given back" in receive_message(sent(people, agenda, "Absence of trees at schools"))
    assert topics() == [] and "automatic reply" in letters()[0].text


def test_a_message_without_a_text_comes_back(people, agenda, letters):
    for number, text in enumerate(("", "-- \nAna", " \n\n")):
        receive_message(sent(people, agenda, text=text, Message_ID=f"<{number}@ana>"))
    assert topics() == []
    assert all("Your e-mail had no text." in letter.text for letter in letters())


def test_a_text_that_is_too_long_comes_back(people, agenda, letters):
    receive_message(sent(people, agenda, text="word " * 4_500))
    assert topics() == [] and "20,000 characters" in letters()[0].text


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "head",
    [
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
        b"Subject: " + b"=?" * 300_000,
        b"Subject: " + b"Re: " * 300_000,
        b"Subject: " + b"re" * 300_000,
        b"Subject: x\r\nReferences: " + b"<a@b.example> " * 60_000,
        b"Subject: x\r\nIn-Reply-To: " + b"<" * 600_000,
        b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + b"<blockquote>" * 50_000,
        b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + b"<a href='https://a.example'>" * 20_000,
        b"Subject: x\r\n\r\n" + b"From: a@b.example\r\n" * 50_000,
        b"Subject: x\r\n\r\n" + b"a@b" * 100_000 + b":",
        b"Subject: x\r\n\r\n" + b"@" * 39_000 + b":",
        b"Subject: x\r\n\r\n" + b"> > " * 100_000,
        b"Subject: x\r\n\r\n" + b"reply+" * 100_000,
    ],
)  # fmt: skip
def test_hostile_messages_take_no_time(people, agenda, head):
    key = address_of(people.ana, agenda).encode()
    begun = time.process_time()
    read_message(b"Delivered-To: " + key + b"\r\n" + head + b"\r\n\r\nhello", MAILBOX, TODAY)
    assert time.process_time() - begun < 3


# Twice


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


# Refusals


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


def test_what_comes_back_says_what_was_attached(people, agenda, letters):
    agendas.archive(people.moderator, agenda.id)
    receive_message(with_files(sent(people, agenda), ("application/pdf", 900, ATTACHED)))
    assert "One file was attached" in letters()[0].text


def test_few_letters_come_back_within_an_hour(people, agenda, letters):
    for number in range(9):
        receive_message(sent(people, agenda, "Hm", f"Text {number}.", Message_ID=f"<{number}@a>"))
    assert len(letters()) == 5
