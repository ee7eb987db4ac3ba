"""Reading the environment: what each variable may say. A wrong one raises `WrongSetting`, with a sentence for the operator.

Which settings there are, with meaning and default, is in `settings`.
"""

from __future__ import annotations

import os
import re
import secrets
import time
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import click
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SAWarning
from werkzeug.sansio.utils import host_is_trusted

from forum.lazy import library
from forum.locales import known, tag

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
# The schemes that an address of each kind of server may have, with an example of such an address
VALKEY = dict.fromkeys(("valkey", "valkeys"), "valkey://10.0.0.5:6379/0")
SMTP = dict.fromkeys(("smtp", "smtps"), "smtp://user:password@mail.example.org:587")
IMAP = dict.fromkeys(("imaps", "imap"), "imaps://user:password@mail.example.org/INBOX")
PROVIDER = dict.fromkeys(("https", "http"), "https://id.example.org")
HOST = re.compile(r"\.?[\w.-]+|\[?[0-9a-fA-F:.]+\]?")  # with a leading dot: all its subdomains
# An e-mail address that every mail server accepts: ASCII letters, without quotes and spaces
MAILBOX = re.compile(
    r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*"
)
MAX_PORT = 65_535
MAX_DIGITS = 9  # digits of a number
MAX_AGE = 99  # years
MAX_FILE_MB = 900  # the addresses of files have room for nine digits of bytes
PREFIX = "FORUM_"  # the beginning of the names of all settings
# How similar (0 to 1) an unknown name must be to that of a setting to count as misspelt
MISSPELT = 0.85
MIN_KEY_LENGTH, MIN_KEY_VARIETY = 16, 8  # characters, and different ones among them
# Keys that were examples in earlier versions of docs/scale/interurban.env, so they are public
KNOWN_KEYS = ("one-long-random-word-for-all-servers",)


class WrongSetting(click.ClickException):
    """A setting is invalid; the message says why. As a `ClickException` it ends every command with that sentence."""


class Environment(dict[str, str]):
    """The environment, which records the names that were looked up."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.known: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable, whose name belongs to a setting from now on."""
        self.known.add(name)
        return super().get(name, default)

    def refuse_misspelt(self) -> None:
        """Raise `WrongSetting` for a name that is almost that of a setting, because it would silently have no effect."""
        endings = [name.removeprefix(PREFIX) for name in self.known]
        for name in sorted(
            name for name, value in self.items() if value and name not in self.known
        ):
            close = get_close_matches(name.removeprefix(PREFIX), endings, 1, MISSPELT)
            if close and name.startswith(PREFIX):
                raise WrongSetting(f"{name} is no setting. Did you mean {PREFIX}{close[0]}?")


@contextmanager
def explain_os_errors(data: Path) -> Iterator[None]:
    """Turn an `OSError` inside into a `WrongSetting` that names the file or folder that cannot be used, and why."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        file = Path(error.filename) if isinstance(error.filename, str) else data
        whose = "It has to belong to the user that runs the forum."
        if file != data and os.path.lexists(file):
            raise WrongSetting(f"{file} cannot be used: {why}. {whose}") from error
        words = f"FORUM_DATA is {data}, where nothing can be kept: {why}."
        if isinstance(error, PermissionError):
            words = f"{words} {whose}"
        raise WrongSetting(words) from error


def database_url(url: str) -> str:
    """The address of a database, unchanged."""
    if why := why_no_database(url):
        raise WrongSetting(f"FORUM_DATABASE_URL {why}.")
    return url


def why_no_database(url: str) -> str:
    """Why a database URL is invalid, as the rest of a sentence; empty if it is valid.

    The URL is not repeated, because it may contain a password.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        return "is no address of a database, such as postgresql://forum@127.0.0.1/forum"
    if found.drivername not in DRIVERS:
        return f"begins with {found.drivername}, and can begin with sqlite or postgresql"
    if found.get_backend_name() == "sqlite":
        return _why_no_file(found.database or "") or _why_no_options(found)
    return _why_no_options(found)


