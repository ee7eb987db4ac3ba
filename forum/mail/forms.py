"""Parsing incoming messages: answers to letters, new topics, and bounces; and the addresses that they are sent to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy
from email.utils import parseaddr
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import nh3

from forum import tokens
from forum.imap import MAX_MESSAGE_BYTES
from forum.members.forms import one_line
from forum.plaintext import tidy

MAX_TEXT = 40_000  # characters that are searched for the answer
MAX_HEADER = 500  # characters of a header that is parsed
MAX_SUBJECT = 3_000  # the longest title, each of its characters as four bytes in quoted-printable
MAX_REFERENCES = 20  # earlier messages of a conversation that are looked for
MAX_DEPTH = 4  # of quotations within each other
MAX_LINK = 2_000  # characters of a link in HTML
MAX_RECIPIENT_HEADERS = 50
MAX_PARTS = 100
MAX_COMPARISONS = 2_000_000  # of lines with the boundaries of open parts: half a second
LINE_END = re.compile(rb"\r\n?|\n")
PART_HEADER = re.compile(rb"(?:^|[\r\n])Content-Type:", re.I)
SEPARATOR = "==="  # on both sides of "Write your reply above this line"
SEPARATOR_LINE = re.compile(rf"^[>\s|]*{SEPARATOR} .* {SEPARATOR}\s*$", re.M)
SIGNATURE = re.compile(r"^-- ?\n", re.M)  # RFC 3676, 4.3
FROM_LINE = re.compile(r"\W*(From|Von|De|Da|Van|Från|Fra|Od|От|差出人|보낸 사람|发件人)\W*:", re.I)
HEADER_FIELD = re.compile(r"\W*[^\W\d_][^\d:]{0,25}:\s")  # a name and a colon
DIVIDER_LINE = re.compile(r"\s*([_-]{4,}|-{2,} ?[^-]{1,40} ?-{2,})\s*$")
DATE_OR_ADDRESS = re.compile(r"@|\b(19|20)\d\d\b|\d{1,2}[:.h]\d\d|\d+[/.-]\d+")
INTRODUCTION_START = re.compile(r"(On|Am|Le|El|Il|Op|Den|Em|Dnia|Dne|В)\b", re.I)
ADDRESS_KEY = r"(?P<what>[rba])(?P<ids>\d{1,10}(?:-\d{1,10}){1,2})-(?P<seal>[a-z2-7]{16})"
VALID_DAYS = 90
RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
# Words that mail programs put before the subject of an answer, and of a message that is passed on. Where languages use
# the same one for both (VS), it counts as passed on, so that nothing is cut. Of one or two letters some stand at the beginning
# of titles, too ("r: a language"), so that these are taken in capitals alone, as programs write them.
ANSWERED = (
    *(
        "re",
        "aw",
        "antw",
        "antwort",
        "sv",
        "odp",
        "odg",
        "ynt",
        "yan",
        "rép",
        "res",
        "resp",
        "rif",
        "vá",
        "atb",
        "ats",
        "bls",
        "(?-i:R)",  # Italian
        "(?-i:TL)",  # Vietnamese
    ),
    *(
        "απ",
        "σχετ",
        "одг",
        "отв",
        "ответ",
        "відп",
        "回复",
        "回覆",
        "回復",
        "答复",
        "答覆",
        "返信",
        "회신",
        "답장",
        "תגובה",
        "השב",
        "رد",
        "پاسخ",
        "ตอบ",
        "ตอบกลับ",
    ),
)
PASSED_ON = (
    *(
        "fwd",
        "fw",
        "wg",
        "tr",
        "rv",
        "enc",
        "pd",
        "vb",
        "vs",
        "doorst",
        "ilt",
        "reenv",
        "továbbítás",
        "prosl",
        "proslj",
        "posr",
        "trs",
        "yml",
        "(?-i:I)",  # Italian
        "(?-i:VL)",  # Finnish
        "(?-i:FS)",  # Icelandic
        "(?-i:CT)",  # Vietnamese
        "πρθ",
        "προώθ",
        "пер",
    ),
    *("转发", "轉寄", "轉發", "転送", "ส่งต่อ", "전달", "הועבר", "إعادة توجيه"),
)
SUBJECT_PREFIX = re.compile(
    rf"(?:(?P<answered>{'|'.join(ANSWERED)})|{'|'.join(PASSED_ON)})"
    r" ?(?:\[\d{1,3}\]|\(\d{1,3}\)|\d{1,3})?\s?[:：]\s*",
    re.I,
)
CONTROL_SIGNS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Of Greek the question mark is ;, and Unicode makes one of both
QUESTION_MARKS, GREEK_QUESTION_MARK = (
    ("?", "؟", "？"),
    re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]['’\"”»)\s]*;$"),
)
AFTER_QUESTION_MARK = "!！\"'”’»›」』)）]】 .…\u200e\u200f"
MESSAGE_NUMBER = re.compile(r"<[^<>\s]{1,300}>")
# An e-mail address as mail programs put it behind a name
NAMED_ADDRESS = re.compile(
    r"\s{0,3}[<\[(]{0,2}(?:mailto:)?[^\s<>\[\]()]{1,64}@[^\s<>\[\]():;,]{1,255}[>\])]{0,2}"
)
DATE = re.compile(r"\b(19|20)\d\d\b|\d{1,2}[:.h]\d\d|\d+[/.-]\d+")
# Beginnings of subjects of automatic answers, from programs that set no header
AUTOMATIC_SUBJECT = re.compile(
    r"\s*(auto(matic)?[ -]?(reply|response)|out of (the )?office|abwesen|automatische (antwort|abwesenheit)|"
    r"réponse automatique|absence|respuesta automática|fuera de|risposta automatica|fuori sede|"
    r"automatisch antwoord|afwezig|autosvar|automatiskt svar|odpowiedź automatyczna|自動応答)",
    re.I,
)
# Exceptions that parsing a hostile header may raise
HEADER_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
# What programs attach automatically: signatures, encrypted messages, keys, visiting cards, and Outlook's formatting
ATTACHED_BY_PROGRAMS = {
    *("application/pgp-signature", "application/pgp-keys", "application/pgp-encrypted"),
    *("application/pkcs7-signature", "application/x-pkcs7-signature"),
    *("application/pkcs7-mime", "application/x-pkcs7-mime"),
    *("application/ms-tnef", "application/vnd.ms-tnef"),
    *("text/vcard", "text/x-vcard", "text/directory"),
}
# The names of such files, in case a server on the way has lost the type
NAMES_BY_PROGRAMS = {"winmail.dat", "smime.p7m", "smime.p7s"}
UNKNOWN_TYPE = "application/octet-stream"
# Smaller pictures belong to a signature: icons anywhere, logos within the text. A photograph or a screenshot that
# somebody pastes into the text is larger.
MAX_ICON, MAX_LOGO = 10_000, 100_000
DROPPED_TAGS = {"blockquote", "style", "script", "head", "title"}
BLOCK_TAGS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"}


class _TruncatingPolicy(EmailPolicy):
    """Truncates long headers: parsing one takes quadratic time, and anybody can send it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of a header; headers with recipients stay complete, because they are searched and not parsed."""
        name, text = super().header_source_parse(sourcelines)
        if name.lower() in RECIPIENT_HEADERS or len(text) <= MAX_HEADER:
            return name, text
        if name.lower() == "subject":
            return name, text[:MAX_SUBJECT]
        start = text[:MAX_HEADER]
        return name, start.rpartition(";")[0] or start  # cut between parameters, if there are any


POLICY = _TruncatingPolicy()


@dataclass(frozen=True)
class AddressKey:
    """What a sealed address of the forum encodes: the member who got the letter, its post (or 0), and the day (ordinal)."""

    member_id: int
    post_id: int
    day: int


@dataclass(frozen=True)
class TopicKey:
    """What a member's address for new topics on an agenda encodes; an older `generation` than the member's is void."""

    member_id: int
    agenda_id: int
    generation: int


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


def reply_address(pattern: str, member_id: int, post_id: int, day: int) -> str:
    """The address for answers to a letter; `pattern` is the forum's mailbox, `day` the ordinal of today."""
    return _sealed(pattern, "r", f"{member_id}-{post_id}-{day}")


