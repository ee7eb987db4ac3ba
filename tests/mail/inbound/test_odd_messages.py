"""Messages that are hostile, broken, nested or very long, and what the log says of them."""

from __future__ import annotations

import json
import time

import pytest

from forum.errors import Forbidden
from forum.mail import commands
from forum.mail.commands import fetch_messages, receive_message
from forum.mail.forms import extract_answer, extract_text, read_message, reply_address
from forum.mail.forms._html import text_of_html, whole_text_of_html
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import MAILBOX, TODAY, Mailbox, answer, posts


def test_odd_messages_are_refused_in_words_or_posted(people, topic, post):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    charsets = (
        b"\r\nFrom: =?utf-8?b?////?= <ana@example.org>\r\nContent-Type: text/plain; charset=klingon"
    )
    for raw, why in (
        (b"", "answers no letter"),
        (b"\x00\xff" * 500, "answers no letter"),
        (b"To: " + key + b"\r\nContent-Type: multipart/mixed\r\n\r\nx", "not from the member"),
        (b"Subject: a\r\n" * 20_000, "answers no letter"),
        (b"To: " + b"a@b.example, " * 20_000, "answers no letter"),
        (b"x" * 2_000_001, "too large"),
    ):
        with pytest.raises(Forbidden, match=why):
            receive_message(raw)
    assert receive_message(b"To: " + key + charsets + b"\r\n\r\nHello there").startswith("Posted")
    assert [reply.source for reply in posts(topic)[2:]] == ["Hello there"]


@pytest.mark.usefixtures("no_collection")
def test_reading_hostile_text_takes_no_time():
    """Twenty thousand lines that look like the beginning of “On …, … wrote:”."""
    for bad in ("On " * 20_000, "From: " * 8_000, " \n" * 20_000, "> " * 20_000, "=== " * 10_000):
        begun = time.process_time()
        extract_answer(bad)
        assert time.process_time() - begun < 1


@pytest.mark.usefixtures("no_collection")
def test_reading_a_hostile_head_of_what_is_passed_on_takes_no_time():
    """A date is looked for in each of its lines, and one may be a single number without an end."""
    head = f"From: Ben\nDate: {'0' * 39_000}\nSubject: kerbs\nTo: Ana\n\nhello"
    begun = time.process_time()
    assert extract_text(head) == "From: Ben\n\nhello"
    assert time.process_time() - begun < 1


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "head",
    [
        b"From: ana@example.org\r\nTo: " + b"a " * 50_000,
        b"From: ana@example.org\r\nTo: " + b"a@b.c, " * 100_000,
        b"From: " + b'"\\"' * 30_000,
        b"From: ana@example.org\r\nContent-Type: text/plain" + b'; a*0="b"' * 20_000,
        b"From: ana@example.org\r\nMessage-ID: <" + b"a." * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a b='" * 20_000,
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 400_000 + b"-" + b"a" * 400_000,
    ],
)  # fmt: skip
def test_hostile_messages_take_no_time(people, post, head):
    """Anybody may send such messages, and they must not keep the worker busy."""
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    begun = time.process_time()
    read_message(b"Delivered-To: " + key + b"\r\n" + head + b"\r\n\r\nhello", MAILBOX, TODAY)
    assert time.process_time() - begun < 3


