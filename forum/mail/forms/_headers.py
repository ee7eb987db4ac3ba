"""The headers of a message, of which anybody may have written any."""

from __future__ import annotations

import re
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import getaddresses

MAX_HEADER = 500  # characters of a header that is parsed
MAX_SUBJECT = 3_000  # the longest title, each of its characters as four bytes in quoted-printable
MAX_RECIPIENT_HEADERS = 50
RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
# What an address is not looked for in, from left to right: a quoted name, and a comment without another one inside
ASIDE = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)', re.DOTALL)
WITH_AT = re.compile(r"[^\s<>,:;@]*@[^\s<>,:;]*")  # an address as far as any parser may take it
# Exceptions that parsing a hostile header may raise
HEADER_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)


class _TruncatingPolicy(EmailPolicy):
    """Truncates long headers: parsing one takes quadratic time, and anybody can send it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of a header; headers with recipients stay complete, because they are searched and not parsed."""
        name, text = super().header_source_parse(sourcelines)
        if name.lower() in RECIPIENT_HEADERS or len(text) <= MAX_HEADER:
            return name, text
        if name.lower() == "subject":
            return name, text[:MAX_SUBJECT]
        if name.lower() == "from":
            return name, ""  # another sender may stand in what would be cut
        start = text[:MAX_HEADER]
        return name, start.rpartition(";")[0] or start  # cut between parameters, if there are any


POLICY = _TruncatingPolicy()


def recipients_of(message: EmailMessage) -> list[str]:
    """The unparsed values of headers that name recipients, the most reliable first."""
    raw = [(name.lower(), str(text)) for name, text in message.raw_items()]
    return [text for wanted in RECIPIENT_HEADERS for name, text in raw if name == wanted][
        :MAX_RECIPIENT_HEADERS
    ]


def header_of(message: Message, name: str) -> str:
    """The first header with a name; empty when there is none, or it cannot be parsed."""
    try:
        return str(message.get(name, ""))
    except HEADER_ERRORS:
        return ""


def sender_of(message: EmailMessage) -> str:
    """The address that a message is from; empty unless it names exactly one.

    Mail servers that check senders may have checked the other one.
    """
    written = [str(text) for name, text in message.raw_items() if name.lower() == "from"]
    addresses = [address for _name, address in getaddresses([header_of(message, "From")])]
    if len(written) != 1 or len(addresses) != 1:
        return ""
    sender = addresses[0].strip().lower()
    return sender if _is_only_address(sender, written[0].lower()) else ""


def _is_only_address(address: str, header: str) -> bool:
    """Whether a header names this address and no other, even as a name without quotation marks, which parsers may take for it."""
    bare = ASIDE.sub(" ", header)
    return {*WITH_AT.findall(bare)} == {address} and not any(sign in bare for sign in '"()')