def topic_address(pattern: str, member_id: int, agenda_id: int, generation: int) -> str:
    """A member's address for new topics on an agenda; `generation` is the member's `address_generation`."""
    return _sealed(pattern, "a", f"{member_id}-{agenda_id}-{generation}")


def bounce_address(pattern: str, member_id: int, day: int) -> str:
    """The envelope sender of a letter, so that a bounce identifies the member."""
    return _sealed(pattern, "b", f"{member_id}-{day}")


def _sealed(pattern: str, what: str, ids: str) -> str:
    local, _at, host = pattern.partition("@")
    return f"{local}+{what}{ids}-{tokens.seal(what, ids)}@{host}"


def has_too_many_parts(raw: bytes) -> bool:
    """Whether a message could keep the parser busy for too long, judged without parsing it.

    The parser compares each line with the boundary of every open part, and each part has headers of its own.
    """
    parts = len(PART_HEADER.findall(raw))
    lines = len(LINE_END.findall(raw))
    return parts > MAX_PARTS or parts * lines > MAX_COMPARISONS


def read_message(raw: bytes, pattern: str, today: int, recipient: str = "") -> Incoming:
    """Parse a message.

    `pattern` is the forum's mailbox, `today` the ordinal of the day, `recipient` the address that the mail server
    delivered it to, if known. If a message is not for a valid address of the forum, only its headers are parsed,
    because anybody can send one.
    """
    head: Any = BytesHeaderParser(policy=POLICY).parsebytes(raw[:MAX_MESSAGE_BYTES])
    what, key = _key(head, pattern, today, recipient)
    sender = _address(head, "From")
    number = _number(_header(head, "Message-ID").encode("utf-8", "replace") or raw, key)
    if key is None:
        return Incoming("answer", sender, None, "", number)
    message: Any = message_from_bytes(raw[:MAX_MESSAGE_BYTES], policy=POLICY)
    if isinstance(key, TopicKey):
        return _read_topic(message, pattern, sender, key, number)
    if what == "b" or message.get_content_type() == "multipart/report":
        address, why = _report(message)
        return Incoming("bounce", sender, key, "", number, address, why)
    kind = "machine" if is_automatic(message) else "answer"
    if kind == "machine":
        return Incoming(kind, sender, key, "", number)
    text, files = extract_answer(_text(message)), attached_files(message)
    return Incoming(kind, sender, key, _without_ours(text, pattern), number, files=files)


