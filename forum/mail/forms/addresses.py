"""The sealed addresses that members and mail servers write to, and whom they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import chain

from forum import tokens
from forum.mail.forms._headers import recipients_of

ADDRESS_KEY = r"(?P<what>[rba])(?P<ids>\d{1,10}(?:-\d{1,10}){1,2})-(?P<seal>[a-z2-7]{16})"
VALID_DAYS = 90


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


def without_ours(text: str, pattern: str) -> str:
    """A text without addresses of the forum's mailbox, which are secret: quoted and forwarded messages name them."""
    local, _at, host = map(re.escape, pattern.partition("@"))
    return re.sub(rf"{local}\+[\w.-]{{1,60}}@{host}", "…", text, flags=re.I) if pattern else text


def key_text(key: AddressKey | TopicKey | None) -> str:
    """A key as text, from which the number of a message is made.

    It must never change, because a message that is delivered again must get the same number.
    """
    if key is None:
        return "None"
    if isinstance(key, TopicKey):
        return f"Topic(member_id={key.member_id}, agenda_id={key.agenda_id})"
    return f"Key(member_id={key.member_id}, post_id={key.post_id}, day={key.day})"


def addressed_key(
    message: EmailMessage, pattern: str, today: int, recipient: str
) -> tuple[str, AddressKey | TopicKey | None]:
    """What the first valid address of the forum among the recipients encodes: its type (r, b, a, or empty) and its key."""
    local, _at, host = map(re.escape, pattern.lower().partition("@"))
    ours = re.compile(rf"(?<![^\s<,:;\"]){local}\+{ADDRESS_KEY}@{host}(?![\w.-])")
    headers = recipients_of(message) if pattern else []
    texts = (recipient, *headers)
    for match in chain.from_iterable(ours.finditer(text.lower()) for text in texts):
        if not tokens.is_sealed(match["what"], match["ids"], match["seal"]):
            continue
        numbers = [int(part) for part in match["ids"].split("-")]
        if match["what"] == "a":
            return "a", TopicKey(*numbers)
        key = AddressKey(numbers[0], numbers[1] if match["what"] == "r" else 0, numbers[-1])
        if 0 <= today - key.day <= VALID_DAYS:
            return match["what"], key
    return "", None
