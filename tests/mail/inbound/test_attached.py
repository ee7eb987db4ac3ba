"""Files that are attached to a reply by e-mail."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP

import pytest

from forum.dialogue import actions as dialogue
from forum.mail.commands import receive_message
from forum.mail.forms import read_message
from forum.screening.actions import RuleText, make_rule
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import (
    ATTACHED,
    MAILBOX,
    PICTURE,
    REPORT,
    TODAY,
    answer,
    attached_as,
    posts,
    with_files,
)


def test_whoever_attached_files_is_told_that_the_text_alone_is_published(
    people, topic, post, letters
):
    raw = with_files(answer(people, post), PICTURE, REPORT)
    said = receive_message(raw)
    published = posts(topic)[-1]
    assert said == f"Posted as /posts/{published.id}." and published.source == "We did, too."
    (letter,) = letters()
    assert letter.to == "ana@example.org" and "attached files were not" in letter.subject
    assert "is published" in letter.text and "2 files were attached" in letter.text
    assert "To add pictures and files, edit your text" in letter.text
    assert f"http://localhost/posts/{published.id}" in letter.text
    receive_message(raw)
    assert len(letters()) == 1


def test_where_nobody_adds_pictures_the_letter_does_not_lead_there(
    people, topic, post, letters, app
):
    with with_settings(app, reply_address=MAILBOX, pictures_mb=0):
        receive_message(with_files(answer(people, post), PICTURE))
        (letter,) = letters()
    assert "One file was attached" in letter.text and "better as a link" in letter.text
    assert "picture" not in letter.text


def test_files_of_an_answer_that_waits_or_is_given_back_are_told_in_that_letter(
    people, topic, post, letters
):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    receive_message(with_files(answer(people, post, "A casino for all."), PICTURE))
    dialogue.lock(people.moderator, topic.id)
    receive_message(with_files(answer(people, post, "Locked?", X_Number="2"), PICTURE, REPORT))
    nothing = answer(people, post, "\n> quoted\n").replace(b"<1@", b"<3@")
    receive_message(with_files(nothing, PICTURE))
    waits, locked, empty = letters()
    assert "We read this first." in waits.text and "One file was attached" in waits.text
    assert "Locked?" in locked.text and "2 files were attached" in locked.text
    assert (
        "no text above the one that you replied to" in empty.text
        and "One file was attached" in empty.text
    )


def test_a_machine_that_attaches_files_gets_few_letters(people, topic, post, letters):
    for number in range(9):
        raw = answer(people, post, f"Text {number}.").replace(b"<1@", b"<%d@" % number)
        receive_message(with_files(raw, REPORT))
    assert len(posts(topic)) == 11 and len(letters()) == 5


WITHIN = {"Content_Disposition": "inline; filename=a.png", "Content_ID": "<a@b>"}


@pytest.mark.parametrize(
    ("kind", "size", "headers", "files"),
    [
        ("image/png", 40_000, WITHIN, 0),  # the logo of a signature
        ("image/png", 40_000, {"Content_ID": "<a@b>"}, 0),
        ("image/png", 2_000, ATTACHED, 0),  # an icon in a signature
        ("image/png", 400_000, WITHIN, 1),  # a picture of the screen, pasted into the text
        ("image/png", 40_000, {"Content_Disposition": "inline"}, 1),
        ("image/png", 40_000, ATTACHED | {"Content_ID": "<a@b>"}, 1),
        ("application/pgp-signature", 900, ATTACHED, 0),
        ("text/vcard", 900, ATTACHED, 0),
        ("application/ms-tnef", 9_000, attached_as("winmail.dat"), 0),
        ("application/vnd.ms-tnef", 9_000, ATTACHED, 0),
        ("application/octet-stream", 9_000, attached_as("WinMail.dat"), 0),
        ("application/octet-stream", 9_000, attached_as("plan.dat"), 1),
        ("application/octet-stream", 9_000, ATTACHED, 1),
        ("application/pkcs7-mime", 9_000, attached_as("smime.p7m"), 0),
        ("application/x-pkcs7-mime", 9_000, {}, 0),
        ("application/octet-stream", 900, attached_as("smime.p7s"), 0),
        ("application/pdf", 9, attached_as("winmail.dat"), 1),
        ("text/csv", 9, ATTACHED, 1),
        ("text/plain", 9, {"Content_Disposition": "inline; filename=a.txt"}, 1),
        ("text/plain", 9, {}, 0),  # the text continues below a picture
        ("application/pdf", 9, {}, 1),
    ],
)
def test_what_belongs_to_a_signature_is_no_attached_file(people, post, kind, size, headers, files):
    raw = with_files(answer(people, post), (kind, size, headers))
    assert read_message(raw, MAILBOX, TODAY).files == files


def test_a_text_in_two_forms_is_no_file_and_a_message_within_one_is(people, post):
    message = message_from_bytes(answer(people, post), policy=SMTP)
    message.add_alternative("<p>We did, too.</p>", subtype="html")
    assert read_message(message.as_bytes(), MAILBOX, TODAY).files == 0
    inner = message_from_bytes(with_files(answer(people, post), PICTURE, REPORT), policy=SMTP)
    message.add_attachment(inner)
    assert read_message(message.as_bytes(), MAILBOX, TODAY).files == 1
