"""Who carries messages: the mail server of FORUM_SMTP_URL, or a folder when there is none."""

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

SECONDS = 20  # for each step of the talk with a server
PORTS = {"smtp": 587, "smtps": 465}
TOO_LARGE = 552
# What servers say, who give no enhanced code, of a sender that they do not want
UNWELCOME = re.compile(r"relay|sender|spam|polic|block|list|denied|access|authenti|tls", re.I)
LOCAL = ("localhost", "127.0.0.1", "::1")


class Away(Exception):
    """The server cannot be reached, or takes nothing now: what waits is tried later, and none of it is to blame."""


class Returned(Exception):
    """The server did not take one message. `is_final` when it never will: the address does not exist, above all."""

    def __init__(self, code: int, why: str, is_about_address: bool) -> None:
        super().__init__(f"{code} {why}"[:300])
        self.is_final = code >= 500
        self.is_about_address = self.is_final and is_about_address


class Carrier(Protocol):
    """Takes messages, one after the other."""

    def carry(self, message: EmailMessage, sender: str, to: str) -> None:
        """Hand one over; raises `Returned` or `Away`."""


@dataclass(frozen=True)
class ServerAddress:
    """A mail server as FORUM_SMTP_URL writes it."""

    host: str
    port: int
    user: str
    password: str
    is_wrapped: bool
    needs_tls: bool


def parsed(url: str) -> ServerAddress:
    """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`; `?tls=no` talks in the open.

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
def carrier(smtp_url: str, folder: Path, seconds: float = SECONDS) -> Iterator[Carrier]:
    """A carrier for some messages; raises `Away` when the server cannot be talked to, or its address is none."""
    if not smtp_url:
        yield Folder(folder)
        return
    try:
        server = Server(parsed(smtp_url), seconds)
    except ValueError as error:
        raise Away(str(error)) from error
    try:
        yield server
    finally:
        server.close()


class Folder:
    """A folder that keeps each message as a file, to be opened with a mail program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def carry(self, message: EmailMessage, sender: str, to: str) -> None:
        """Write the message; the same one again replaces itself. A full disk is an `Away`."""
        name = re.sub(r"[^\w.-]+", "_", message["Message-ID"].partition("@")[0].lstrip("<"))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            part = self.folder / f"{name}.part"
            part.write_bytes(message.as_bytes())
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise Away(str(error)) from error


class Server:
    """A mail server, talked to over one connection for many messages (RFC 5321)."""

    def __init__(self, address: ServerAddress, seconds: float) -> None:
        self.address = address
        self.seconds = seconds
        self.smtp = self._reach()

    def carry(self, message: EmailMessage, sender: str, to: str) -> None:
        """Hand one message over. A connection that breaks off meanwhile is an `Away`."""
        try:
            self.smtp.send_message(message, sender, [to])
        except smtplib.SMTPRecipientsRefused as error:
            raise self._returned(
                *next(iter(error.recipients.values())), about_address=True
            ) from error
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code != TOO_LARGE:  # it takes nothing of ours, whatever the letter
                raise Away(_words(error)) from error
            raise self._returned(error.smtp_code, error.smtp_error, about_address=False) from error
        except smtplib.SMTPDataError as error:
            raise self._returned(error.smtp_code, error.smtp_error, about_address=False) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Away(_words(error)) from error

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()

    def _returned(self, code: int, said: bytes | str, *, about_address: bool) -> Exception:
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.rset()
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if code == 421:  # the server is about to close (RFC 5321, 3.8)
            return Away(f"{code} {words}")
        return Returned(code, words, about_address and is_address_unknown(code, words))

    def _reach(self) -> smtplib.SMTP:
        try:
            return self._talk()
        except (OSError, smtplib.SMTPException) as error:
            raise Away(_words(error)) from error

    def _talk(self) -> smtplib.SMTP:
        where, context = self.address, ssl.create_default_context()
        if where.is_wrapped:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, timeout=self.seconds, context=context
            )
        else:
            smtp = smtplib.SMTP(where.host, where.port, timeout=self.seconds)
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
    """Whether a refusal says that the mailbox is not there, and not that we are unwelcome (RFC 3463)."""
    enhanced = re.match(r"\s*5\.(\d+)\.(\d+)", words)
    if enhanced:
        return enhanced[1] == "1" or (enhanced[1], enhanced[2]) == ("2", "1")
    return code in (550, 551, 553) and not UNWELCOME.search(words)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