def _read_topic(
    message: EmailMessage, pattern: str, sender: str, key: TopicKey, number: str
) -> Incoming:
    """A message to an address for new topics. Many may know such an address, so nothing counts as a bounce there."""
    if message.get_content_type() == "multipart/report" or is_sent_automatically(message):
        return Incoming("machine", sender, key, "", number)
    subject = _without_ours(tidy(_header(message, "Subject")), pattern)
    title, is_answer = title_of(subject)
    # What a colleague has written is not for everybody because one answers it; what is passed on is
    text = extract_answer(_text(message)) if is_answer else extract_text(_text(message, whole=True))
    return Incoming(
        "topic",
        sender,
        key,
        _without_ours(text, pattern),
        number,
        files=attached_files(message),
        title=title,
        before=_earlier_numbers(message, key),
    )


def _number(name: bytes, key: AddressKey | TopicKey | None) -> str:
    return sha256(name + f"|{_key_text(key)}".encode()).hexdigest()[:24]


def _earlier_numbers(message: EmailMessage, key: TopicKey) -> tuple[str, ...]:
    """The numbers of the messages that this one answers, if they were sent to the same address."""
    names = " ".join(_header(message, name) for name in ("In-Reply-To", "References"))
    found = dict.fromkeys(MESSAGE_NUMBER.findall(names))
    return tuple(
        _number(name.encode("utf-8", "replace"), key) for name in list(found)[:MAX_REFERENCES]
    )


def _without_ours(text: str, pattern: str) -> str:
    """A text without addresses of the forum's mailbox, which are secret: quoted and forwarded messages name them."""
    local, _at, host = map(re.escape, pattern.partition("@"))
    return re.sub(rf"{local}\+[\w.-]{{1,60}}@{host}", "…", text, flags=re.I) if pattern else text


def _key_text(key: AddressKey | TopicKey | None) -> str:
    """A key as text, from which the number of a message is made.

    It must never change, because a message that is delivered again must get the same number.
    """
    if key is None:
        return "None"
    if isinstance(key, TopicKey):
        return f"Topic(member_id={key.member_id}, agenda_id={key.agenda_id})"
    return f"Key(member_id={key.member_id}, post_id={key.post_id}, day={key.day})"


