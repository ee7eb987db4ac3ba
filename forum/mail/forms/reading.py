"""Parsing a message: what it is, for whom, and what it says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from hashlib import sha256
from typing import Any

from forum.imap import MAX_MESSAGE_BYTES
from forum.mail.forms._files import attached_files
from forum.mail.forms._headers import POLICY, header_of, sender_of
from forum.mail.forms._html import text_of_html, whole_text_of_html
from forum.mail.forms.addresses import AddressKey, TopicKey, addressed_key, key_text, without_ours
from forum.mail.forms.automatic import delivery_report, is_automatic, is_sent_automatically
from forum.mail.forms.extracting import MAX_TEXT, extract_answer, extract_text, is_passed_on
from forum.mail.forms.subjects import is_said_passed_on, title_of
from forum.plaintext import tidy

MAX_REFERENCES = 20  # earlier messages of a conversation that are looked for
MAX_PARTS = 100
MAX_COMPARISONS = 2_000_000  # of lines with the boundaries of open parts: half a second
LINE_END = re.compile(rb"\r\n?|\n")
# A line that separates parts; without the spaces at its end, which the parser ignores
SEPARATOR = re.compile(rb"(?:^|[\r\n])(--[^\r\n]*[^\s])")
MAX_SEPARATORS = 300  # of the same words: parts need no header
PART_HEADER = re.compile(rb"(?:^|[\r\n])Content-Type:", re.I)
MESSAGE_NUMBER = re.compile(r"<[^<>\s]{1,300}>")


@dataclass(frozen=True)
class Incoming:
    """A parsed message.

    `kind` is *answer*, *topic* (a new one), *bounce* (a letter came back) or *machine* (an automatic message). `key`
    is None when the message is not for a valid address of the forum; then its text and its kind were not examined.
    `number` identifies the message, also if it is delivered again. For a bounce, `address` and `why` say which address
    failed and for what reason. `files` is the number of attached files, which are not kept. For a topic, `title` is
    made of the subject, and `before` are the numbers of earlier messages of the conversation, as if they had been
    sent to the same address.
    """

    kind: str
    sender: str
    key: AddressKey | TopicKey | None
    text: str
    number: str
    address: str = ""
    why: str = ""
    files: int = 0
    title: str = ""
    before: tuple[str, ...] = ()


def has_too_many_parts(raw: bytes) -> bool:
    """Whether a message could keep the parser busy for too long, judged without parsing it.

    The parser compares each line with the boundary of every open part, and each part has headers of its own.
    """
    parts = len(PART_HEADER.findall(raw))
    lines = len(LINE_END.findall(raw))
    if parts > MAX_PARTS or parts * lines > MAX_COMPARISONS:
        return True
    return max(Counter(SEPARATOR.findall(raw)).values(), default=0) > MAX_SEPARATORS


def read_message(raw: bytes, pattern: str, today: int, recipient: str = "") -> Incoming:
    """Parse a message.

    `pattern` is the forum's mailbox, `today` the ordinal of the day, `recipient` the address that the mail server
    delivered it to, if known. If a message is not for a valid address of the forum, only its headers are parsed,
    because anybody can send one.
    """
    head: Any = BytesHeaderParser(policy=POLICY).parsebytes(raw[:MAX_MESSAGE_BYTES])
    what, key = addressed_key(head, pattern, today, recipient)
    sender = sender_of(head)
    number = _number(header_of(head, "Message-ID").encode("utf-8", "replace") or raw, key)
    if key is None:
        return Incoming("answer", sender, None, "", number)
    message: Any = message_from_bytes(raw[:MAX_MESSAGE_BYTES], policy=POLICY)
    if isinstance(key, TopicKey):
        return _read_topic(message, pattern, sender, key, number)
    if what == "b":  # at an address for answers, which many may know, nothing counts as a bounce
        address, why = delivery_report(message)
        return Incoming("bounce", sender, key, "", number, address, why)
    kind = "machine" if is_automatic(message) else "answer"
    if kind == "machine":
        return Incoming(kind, sender, key, "", number)
    text, files = extract_answer(_text(message)), attached_files(message)
    return Incoming(kind, sender, key, without_ours(text, pattern), number, files=files)


def _read_topic(
    message: EmailMessage, pattern: str, sender: str, key: TopicKey, number: str
) -> Incoming:
    """A message to an address for new topics. Many may know such an address, so nothing counts as a bounce there."""
    if is_sent_automatically(message):
        return Incoming("machine", sender, key, "", number)
    subject = without_ours(tidy(header_of(message, "Subject")), pattern)
    title, is_answer = title_of(subject)
    whole = _text(message, whole=True)
    # What a colleague has written is not for everybody because one answers it; what is passed on is
    if is_answer and not (is_said_passed_on(subject) and is_passed_on(whole)):
        text = extract_answer(_text(message))
    else:
        text = extract_text(whole)
    return Incoming(
        "topic",
        sender,
        key,
        without_ours(text, pattern),
        number,
        files=attached_files(message),
        title=title,
        before=_earlier_numbers(message, key),
    )


def _number(name: bytes, key: AddressKey | TopicKey | None) -> str:
    return sha256(name + f"|{key_text(key)}".encode()).hexdigest()[:24]


def _earlier_numbers(message: EmailMessage, key: TopicKey) -> tuple[str, ...]:
    """The numbers of the messages that this one answers, if they were sent to the same address."""
    names = " ".join(header_of(message, name) for name in ("In-Reply-To", "References"))
    found = dict.fromkeys(MESSAGE_NUMBER.findall(names))
    return tuple(
        _number(name.encode("utf-8", "replace"), key) for name in list(found)[:MAX_REFERENCES]
    )


def _text(message: EmailMessage, *, whole: bool = False) -> str:
    """The text of a message, from HTML if there is no other; from HTML without quotations and links, unless it is the `whole`."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content: Any = part.get_payload(decode=True) or b""
    text = _decoded(content[: 4 * MAX_TEXT], str(part.get_content_charset("utf-8")))
    if part.get_content_type() != "text/html":
        return tidy(text)
    return tidy(whole_text_of_html(text) if whole else text_of_html(text))


def _decoded(content: bytes, charset: str) -> str:
    """The text of bytes in a charset; decoded as UTF-8 when the charset is unknown."""
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
