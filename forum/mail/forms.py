"""What may come in by mail: an answer to a letter, or the news that one came back; and whom it says it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import parseaddr
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import nh3

from forum import tokens
from forum.imap import LARGEST
from forum.markup import tidy

LONGEST = 40_000  # signs of which the answer is looked for
LONGEST_HEADER, MOST_HEADERS = 500, 50  # signs; of one name
MARK = "==="  # on both sides of the line above which one answers
ABOVE = re.compile(rf"^[>\s|]*{MARK} .* {MARK}\s*$", re.M)
SIGNATURE = re.compile(r"^-- ?\n", re.M)  # RFC 3676, 4.3
SENT_BY = re.compile(r"\W*(From|Von|De|Da|Van|Från|Fra|Od|От|差出人|보낸 사람|发件人)\W*:", re.I)
FIELD = re.compile(r"\W*[^\W\d_][^\d:]{0,25}:\s")  # a name and a colon
RULE = re.compile(r"\s*([_-]{4,}|-{2,} ?[^-]{1,40} ?-{2,})\s*$")
DATED = re.compile(r"@|\b(19|20)\d\d\b|\d{1,2}[:.h]\d\d|\d+[/.-]\d+")
OPENS = re.compile(r"(On|Am|Le|El|Il|Op|Den|Em|Dnia|Dne|В)\b", re.I)
KEY = r"(?P<what>[rb])(?P<ids>\d{1,10}(?:-\d{1,10}){1,2})-(?P<seal>[a-z2-7]{16})"
GOOD_FOR_DAYS = 90
RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
MADE_BY_MACHINES = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
# How programs that set no header begin the subject of a holiday answer.
AWAY = re.compile(
    r"\s*(auto(matic)?[ -]?(reply|response)|out of (the )?office|abwesen|automatische (antwort|abwesenheit)|"
    r"réponse automatique|absence|respuesta automática|fuera de|risposta automatica|fuori sede|"
    r"automatisch antwoord|afwezig|autosvar|automatiskt svar|odpowiedź automatyczna|自動応答)",
    re.I,
)
LEFT_OUT = {"blockquote", "style", "script", "head", "title"}
BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"}


class _Curt(EmailPolicy):
    """Cuts long headers: the time for reading one grows with the square of its length, and anybody may send it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and the text of a header; who it is to is looked for in the whole of it, and never parsed."""
        name, text = super().header_source_parse(sourcelines)
        is_whole = name.lower() in RECIPIENTS or len(text) <= LONGEST_HEADER
        return name, text if is_whole else text[:LONGEST_HEADER].rpartition(";")[0] or text[
            :LONGEST_HEADER
        ]


CURT = _Curt()


@dataclass(frozen=True)
class Key:
    """What an address of ours stands for: the member a letter went to, and the post that it told of (or 0)."""

    member_id: int
    post_id: int
    day: int


@dataclass(frozen=True)
class Incoming:
    """A message: whom it is from, what our address in it stands for, what it says, and what it seems to be.

    `kind` is *answer*, *bounce* (a letter came back) or *machine* (nobody wrote it). `number` is always the same
    for the same message.
    """

    kind: str
    sender: str
    key: Key | None
    text: str
    number: str
    address: str = ""
    why: str = ""


def reply_address(pattern: str, member_id: int, post_id: int, day: int) -> str:
    """The address that answers to a letter go to; `pattern` is the forum's mailbox, `day` today's number."""
    return _sealed(pattern, "r", f"{member_id}-{post_id}-{day}")


def bounce_address(pattern: str, member_id: int, day: int) -> str:
    """The address to which a letter comes back (the envelope's sender), so that it says whose it was."""
    return _sealed(pattern, "b", f"{member_id}-{day}")


def _sealed(pattern: str, what: str, ids: str) -> str:
    local, _at, host = pattern.partition("@")
    return f"{local}+{what}{ids}-{tokens.seal(what, ids)}@{host}"


def read_message(raw: bytes, pattern: str, today: int, recipient: str = "") -> Incoming:
    """Read a message that came in. `recipient` is whom the mail server says it is for, if it says so."""
    message: Any = message_from_bytes(raw[:LARGEST], policy=CURT)
    what, key = _key(message, pattern, today, recipient)
    sender = _address(message, "From")
    name = _header(message, "Message-ID").encode("utf-8", "replace") or raw
    number = sha256(name + f"|{key}".encode()).hexdigest()[:24]
    if what == "b" or message.get_content_type() == "multipart/report":
        address, why = _report(message)
        return Incoming("bounce", sender, key, "", number, address, why)
    kind = "machine" if is_by_machine(message) else "answer"
    text = answer_in(_text(message)) if key and kind == "answer" else ""
    return Incoming(kind, sender, key, text, number)


def _key(message: EmailMessage, pattern: str, today: int, recipient: str) -> tuple[str, Key | None]:
    """The first address of ours that is not forged and not too old."""
    local, _at, host = map(re.escape, pattern.lower().partition("@"))
    ours = re.compile(rf"(?<![^\s<,:;\"]){local}\+{KEY}@{host}(?![\w.-])")
    headers = _recipients(message) if pattern else []
    for found in (one for text in (recipient, *headers) for one in ours.finditer(text.lower())):
        if not tokens.is_sealed(found["what"], found["ids"], found["seal"]):
            continue
        numbers = [int(part) for part in found["ids"].split("-")]
        key = Key(numbers[0], numbers[1] if found["what"] == "r" else 0, numbers[-1])
        if 0 <= today - key.day <= GOOD_FOR_DAYS:
            return found["what"], key
    return "", None


def _recipients(message: EmailMessage) -> list[str]:
    """The headers that say whom it is for, as they came, in the order of how sure they are."""
    raw = [(name.lower(), str(text)) for name, text in message.raw_items()]
    return [text for wanted in RECIPIENTS for name, text in raw if name == wanted][:MOST_HEADERS]


def _header(message: Message, name: str) -> str:
    """The first header of a name, or nothing when there is none that can be read."""
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):  # hostile headers
        return ""