def _why_no_file(name: str) -> str:
    if name in ("", ":memory:"):
        return "names no file, such as sqlite:////srv/forum/forum.sqlite"
    file = Path(name.removeprefix("file:"))
    folder = file.parent
    # Flask-SQLAlchemy resolves relative paths differently from the commands that copy the file.
    if not folder.is_absolute():
        return f"names {name} and needs its whole path, with four slashes, such as sqlite:////srv/forum/forum.sqlite"
    try:
        if not folder.is_dir():
            return f"names a file in {folder}, and there is no such folder"
        if file.is_dir():
            return f"names {file}, which is a folder, and needs the name of a file in it"
    except PermissionError:
        return f"names a file in {folder}, which only another user may open"
    return ""


def _why_no_options(url: URL) -> str:
    """Why the options of a database URL are invalid; empty if all are known. Wrong values of theirs fail only on connecting."""
    is_sqlite = url.get_backend_name() == "sqlite"
    others = () if is_sqlite else (library("psycopg").ProgrammingError,)
    try:
        # Warnings about ignored options
        with warnings.catch_warnings(action="error", category=SAWarning):
            _args, options = url.get_dialect()().create_connect_args(url)
        if not is_sqlite:
            library("psycopg.conninfo").make_conninfo(**options)
    except (SAWarning, ArgumentError, ValueError, *others):
        kind = "a SQLite file" if is_sqlite else "PostgreSQL"
        return f"has options behind its question mark that {kind} cannot have"
    return ""