def _key(
    message: EmailMessage, pattern: str, today: int, recipient: str
) -> tuple[str, AddressKey | TopicKey | None]:
    """What the first valid address of the forum among the recipients encodes: its type (r, b, a, or empty) and its key."""
    local, _at, host = map(re.escape, pattern.lower().partition("@"))
    ours = re.compile(rf"(?<![^\s<,:;\"]){local}\+{ADDRESS_KEY}@{host}(?![\w.-])")
    headers = _recipients(message) if pattern else []
    texts = (recipient, *headers)
    for found in (match for text in texts for match in ours.finditer(text.lower())):
        if not tokens.is_sealed(found["what"], found["ids"], found["seal"]):
            continue
        numbers = [int(part) for part in found["ids"].split("-")]
        if found["what"] == "a":
            return "a", TopicKey(*numbers)
        key = AddressKey(numbers[0], numbers[1] if found["what"] == "r" else 0, numbers[-1])
        if 0 <= today - key.day <= VALID_DAYS:
            return found["what"], key
    return "", None


def _recipients(message: EmailMessage) -> list[str]:
    """The unparsed values of headers that name recipients, the most reliable first."""
    raw = [(name.lower(), str(text)) for name, text in message.raw_items()]
    return [text for wanted in RECIPIENT_HEADERS for name, text in raw if name == wanted][
        :MAX_RECIPIENT_HEADERS
    ]


def _header(message: Message, name: str) -> str:
    """The first header with a name; empty when there is none, or it cannot be parsed."""
    try:
        return str(message.get(name, ""))
    except HEADER_ERRORS:
        return ""


def _address(message: EmailMessage, name: str) -> str:
    return parseaddr(_header(message, name))[1].strip().lower()


def is_automatic(message: EmailMessage) -> bool:
    """Whether no person wrote the message, by what it says of itself or by its subject."""
    return is_sent_automatically(message) or sounds_automatic(_header(message, "Subject"))


def sounds_automatic(subject: str) -> bool:
    """Whether a subject begins like those of automatic answers."""
    return bool(AUTOMATIC_SUBJECT.match(subject[:200]))


def is_sent_automatically(message: EmailMessage) -> bool:
    """Whether a message says that no person wrote it: an automatic answer, a list, a robot, a letter of the forum (RFC 3834)."""
    submitted = _header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    precedence = _header(message, "Precedence").lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(_header(message, name) for name in AUTOMATIC_HEADERS)
        or _header(message, "Return-Path").strip() == "<>"
    )


def _report(message: EmailMessage) -> tuple[str, str]:
    """The address that a delivery report says has failed for good, and why (RFC 3464); both empty for none."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.get_payload():
            if isinstance(fields, Message) and _header(fields, "Action").lower() == "failed":
                address = _header(fields, "Final-Recipient").rpartition(";")[2]
                return address.strip().lower(), _status(fields)
    return "", ""


def _status(fields: Any) -> str:
    """The status of a failure, beginning with its code, as mail servers write it: `5.1.1 no such user`."""
    diagnostic = _header(fields, "Diagnostic-Code").partition(";")[2]
    return f"{_header(fields, 'Status')} {' '.join(diagnostic.split())}".strip()[:300]


def _text(message: EmailMessage, *, whole: bool = False) -> str:
    """The text of a message, from HTML if there is no other; from HTML without quotations and links, unless it is the `whole`."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content: Any = part.get_payload(decode=True) or b""
    text = _decoded(content[: 4 * MAX_TEXT], str(part.get_content_charset("utf-8")))
    if part.get_content_type() != "text/html":
        return tidy(text)
    return tidy(_whole_text_of_html(text) if whole else _text_of_html(text))


def attached_files(message: EmailMessage) -> int:
    """How many files a person attached to a message, without what programs add and pictures in signatures."""
    text, found = message.get_body(("plain", "html")), 0
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop()
        if _content_type(part).startswith("multipart/") and part.is_multipart():
            waiting += part.get_payload()
        elif part is not text:  # a message inside counts as one file
            found += _is_attached(part)
    return found


