"""Fetching messages from the mailbox of FORUM_IMAP_URL (RFC 9051)."""

from __future__ import annotations

import imaplib
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

SECONDS = 20
MAX_MESSAGES = 20  # in one round
MAX_MESSAGE_BYTES = 2_000_000
PORTS = {"imap": 143, "imaps": 993}
log = logging.getLogger("forum.mail")


@contextmanager
def mailbox(url: str) -> Iterator[Iterator[bytes]]:
    """Some of the unseen messages; each is marked as seen when the next one is requested.

    A message whose handling raises an exception stays unseen, to be tried again. A mailbox that cannot be reached
    yields no messages. Raises `ValueError` if `url` is not the address of a mailbox.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("FORUM_IMAP_URL is imaps://user:password@host/mailbox")
    box: Any = None
    try:
        box = _connect(parts)
    except (OSError, imaplib.IMAP4.error) as error:
        log.warning("the mailbox cannot be reached: %s", error)
    messages = _unseen(box) if box else _none()
    try:
        yield messages
    finally:
        messages.close()
        if box:
            with suppress(OSError, imaplib.IMAP4.error):
                box.logout()


def _none() -> Generator[bytes]:
    yield from ()


def _connect(parts: Any) -> Any:
    kind = imaplib.IMAP4_SSL if parts.scheme == "imaps" else imaplib.IMAP4
    box = kind(parts.hostname, parts.port or PORTS[parts.scheme], timeout=SECONDS)
    box.login(unquote(parts.username or ""), unquote(parts.password or ""))
    name = unquote(parts.path.strip("/")) or "INBOX"
    status, said = box.select(f'"{name}"')
    if status != "OK":
        raise imaplib.IMAP4.error(str(said))
    return box


def _unseen(box: Any) -> Generator[bytes]:
    try:
        _status, found = box.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:MAX_MESSAGES]:
            raw = _message(box, uid)
            if raw:
                yield raw
            box.uid("STORE", uid, "+FLAGS", r"(\Seen)")
    except (OSError, imaplib.IMAP4.error) as error:
        log.warning("the mailbox broke off: %s", error)


def _message(box: Any, uid: bytes) -> bytes:
    """A whole message; empty if it is too large to be a reply."""
    _status, size = box.uid("FETCH", uid, "(RFC822.SIZE)")
    digits = b"".join(part if isinstance(part, bytes) else part[0] for part in size if part)
    number = digits.rpartition(b"RFC822.SIZE ")[2].split(b")")[0].strip()
    if not number.isdigit() or int(number) > MAX_MESSAGE_BYTES:
        log.warning("a message of %s bytes is left out", number.decode("ascii", "replace"))
        return b""
    _status, found = box.uid("FETCH", uid, "(BODY.PEEK[])")
    return next((part[1] for part in found if isinstance(part, tuple)), b"")
