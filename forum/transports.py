"""How messages are sent: by the mail server of FORUM_SMTP_URL, or into a folder if there is none."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from forum.plaintext import on_one_line

TIMEOUT_SECONDS = 20  # for each step of an SMTP dialogue
PORTS = {"smtp": 587, "smtps": 465}
MESSAGE_TOO_LARGE = 552
# Phrases of servers without enhanced status codes that reject the sender and not the recipient
UNWELCOME = re.compile(r"relay|sender|spam|polic|block|list|denied|access|authenti|tls", re.I)
LOCAL = ("localhost", "127.0.0.1", "::1")


class ServerUnavailable(Exception):
    """The server cannot be reached, or accepts nothing now; try later, because it is not the fault of a single message."""


class Rejected(Exception):
    """The server rejected one message. `is_final`: for good, usually because the address does not exist."""

    def __init__(self, code: int, why: str, is_about_address: bool) -> None:
        super().__init__(f"{code} {why}"[:300])
        self.is_final = code >= 500
        self.is_about_address = self.is_final and is_about_address


class Transport(Protocol):
    """Sends messages, one after the other."""

    def send(self, message: EmailMessage, sender: str, to: str) -> None:
        """Send one; raises `Rejected` or `ServerUnavailable`."""


@dataclass(frozen=True)
class ServerAddress:
    """A mail server as FORUM_SMTP_URL writes it."""

    host: str
    port: int
    user: str
    password: str
    is_wrapped: bool
    needs_tls: bool


def parse_smtp_url(url: str) -> ServerAddress:
    """Parse `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`; `?tls=no` disables encryption.

    Raises `ValueError` for anything else. A server on this machine needs no TLS.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("FORUM_SMTP_URL is smtp://host:port or smtps://host:port")
    is_open = parse_qs(parts.query).get("tls") == ["no"] or parts.hostname in LOCAL
    return ServerAddress(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_wrapped=parts.scheme == "smtps",
        needs_tls=parts.scheme == "smtp" and not is_open,
    )


@contextmanager
def open_transport(smtp_url: str, folder: Path) -> Iterator[Transport]:
    """A transport for some messages; raises `ServerUnavailable` if the server cannot be reached, or its address is invalid."""
    if not smtp_url:
        yield FolderTransport(folder)
        return
    try:
        server = SmtpTransport(parse_smtp_url(smtp_url))
    except ValueError as error:
        raise ServerUnavailable(str(error)) from error
    try:
        yield server
    finally:
        server.close()


class FolderTransport:
    """Writes each message to a file that mail programs can open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage, sender: str, to: str) -> None:
        """Write a message, replacing an earlier copy of it; raises `ServerUnavailable` when the disk is full."""
        name = re.sub(r"[^\w.-]+", "_", message["Message-ID"].partition("@")[0].lstrip("<"))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            part = self.folder / f"{name}.part"
            part.write_bytes(message.as_bytes())
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise ServerUnavailable(str(error)) from error


class SmtpTransport:
    """Sends many messages over one connection to a mail server (RFC 5321)."""

    def __init__(self, address: ServerAddress) -> None:
        self.address = address
        self.smtp = self._connect()

    def send(self, message: EmailMessage, sender: str, to: str) -> None:
        """Send a message; raises `ServerUnavailable` also when the connection breaks."""
        try:
            self.smtp.send_message(message, sender, [to])
        except smtplib.SMTPRecipientsRefused as error:
            raise self._rejection(
                *next(iter(error.recipients.values())), about_address=True
            ) from error
        except smtplib.SMTPSenderRefused as error:
            # It accepts nothing from us, whatever the letter
            if error.smtp_code != MESSAGE_TOO_LARGE:
                raise ServerUnavailable(_words(error)) from error
            raise self._rejection(error.smtp_code, error.smtp_error, about_address=False) from error
        except smtplib.SMTPDataError as error:
            raise self._rejection(error.smtp_code, error.smtp_error, about_address=False) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ServerUnavailable(_words(error)) from error

    def close(self) -> None:
        """End the connection; errors no longer matter."""
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()

    def _rejection(self, code: int, said: bytes | str, *, about_address: bool) -> Exception:
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.rset()
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        words = on_one_line(text)  # without a NUL, which PostgreSQL does not store
        if code == 421:  # the server is about to close the connection (RFC 5321, 3.8)
            return ServerUnavailable(f"{code} {words}")
        return Rejected(code, words, about_address and is_address_unknown(code, words))

    def _connect(self) -> smtplib.SMTP:
        try:
            return self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise ServerUnavailable(_words(error)) from error

    def _open(self) -> smtplib.SMTP:
        where, context = self.address, ssl.create_default_context()
        if where.is_wrapped:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            smtp = smtplib.SMTP(where.host, where.port, timeout=TIMEOUT_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if where.needs_tls:
                smtp.starttls(context=context)
            if where.user:
                smtp.login(where.user, where.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def is_address_unknown(code: int, words: str) -> bool:
    """Whether a rejection says that the mailbox does not exist, and not that the sender is unwelcome (RFC 3463)."""
    enhanced = re.match(r"\s*5\.(\d+)\.(\d+)", words)
    if enhanced:
        return enhanced[1] == "1" or (enhanced[1], enhanced[2]) == ("2", "1")
    return code in (550, 551, 553) and not UNWELCOME.search(words)


def _words(error: Exception) -> str:
    """What went wrong with a server, in the words of it, of the system, or of the library, in this order."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return on_one_line(f"{error.smtp_code} {text}")[:300]
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    why = error.strerror if isinstance(error, OSError) else ""
    return (why or str(error) or type(error).__name__)[:300]