def _is_attached(part: Any) -> bool:
    kind = _content_type(part)
    if kind in ATTACHED_BY_PROGRAMS:
        return False
    if kind == UNKNOWN_TYPE and _file_name(part).lower() in NAMES_BY_PROGRAMS:
        return False
    if kind.startswith("text/"):  # the same text in another format, unless it is a file
        return "attachment" in _header(part, "Content-Disposition").lower()[:20] or bool(
            _file_name(part)
        )
    if kind.startswith("image/"):
        return _size(part) >= (MAX_LOGO if _is_within_text(part) else MAX_ICON)
    return True


def _content_type(part: Any) -> str:
    try:
        return str(part.get_content_type())
    except HEADER_ERRORS:
        return UNKNOWN_TYPE


def _file_name(part: Any) -> str:
    """The file name of a part; empty when it has none, or an unreadable one."""
    try:
        return str(part.get_filename() or "")
    except HEADER_ERRORS:
        return ""


def _is_within_text(part: Any) -> bool:
    """Whether a picture is inside the text of a message, which refers to it by its Content-ID (RFC 2392)."""
    is_attached = _header(part, "Content-Disposition").lower().startswith("attachment")
    return bool(_header(part, "Content-ID")) and not is_attached


def _size(part: Any) -> int:
    """About how many bytes a part has."""
    content = part.get_payload()
    size = len(content) if isinstance(content, str) else 0
    is_base64 = _header(part, "Content-Transfer-Encoding").strip().lower() == "base64"
    return size * 3 // 4 if is_base64 else size


def _decoded(content: bytes, charset: str) -> str:
    """The text of bytes in a charset; decoded as UTF-8 when the charset is unknown."""
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def title_of(subject: str) -> tuple[str, bool]:
    """The title that a subject becomes, without what mail programs put before it, and whether the message is an answer.

    It is one line without control signs and invisible characters; how long it is, is not judged here.
    """
    title, is_answer = one_line(CONTROL_SIGNS.sub(" ", subject)), False
    while prefix := SUBJECT_PREFIX.match(title):
        is_answer = is_answer or bool(prefix["answered"])
        title = title[prefix.end() :]
    return title, is_answer


def kind_of(title: str) -> str:
    """The kind of a topic with this title: a question when it ends with a question mark, else an experience."""
    end = title.rstrip(AFTER_QUESTION_MARK)
    is_question = end.endswith(QUESTION_MARKS) or bool(GREEK_QUESTION_MARK.search(end))
    return "question" if is_question else "experience"


def extract_text(text: str) -> str:
    """The new text in a message: all of it but the signature, with what is forwarded in it.

    Of the head of a forwarded message who wrote it and when stay, without e-mail addresses.
    """
    lines = [line.rstrip("\r") for line in text[:MAX_TEXT].split("\n")]
    return "\n".join(_without_heads(_without_signature(lines))).strip()


def _without_signature(lines: list[str]) -> list[str]:
    """The lines without the first signature, which ends where a forwarded or quoted message begins, or the text does."""
    start = next((number for number, line in enumerate(lines) if line in ("-- ", "--")), None)
    if start is None:
        return lines
    ends = (n for n in range(start + 1, len(lines)) if _begins_another(lines[n : n + 6]))
    return lines[:start] + lines[next(ends, len(lines)) :]


def _begins_another(lines: list[str]) -> bool:
    """Whether a forwarded or quoted message begins with these lines."""
    first = lines[0][:200]
    return first.startswith(">") or bool(DIVIDER_LINE.match(first)) or _is_forwarded_head(lines)


def _without_heads(lines: list[str]) -> list[str]:
    """The lines in which heads of forwarded messages, and introductions of quotations, name people without their addresses."""
    kept, is_head = [], False
    for number, line in enumerate(lines):
        if begins := _is_forwarded_head(lines[number : number + 6]):
            is_head = True
        elif is_head:
            is_head = bool(HEADER_FIELD.match(line[:80])) or "@" in line or line[:1].isspace()
        if begins or (not is_head and line.rstrip().endswith((":", "："))):
            kept.append(NAMED_ADDRESS.sub("", line) if "@" in line else line)
        elif not is_head or ("@" not in line and DATE.search(line)):
            kept.append(line)
    return kept


def extract_answer(text: str) -> str:
    """The answer in a message, without the quoted letter below it and the signature.

    It works line by line, in linear time. Quoted lines that are followed by an answer stay.
    """
    lines = [line.rstrip("\r") for line in text[:MAX_TEXT].split("\n")]
    own = _without_quote(_without_letter(lines))
    if len(own) < len(lines):
        own = _without_introduction(own)
    text = SIGNATURE.split("\n".join(own) + "\n", maxsplit=1)[0]
    return text.strip()