def _address(message: EmailMessage, name: str) -> str:
    return parseaddr(_header(message, name))[1].strip().lower()


def is_by_machine(message: EmailMessage) -> bool:
    """Whether nobody wrote it: a holiday answer, a list, a robot, or a letter of ours (RFC 3834)."""
    said = _header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    precedence = _header(message, "Precedence").lower()
    return (
        said not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(_header(message, name) for name in MADE_BY_MACHINES)
        or bool(AWAY.match(_header(message, "Subject")[:200]))
        or _header(message, "Return-Path").strip() == "<>"
    )


def _report(message: EmailMessage) -> tuple[str, str]:
    """The address that a report says was not reached for good, and why (RFC 3464); else nothing."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.get_payload():
            if isinstance(fields, Message) and _header(fields, "Action").lower() == "failed":
                address = _header(fields, "Final-Recipient").rpartition(";")[2]
                return address.strip().lower(), _status(fields)
    return "", ""


def _status(fields: Any) -> str:
    """The status of a failure, its code first, as mail servers answer: `5.1.1 no such user`."""
    said = _header(fields, "Diagnostic-Code").partition(";")[2]
    return f"{_header(fields, 'Status')} {' '.join(said.split())}".strip()[:300]


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content: Any = part.get_payload(decode=True) or b""
    text = _decoded(content[: 4 * LONGEST], str(part.get_content_charset("utf-8")))
    return tidy(_text_of_html(text) if part.get_content_type() == "text/html" else text)


def _decoded(content: bytes, charset: str) -> str:
    """The text of some bytes, whose charset may be one that nobody knows."""
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def answer_in(text: str) -> str:
    """What somebody has written in answer, without the letter that is quoted below it and the signature.

    Works line by line, in a time that grows with the text alone. Quoted lines that something is written below stay.
    """
    lines = [line.rstrip("\r") for line in text[:LONGEST].split("\n")]
    is_cut = _without_letter(lines)
    own = _without_quote(is_cut)
    if len(own) < len(lines):
        own = _without_introduction(own)
    text = SIGNATURE.split("\n".join(own) + "\n", maxsplit=1)[0]
    return text.strip()


def _without_letter(lines: list[str]) -> list[str]:
    """The lines above the one that our letters begin with, or above the head of a forwarded letter."""
    for number, line in enumerate(lines):
        if ABOVE.match(line[:200]) or _is_head(lines[number : number + 6]):
            return lines[:number]
    return lines


def _is_head(lines: list[str]) -> bool:
    """Whether here stands the head of a letter, as some programs put it above what they quote."""
    return (
        bool(lines)
        and bool(SENT_BY.match(lines[0][:80]))
        and sum(bool(FIELD.match(line[:80])) for line in lines) >= 3
    )


def _without_quote(lines: list[str]) -> list[str]:
    """Without the quoted lines at the end."""
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    return lines[:end]


def _without_introduction(lines: list[str]) -> list[str]:
    """Without "On Monday Ben wrote:", in whatever language: it ends with a colon and holds a date or an address."""
    lines = _without_quote(lines)
    while lines and RULE.match(lines[-1][:200]):
        lines = _without_quote(lines[:-1])
    start = len(lines)
    while start and lines[start - 1].strip() and len(lines) - start < 3:
        start -= 1
    for first in range(len(lines) - 1, start - 1, -1):
        said = " ".join(line[:200] for line in lines[first:])
        if said.rstrip().endswith((":", "：")) and DATED.search(said) and len(said) < 300:
            if first and lines[first - 1].strip() and not OPENS.match(lines[first]):
                continue  # perhaps it began a line above
            return lines[:first]
    return lines


class _Reader(HTMLParser):
    """Reads the words of a message in HTML, one block to a line."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag != "br":
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split("\n")))


def _text_of_html(html: str) -> str:
    """The words of a message in HTML, without what it quotes. The reader is handed sound HTML: on other it takes hours."""
    reader = _Reader()
    reader.feed(nh3.clean(html, tags=BLOCKS, clean_content_tags=LEFT_OUT, attributes={}))
    reader.close()
    lines = (line.strip() for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
