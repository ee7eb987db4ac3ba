"""How a subject becomes a title."""

from __future__ import annotations

import time
from email.header import Header

import pytest

from forum.mail.commands import receive_message
from forum.mail.forms import kind_of, read_message, title_of
from tests.mail.inbound.conftest import MAILBOX, TODAY
from tests.mail.inbound.opening.conftest import address_of, sent, topics


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
        ("Trams (fwd)", "Trams"),
        ("Re: Trams and bells (Fwd) (FWD)", "Trams and bells"),
        ("[Fwd: Trams (fwd)] (fwd)", "Trams"),
        ("Fwd: (fwd)", ""),
        ("What (fwd) means", "What (fwd) means"),
        ("Trams fwd", "Trams fwd"),
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
        ("Trams (fwd)", False),
        ("Re: Trams (fwd)", True),
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
