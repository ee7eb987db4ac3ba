"""E-mail messages (RFC 5322): headers for threads, automatic messages and unsubscribing, and bodies from templates.

A template of `templates/mail` is rendered twice: with the macros of `kit.html` and with those of `kit.txt`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from unicodedata import bidirectional

from flask import current_app
from werkzeug.urls import iri_to_uri

QUOTED_WIDTH = 72  # characters of a quoted line in plain text
QUOTE_MARKS = re.compile(r"^(?:> ?){1,10}")
EMPTY_LINES = re.compile(r"\n{3,}")
# Headers for programs: addresses and ids in angle brackets, each on a line of its own, however long
IN_ANGLES = ("Message-ID", "In-Reply-To", "References", "List-Id", "List-Unsubscribe")
# Begins an encoded word (RFC 2047); one that somebody has typed has to be encoded itself
ENCODED = "=?"
MAX_INDENT = 16  # spaces before a line in HTML: half the width of a small phone
MAX_SUBJECT = 150  # characters; mail programs show half of them
NO_BREAK_SPACE = "\u00a0"
# Invisible, but needed in Persian words and in emoji of several parts
JOINERS = "\u200c\u200d"


class WholeWordsPolicy(EmailPolicy):
    """Encodes a header that is not ASCII as a whole (RFC 2047), because Python's own folding may lose spaces.

    Readers drop white space between two encoded words (section 6.2), and that folding encodes the words of a text one
    by one. It also encodes a word that is longer than a line, but headers for programs must not be encoded.
    """

    def fold(self, name: str, value: Any) -> str:
        """A header in lines, as it is sent."""
        return self._fold_whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """A header in lines, as it is sent, as bytes."""
        folded = self._fold_whole(name, value)
        return folded.encode("ascii") if folded else super().fold_binary(name, value)

    def _fold_whole(self, name: str, value: Any) -> str:
        """A header in encoded words, one of `IN_ANGLES` or a subject in lines; empty for others that are plain ASCII."""
        if name in IN_ANGLES:
            lines = f"{self.linesep} ".join(str(value).split())
            return f"{name}: {lines}{self.linesep}"
        addresses = getattr(value, "addresses", None)
        # In several lines Python leaves out quotation marks around a name, whose commas then separate addresses
        is_safe = addresses is None or '"' not in str(value) or self._is_one_line(name, value)
        if str(value).isascii() and ENCODED not in str(value) and is_safe:
            return self._folded_subject(str(value)) if name == "Subject" else ""
        if addresses is None:
            return f"{name}: {self._encoded(name, str(value))}{self.linesep}"
        people = [
            f"{self._encoded(name, address.display_name)}{self.linesep} <{address.addr_spec}>"
            for address in addresses
        ]
        return f"{name}: {f',{self.linesep} '.join(people)}{self.linesep}"

    def _is_one_line(self, name: str, value: Any) -> bool:
        return len(f"{name}: {value}") <= (self.max_line_length or 0)

    def _folded_subject(self, text: str) -> str:
        """A subject in ASCII, whose first line is never empty: one of 70 characters Python would put below it as a whole."""
        lines = Header(text, "us-ascii", header_name="Subject").encode(linesep=self.linesep)
        return f"Subject: {lines}{self.linesep}"

    def _encoded(self, name: str, text: str) -> str:
        return Header(text, "utf-8", header_name=name).encode(linesep=self.linesep)


POLICY = WholeWordsPolicy(linesep="\r\n")


@dataclass(frozen=True)
class Letter:
    """One message. Its Message-ID is made from `number`, so that it is the same at every attempt.

    `language` is that of our own words in it, for a header. `thread` are the ids (without brackets) of the messages
    it follows, the first one first; `unsubscribe` is the address where one press ends such mail (RFC 8058),
    `list_name` and `reply_to` are left out when empty. Messages that cannot be delivered return to `comes_back_to`.
    """

    number: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime
    sender: str
    sender_name: str
    host: str
    language: str = "en"
    thread: tuple[str, ...] = ()
    unsubscribe: str = ""
    list_name: str = ""
    reply_to: str = ""
    comes_back_to: str = ""


def message(letter: Letter) -> EmailMessage:
    """The message of a letter, in text and HTML."""
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(display_name=one_line(letter.sender_name), addr_spec=letter.sender)
    made["To"] = Address(addr_spec=letter.to)
    made["Subject"] = _literal(_shortened(one_line(letter.subject)))
    made["Date"] = format_datetime(letter.written_at)
    made["Message-ID"] = f"<{letter.number}@{letter.host}>"
    _add_thread_headers(made, letter)
    _add_automation_headers(made, letter)
    made.set_content(letter.text, cte="quoted-printable")
    made.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    # For our own words; a quoted text is marked with its own language. It is set after the content, which would
    # remove it.
    made["Content-Language"] = letter.language
    return made


def one_line(text: str) -> str:
    """A text without line ends and control characters, which could begin another header."""
    return " ".join("".join(c if c.isprintable() or c in JOINERS else " " for c in text).split())


def _shortened(subject: str) -> str:
    return subject if len(subject) <= MAX_SUBJECT else f"{subject[: MAX_SUBJECT - 1].rstrip()}…"


def _literal(text: str) -> str:
    """The value of a header that says just this text: Python decodes what it takes for encoded words, even into line ends."""
    return Header(text, "utf-8").encode(maxlinelen=0) if ENCODED in text else text


def _add_thread_headers(made: EmailMessage, letter: Letter) -> None:
    if letter.thread:
        made["In-Reply-To"] = f"<{letter.thread[-1]}@{letter.host}>"
        made["References"] = " ".join(f"<{name}@{letter.host}>" for name in letter.thread)


def _add_automation_headers(made: EmailMessage, letter: Letter) -> None:
    """Add the headers of an automatic message, so that no holiday reply is sent (RFC 3834), and for unsubscribing."""
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if letter.reply_to:
        made["Reply-To"] = Address(
            display_name=one_line(letter.sender_name), addr_spec=letter.reply_to
        )
    if letter.list_name:
        made["List-Id"] = f"<{letter.list_name}.{letter.host}>"
    if letter.unsubscribe:
        made["List-Unsubscribe"] = f"<{iri_to_uri(letter.unsubscribe)}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def render(kind: str, kit: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """The subject and the body of a letter of a kind, rendered with the macros of a kit (`kit.txt` or `kit.html`)."""
    environment = current_app.jinja_env
    parts: Any = environment.get_template(f"mail/{kit}").make_module(MACRO_TOOLS)
    module: Any = environment.get_template(f"mail/{kind}.txt").make_module({"m": parts, **words})
    body, footer = str(module), str(getattr(module, "footer", ""))
    subject = one_line(str(module.subject))
    frame = parts.frame(
        subject,
        words["forum"],
        words["home"],
        _as_kit_output(body, kit),
        _as_kit_output(footer, kit),
        above=str(getattr(module, "above", "")),
    )
    return subject, EMPTY_LINES.sub("\n\n", str(frame)).strip() + "\n"


def direction(text: str) -> str:
    """The direction of a text by its first letter, `ltr` or `rtl`, because not all mail programs know `dir="auto"`."""
    letters = (bidirectional(character) for character in text)
    first = next((kind for kind in letters if kind in ("L", "R", "AL")), "L")
    return "ltr" if first == "L" else "rtl"


def quoted_lines(text: str) -> Iterator[str]:
    """The lines of a text as plain text quotes them; a line that is a quotation itself keeps its marks where it is wrapped."""
    for line in text.splitlines():
        said = QUOTE_MARKS.sub("", line)
        marks = line.removesuffix(said)
        words = textwrap.wrap(
            said,
            width=QUOTED_WIDTH - len(marks),
            expand_tabs=False,
            replace_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from (f"> {marks}{part}" for part in words or [""])


def indented(line: str) -> str:
    """A line for HTML, which would leave out the spaces at its beginning: code and lists within lists stand apart by them."""
    said = line.lstrip(" \t")
    width = len(line.removesuffix(said).expandtabs(4))
    return NO_BREAK_SPACE * min(width, MAX_INDENT) + said


MACRO_TOOLS = {"direction": direction, "indented": indented, "quoted_lines": quoted_lines}


def _as_kit_output(text: str, kit: str) -> str:
    """The output of a kit's macros: safe if it is HTML, because the macros escape all values."""
    return _SafeHtml(text) if kit == "kit.html" else text


class _SafeHtml(str):
    """HTML that is safe to print."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)
