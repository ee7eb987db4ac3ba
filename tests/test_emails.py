"""E-mail messages: headers in any script."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

import pytest

from forum.emails import MAX_SUBJECT, Letter, message, one_line

LETTER = Letter(
    number="letter-1",
    to="ana@example.org",
    subject="A subject",
    text="Text.",
    html="<p>Text.</p>",
    written_at=datetime(2026, 11, 27, tzinfo=UTC),
    sender="forum@example.org",
    sender_name="Forum",
    host="example.org",
)
WORDS = "Ein Förderkalender für fünf “Nachbarstädte” and plain words für kleine Städte in Ångström"


@pytest.mark.parametrize("length", range(4, len(WORDS), 3))
@pytest.mark.parametrize("before", ["", "A practice to publish in Making Cities Connected: "])
def test_the_spaces_between_words_with_accents_arrive(length: int, before: str) -> None:
    """At whichever place the header is broken into lines (RFC 2047, 6.2)."""
    subject, name = f"{before}{WORDS[:length]}".strip(), WORDS[:length].strip()
    raw = message(replace(LETTER, subject=subject, sender_name=name)).as_bytes()
    received = message_from_bytes(raw)
    assert str(make_header(decode_header(received["Subject"]))) == subject
    sender = str(make_header(decode_header(received["From"])))
    assert sender.removesuffix("<forum@example.org>").strip().strip('"') == name
    head, _blank, _body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_a_plain_header_stays_plain() -> None:
    raw = message(LETTER).as_bytes()
    assert b"Subject: A subject\r\n" in raw and b"From: Forum <forum@example.org>\r\n" in raw


@pytest.mark.parametrize("length", range(60, MAX_SUBJECT + 1, 3))
def test_a_plain_subject_begins_in_its_first_line(length: int) -> None:
    subject = "What happened next? " * 8
    sent = message(replace(LETTER, subject=subject[:length])).as_bytes()
    assert b"Subject: What happened" in sent and all(
        len(line) <= 78 for line in sent.split(b"\r\n")
    )
    assert message_from_bytes(sent, policy=default)["Subject"] == subject[:length].strip()


@pytest.mark.parametrize("length", range(30, 110, 4))
@pytest.mark.parametrize(
    "name",
    [
        "Ana Prado, International Federation for Housing and Planning, Copenhagen and The Hague, all of it",
        'Ana (PhD): the "Great" Federation of Housing; of Cities, Regions and Towns \\ everywhere (all of it)',
    ],
)
def test_a_name_with_commas_stays_one_name_however_long(name: str, length: int) -> None:
    """Python breaks such a name into lines without its quotation marks: mail servers refuse what is from several people."""
    name = name[:length].strip()
    sent = message(replace(LETTER, sender_name=name, reply_to="reply@example.org")).as_bytes()
    for header, address in (("From", "forum@example.org"), ("Reply-To", "reply@example.org")):
        written = str(message_from_bytes(sent)[header])
        ((shown, found),) = getaddresses([written])
        assert (str(make_header(decode_header(shown))), found) == (name, address)
    head, _blank, _body = sent.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_addresses_for_programs_are_whole_however_long() -> None:
    """With an encoded address, mail programs show no button to unsubscribe, and no threads (RFC 8058, RFC 5322)."""
    host = "dialogue.federation-of-cities-for-housing-and-planning.example.org"
    stop = f"https://{host}/mail/stop/12345/unanswered/ozfimhgjzuldeieg"
    threads = ("topic-1", "topic-2")
    letter = replace(LETTER, host=host, thread=threads, unsubscribe=stop, list_name="reply.notices")
    raw = message(letter).as_bytes()
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert "=?" not in head
    received = message_from_bytes(raw, policy=default)
    assert received["List-Unsubscribe"] == f"<{stop}>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received["List-Id"] == f"<reply.notices.{host}>"
    assert received["In-Reply-To"] == f"<topic-2@{host}>"
    assert received["References"] == f"<topic-1@{host}> <topic-2@{host}>"
    assert received["Message-ID"] == f"<letter-1@{host}>"


def test_the_address_to_unsubscribe_of_a_forum_with_a_name_of_any_script_is_ascii() -> None:
    """Headers must be ASCII; once, such a forum could not send any notice."""
    stop = "https://dialog.münchen.example/mail/stop/1/reply/ozfimhgj"
    raw = message(replace(LETTER, unsubscribe=stop)).as_bytes()
    stopping = (
        b"List-Unsubscribe: <https://dialog.xn--mnchen-3ya.example/mail/stop/1/reply/ozfimhgj>"
    )
    assert stopping in raw


def test_a_subject_that_is_cut_says_so() -> None:
    received = message_from_bytes(
        message(replace(LETTER, subject="word " * 40)).as_bytes(), policy=default
    )
    assert len(received["Subject"]) <= MAX_SUBJECT and received["Subject"].endswith("word…")


def test_a_subject_keeps_what_joins_letters_and_nothing_else_that_is_invisible() -> None:
    assert one_line("می\u200cخواهم 👩\u200d💻") == "می\u200cخواهم 👩\u200d💻"
    assert one_line("Ana\u202e\u2066\u200b\ufeff\x07\r\nBcc: x") == "Ana Bcc: x"


@pytest.mark.parametrize(
    "typed",
    ["=?utf-8?q?=0D=0ABcc:_victim@example.org?=", "=?utf-8?b?DQpCY2M6IHg=?=", "Why =?utf-8?q?a?= and =?", "é =?utf-8?q?a?="],
)  # fmt: skip
def test_what_looks_encoded_arrives_as_it_was_typed(typed: str) -> None:
    """Python decodes it, line ends too, which would begin another header."""
    raw = message(replace(LETTER, subject=typed, sender_name=typed, reply_to="r@a.org")).as_bytes()
    received = message_from_bytes(raw)
    assert received["Bcc"] is None and b"\nBcc" not in raw
    assert str(make_header(decode_header(received["Subject"]))) == typed
    for name in ("From", "Reply-To"):
        words = str(make_header(decode_header(received[name]))).rpartition("<")[0]
        assert words.strip().strip('"') == typed