def public_address(written: str) -> str:
    """The address of the forum: scheme, host and perhaps a port, without a path."""
    parts = _parts(written, ("http", "https"))
    if parts is None or not _is_host(parts.hostname or ""):
        words = "and should be an address such as https://dialogue.example.org"
        raise WrongSetting(f"FORUM_URL is {written}, {words}.")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        words = "and should end with the host or its port: a forum has a name of its own"
        raise WrongSetting(
            f"FORUM_URL is {written}, {words}, such as https://dialogue.example.org."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_host(name: str) -> bool:
    """Whether a request for this host can be for the forum, as Werkzeug decides it; never with an IPv6 address."""
    try:
        return host_is_trusted(in_ascii(name), [name])
    except UnicodeError:
        return False


def _parts(written: str, schemes: Collection[str]) -> SplitResult | None:
    """The parts of a URL; None if it has another scheme, no host, or an invalid port."""
    try:
        parts = urlsplit(written)
        is_address = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port
        return None
    return parts if is_address else None


def server(environ: Mapping[str, str], name: str, shapes: Mapping[str, str]) -> str:
    """The address of a server, or "". The error message does not repeat it, because it may contain a password."""
    written = environ.get(name, "")
    if written and _parts(written, shapes) is None:
        raise WrongSetting(f"{name} is no address such as {next(iter(shapes.values()))}.")
    return written


def valkey(environ: Mapping[str, str], name: str) -> str:
    """The address of a Valkey server, or ""; its path may be the number of a database."""
    written = server(environ, name, VALKEY)
    database = urlsplit(written).path.strip("/")
    if database and not (database.isascii() and database.isdecimal()):
        example = next(iter(VALKEY.values()))
        raise WrongSetting(f"{name} ends with {database}, and not as {example}.")
    return written


def chosen_locales(written: str) -> tuple[str, ...]:
    """The named locales, such as `fr pt-BR`, each once; all known ones if none is named."""
    named = [name.replace("-", "_") for name in written.replace(",", " ").split()]
    for name in named:
        if name not in known():
            there_are = " ".join(map(tag, known()))
            raise WrongSetting(
                f"FORUM_LANGUAGES names {tag(name)}, of which there is no translation; there are: {there_are}."
            )
    return tuple(dict.fromkeys(named)) or known()


def switch(environ: Mapping[str, str], name: str, is_usual: bool = False) -> bool:
    """Whether a setting is switched on, by 1 or 0."""
    written = environ.get(name) or str(int(is_usual))
    if written not in ("0", "1"):
        raise WrongSetting(f"{name} is {written}, and should be 1 or 0.")
    return written == "1"


def number(environ: Mapping[str, str], name: str, usual: int) -> int:
    """A whole number, or the usual one."""
    written = environ.get(name) or str(usual)
    if not (written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS):
        raise WrongSetting(f"{name} is {written}, and should be a whole number such as {usual}.")
    return int(written)


def file_mb(megabytes: int) -> int:
    """How many megabytes a file may have: no more than addresses of files have room for."""
    if megabytes > MAX_FILE_MB:
        raise WrongSetting(f"FORUM_FILE_MB is {megabytes}, and should be {MAX_FILE_MB} at most.")
    return megabytes


def age(years: int) -> int:
    """The age from which people may join: one that people reach."""
    if years > MAX_AGE:
        raise WrongSetting(f"FORUM_MINIMUM_AGE is {years}, and should be {MAX_AGE} at most.")
    return years


def metrics(written: str) -> str:
    """The address of the metrics, or ""."""
    if written and not 0 < metrics_address(written)[1] <= MAX_PORT:
        raise WrongSetting(
            f"FORUM_METRICS is {written}, and should be an address such as 127.0.0.1:8001."
        )
    return written


def metrics_address(metrics: str) -> tuple[str, int]:
    """Host and port in FORUM_METRICS; the port is 0 if there is none."""
    host, _colon, port = metrics.rpartition(":")
    return host or "127.0.0.1", int(port) if port.isascii() and port.isdecimal() else 0


def mail_from(written: str, host: str) -> str:
    """The e-mail address of the forum; at its own host if none is named."""
    return mailbox("FORUM_MAIL_FROM", written) or f"forum@{host}"


def mailbox(name: str, written: str) -> str:
    """The e-mail address alone, without a display name and in ASCII; "" if there is none."""
    address = parseaddr(written)[1]
    with suppress(UnicodeError):
        local, at, domain = address.rpartition("@")
        address = f"{local}{at}{in_ascii(domain)}"
    if written and not MAILBOX.fullmatch(address):
        raise WrongSetting(
            f"{name} is {written}, and should be an address such as forum@example.org."
        )
    return address


def in_ascii(name: str) -> str:
    """A host name in the form for mail servers and headers; raises `UnicodeError` if that is impossible."""
    return name.encode("idna").decode("ascii")


def hosts(url: str, further: str) -> tuple[str, ...]:
    """The host names that may be asked for: that of the public address, this machine, and further ones."""
    named = [host.strip().lower() for host in further.split(",") if host.strip()]
    for host in named:
        if not HOST.fullmatch(host):
            words = "and should be a name alone, such as www.example.org, without http:// and port"
            raise WrongSetting(f"FORUM_TRUSTED_HOSTS names {host}, {words}.")
    return tuple(dict.fromkeys([urlsplit(url).hostname or "", "localhost", "127.0.0.1", *named]))


def networks(written: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The named networks, such as `10.0.0.0/8, fd00::/8`; a single address is one, too."""
    named = [network.strip() for network in written.split(",") if network.strip()]
    for network in named:
        try:
            ip_network(network)
        except ValueError as error:
            words = "and should be a network such as 10.0.0.0/8"
            raise WrongSetting(f"FORUM_WEBHOOK_NETWORKS names {network}, {words}.") from error
    return tuple(map(ip_network, named))


def given_key(written: str) -> str:
    """The given key, or "". It is not repeated in messages, because with it one can forge links in e-mails and answers by mail."""
    is_weak = len(written) < MIN_KEY_LENGTH or len(set(written)) < MIN_KEY_VARIETY
    if written and (is_weak or written in KNOWN_KEYS):
        command = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        raise WrongSetting(
            f"FORUM_SECRET_KEY can be guessed: it is that of an old example, or has fewer than {MIN_KEY_LENGTH} characters "
            f"or than {MIN_KEY_VARIETY} different ones. {command} prints a good one. A new key signs everybody out, voids "
            "links in e-mails, and authenticator apps have to be set up again."
        )
    return written


def kept_key(path: Path) -> str:
    """The secret key in a file, which is made if it is missing."""
    with explain_os_errors(path.parent):
        if not path.exists():
            _make_key(path)
        for _wait in range(100):
            if key := path.read_text().strip():
                return key
            time.sleep(0.02)  # another process is about to write it
    raise WrongSetting(f"{path} is empty: delete it, and a new key is made.")


def _make_key(path: Path) -> None:
    # Of processes that start together, the first one creates the key
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