def nested(head, depth, lines, end=b"\n"):
    part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    parts = b"".join(part % (n, n) for n in range(depth))
    return (head + parts + b"content-type: text/plain\n" + b"\n" * lines).replace(b"\n", end)


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize(("depth", "lines"), [(900, 900_000), (300, 10_000), (99, 30_000)])
def test_nested_parts_take_no_time(people, post, depth, lines, end):
    """The parser compares each line with the boundaries of all enclosing parts, which once took minutes."""
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    for to in (key, b"reply@mail.example.org"):
        raw = nested(b"From: a@b.example\nTo: " + to + b"\n", depth, lines, end)[:2_000_000]
        begun = time.process_time()
        with pytest.raises(Forbidden, match="too many parts"):
            receive_message(raw)
        assert time.process_time() - begun < 1


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("part", [b"--b\r\n\r\nx\r\n", b"--b \t\r\n", b"--b\n\n", b"--b\r"])
def test_parts_without_headers_are_counted_too(people, post, part):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    head = b"To: " + key + b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    begun = time.process_time()
    with pytest.raises(Forbidden, match="too many parts"):
        receive_message(head + part * (1_900_000 // len(part)))
    assert time.process_time() - begun < 2


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "evil",
    [
        "<ul><li>",
        "<div>",
        "<dl><dd>",
        "<div></zz>",
        "<ul><table><td></ul>",
        "<b></i>",
        "<p>",
        "<br>",
    ],
)
def test_elements_within_each_other_take_no_time(evil):
    begun = time.process_time()
    for read in (text_of_html, whole_text_of_html):
        assert read("<p>Hello</p>" + evil * (160_000 // len(evil))) == "Hello"
    assert time.process_time() - begun < 2


def test_a_message_may_be_as_deep_as_programs_write_them():
    deep = "<div><table><tr><td>" * 60 + "Hello" + "</td></tr></table></div>" * 60
    flat = "<div><span>a</span><br>b<p>c<p>d<ul><li>e<li>f</ul></div>" * 900
    for html in (deep, flat):
        assert text_of_html(html + "<p>Bye").endswith("Bye")


def test_of_a_stranger_s_message_the_headers_alone_are_parsed(app, monkeypatch):
    monkeypatch.setattr("forum.mail.forms.reading.message_from_bytes", None)
    with pytest.raises(Forbidden, match="answers no letter"):
        receive_message(nested(b"From: a@b.example\nTo: x@mail.example.org\n", 9, 1_000))


def test_an_answer_may_have_many_parts(people, topic, post):
    raw = answer(people, post).partition(b"\r\n\r\n")[0]
    head = b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Content-"))
    picture = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    letter = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWith pictures.\r\n"
    pictures = (picture + (b"A" * 76 + b"\r\n") * 600) * 40
    receive_message(head + b"\r\n" + letter + pictures + b"--b--\r\n")
    assert posts(topic)[-1].source == "With pictures."


@pytest.mark.parametrize(
    "raw",
    [
        b"To: " + b"(" * 20_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
        b"Content-Type: text/html\r\n\r\nhi <![foo bar",
    ],
)  # fmt: skip
def test_a_message_that_nobody_can_read_holds_up_no_other(people, topic, post, app, raw):
    key = reply_address(MAILBOX, people.ana.id, post.id, TODAY).encode()
    box = Mailbox(
        b"From: a@b.example\r\nDelivered-To: " + key + b"\r\n" + raw, answer(people, post)
    )
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    assert box.seen == {1, 2} and len(posts(topic)) == 3


def test_the_log_says_what_became_of_a_message_and_not_who_wrote_it(
    people, topic, post, app, written_log
):
    strange = answer(people, post, sender="Somebody <else@where.example>")
    box = Mailbox(answer(people, post, "One."), strange)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    lines = [json.loads(line) for line in written_log().splitlines()]
    assert [line["level"] for line in lines] == ["info", "info"]
    assert lines[0]["message"] == "Posted." and "not from the member" in lines[1]["message"]
    written = json.dumps(lines)
    assert "prado" not in written.lower() and str(posts(topic)[-1].id) not in lines[0]["message"]


def test_a_mistake_of_ours_holds_up_no_other(people, topic, post, app, monkeypatch):
    box = Mailbox(answer(people, post, "One."), answer(people, post, "Two.", Date="now"))
    handle = commands.receiving._post_answer

    def slip(incoming, *rest):
        if incoming.text == "One.":
            raise ValueError(incoming.text)
        return handle(incoming, *rest)

    monkeypatch.setattr(commands.receiving, "_post_answer", slip)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    assert [reply.source for reply in posts(topic)[2:]] == ["Two."]


def test_messages_without_a_number_are_told_apart(people, topic, post):
    for text in ("One.", "Two.", "Two."):
        receive_message(
            answer(people, post, text).replace(b"Message-ID: <1@mail.ana.example>\r\n", b"")
        )
    assert [reply.source for reply in posts(topic)[2:]] == ["One.", "Two."]


def test_a_text_in_an_unknown_charset_is_read_as_far_as_it_can_be(people, topic, post):
    receive_message(
        answer(people, post, "We did.").replace(b'charset="utf-8"', b'charset="klingon"')
    )
    assert posts(topic)[-1].source == "We did."