def _without_letter(lines: list[str]) -> list[str]:
    """The lines above the separator with which letters begin, or above the header of a forwarded letter."""
    for number, line in enumerate(lines):
        if SEPARATOR_LINE.match(line[:200]) or _is_forwarded_head(lines[number : number + 6]):
            return lines[:number]
    return lines


def _is_forwarded_head(lines: list[str]) -> bool:
    """Whether the lines begin with the header of a letter, as some programs put it above a quotation."""
    return (
        bool(lines)
        and bool(FROM_LINE.match(lines[0][:80]))
        and sum(bool(HEADER_FIELD.match(line[:80])) for line in lines) >= 3
    )


def _without_quote(lines: list[str]) -> list[str]:
    """The lines without quoted and empty ones at the end."""
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    return lines[:end]


def _without_introduction(lines: list[str]) -> list[str]:
    """The lines without "On Monday Ben wrote:" at the end, in any language.

    Such an introduction has one to three lines, ends with a colon and contains a date or an address.
    """
    lines = _without_quote(lines)
    while lines and DIVIDER_LINE.match(lines[-1][:200]):
        lines = _without_quote(lines[:-1])
    start = len(lines)
    while start and lines[start - 1].strip() and len(lines) - start < 3:
        start -= 1
    for first in range(len(lines) - 1, start - 1, -1):
        candidate = " ".join(line[:200] for line in lines[first:])
        is_introduction = candidate.rstrip().endswith((":", "：")) and len(candidate) < 300
        if is_introduction and DATE_OR_ADDRESS.search(candidate):
            if first and lines[first - 1].strip() and not INTRODUCTION_START.match(lines[first]):
                continue  # it may have begun in the line above
            return lines[:first]
    return lines


class _TextExtractor(HTMLParser):
    """Collects the text of HTML, one line per block; quotations begin with `>`, and links are followed by their address."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.depth = 0
        self.link, self.link_start = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.link, self.link_start = dict(attrs).get("href") or "", len(self.words)
            return
        self.depth += tag == "blockquote"
        self._begin_line()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
            return
        self.depth -= tag == "blockquote"
        if tag != "br":
            self._begin_line()

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split("\n")))

    def _begin_line(self) -> None:
        self.words.append("\n" + "> " * min(self.depth, MAX_DEPTH))

    def _end_link(self) -> None:
        words = "".join(self.words[self.link_start :]).strip()
        is_whole = len(self.link) <= MAX_LINK and not re.search(r"[\s<>]", self.link)
        if self.link and words and is_whole and _bare(words) != _bare(self.link):
            self.words.append(f" <{self.link}>")
        self.link = ""


def _bare(link: str) -> str:
    """A link as people write it: without its scheme."""
    return link.removeprefix("https://").removeprefix("http://").rstrip("/")


def _text_of_html(html: str) -> str:
    """The text of an HTML message, without quotations.

    The HTML is sanitised first, because on malformed HTML the parser can take hours.
    """
    return _extracted(
        nh3.clean(html, tags=BLOCK_TAGS, clean_content_tags=DROPPED_TAGS, attributes={})
    )


def _whole_text_of_html(html: str) -> str:
    """The text of an HTML message with its quotations, as such, and the addresses of its links."""
    return _extracted(
        nh3.clean(
            html,
            tags=BLOCK_TAGS | {"a", "blockquote"},
            clean_content_tags=DROPPED_TAGS - {"blockquote"},
            attributes={"a": {"href"}},
            url_schemes={"http", "https"},
            link_rel=None,
        )
    )


def _extracted(html: str) -> str:
    """The text of sanitised HTML, with at most one empty line between others."""
    extractor = _TextExtractor()
    extractor.feed(html)
    extractor.close()
    kept: list[str] = []
    has_gap = False
    for line in map(str.strip, "".join(extractor.words).split("\n")):
        if line.strip("> ") and has_gap and kept:
            kept.append(">" if line[0] == kept[-1][0] == ">" else "")
        if line.strip("> "):
            kept.append(line)
        has_gap = not line.strip("> ")
    return "\n".join(kept)
