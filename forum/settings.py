"""Every setting of the forum, read from the environment: name, meaning and default.

| variable | meaning | default |
|---|---|---|
| FORUM_DEMO | `1` means the demo's own database, marked as a demo on every page | not set |
| FORUM_DATA | folder for the database, the secret key and the counters of the rate limits | `var` |
| FORUM_DATABASE_URL | database, as SQLAlchemy writes it; PostgreSQL is `postgresql://…` | a SQLite file in FORUM_DATA |
| FORUM_ONE_MACHINE | `1` says that nobody on another machine writes to this database, and that all who do have this FORUM_DATA: then kept pages are answered without asking PostgreSQL. SQLite needs no such word | not set |
| FORUM_URL | the public address, such as `https://dialogue.example.org`; links in feeds use it | `http://127.0.0.1:8000` |
| FORUM_TRUSTED_HOSTS | further host names that may be asked for, separated by commas | that of FORUM_URL, localhost |
| FORUM_SECRET_KEY | signs cookies, form tokens and links in e-mails, locks the secrets of apps for codes and of webhooks; a new one signs everybody out, voids links under way, and codes of apps and webhooks fail until they are set up anew; 32 random characters or more are best, fewer than 16 or than 8 different ones are refused | a random key kept in FORUM_DATA/secret-key |
| FORUM_LANGUAGES | the languages of the interface that readers can have, such as `fr en`; the first one is for those whose browser asks for none of them | all that there are, English first |
| FORUM_PROXIES | how many proxies in front of the server set X-Forwarded-For and -Proto | 0 |
| FORUM_PAGE_CACHE_MB | memory of each server process for pages of visitors; 0 keeps none | 8 |
| FORUM_PICTURES_MB | how many megabytes the pictures and files of one member may take; with 0 nobody can add any | 100 |
| FORUM_FILE_MB | how many megabytes a file (PDF, table, document) may have that a member adds to a text, at most 900; with 0 pictures alone can be added | 10 |
| FORUM_FREE_MB | `/readyz` says no when the disk of FORUM_DATA has fewer megabytes left | 100 |
| FORUM_LOG | `json`: a line in JSON for each request, refused factor, received message, mistake and slow statement, on standard error; `plain`: the same in words; `off`: mistakes and slow statements alone, in words | json |
| FORUM_METRICS | address such as `127.0.0.1:8001` at which `flask serve` answers Prometheus; nobody outside should reach it | not set: nothing is counted |
| FORUM_SLOW_MS | statements that take longer, in milliseconds, are written down, without their values | 200 |
| FORUM_PG_DUMP | PostgreSQL's program for backups; `pg_restore` stands beside it | `pg_dump` |
| FORUM_VALKEY_URL | counters of the rate limits for several machines, such as `valkey://10.0.0.5:6379/0` | a file in FORUM_DATA |
| FORUM_SMTP_URL | mail server, such as `smtp://user:password@mail.example.org:587` (with STARTTLS; `?tls=no` without) or `smtps://…:465` | not set: mail is written to FORUM_DATA/mail |
| FORUM_MAIL_FROM | the address that mail comes from | `forum@` and the host of FORUM_URL |
| FORUM_REPLY_ADDRESS | mailbox for answers to e-mails and for topics that members open by e-mail, such as `reply@mail.example.org`; what follows a `+` in its name must reach it, too. Its messages come by `flask mail-in` or FORUM_IMAP_URL | not set: e-mails cannot be answered, and open no topics |
| FORUM_IMAP_URL | where the worker fetches those messages, such as `imaps://user:password@mail.example.org/INBOX` | not set |
| FORUM_OIDC_ISSUER | an OpenID provider with whose accounts people may sign in, such as `https://id.example.org`, as it writes its own name | not set |
| FORUM_OIDC_CLIENT_ID | how the provider knows the forum; there, enter the forum's address with `/sign-in/elsewhere/back` as the way back | not set |
| FORUM_OIDC_CLIENT_SECRET | the secret that belongs to it, if the provider gives one | not set |
| FORUM_OIDC_NAME | what the button calls the provider, as in “Sign in with …” | the host of FORUM_OIDC_ISSUER |
| FORUM_WEBHOOK_NETWORKS | networks besides the public internet to which webhooks may lead, separated by commas, such as `10.0.0.0/8`; there they may use other ports, and HTTP without TLS | not set: none |
| FORUM_LIMITS | `0` switches the rate limits off (for load tests on a closed machine) | 1 |
"""

from __future__ import annotations

import os
import re
import secrets
import time
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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
from forum.locales import SOURCE, known, tag

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
MEGABYTE = 1_000_000
MAX_FILE_MB = 900  # the addresses of files have room for nine digits of bytes
PREFIX = "FORUM_"  # the beginning of the names of all settings
# How similar (0 to 1) an unknown name must be to that of a setting to count as misspelt
MISSPELT = 0.85
MIN_KEY_LENGTH, MIN_KEY_VARIETY = 16, 8  # characters, and different ones among them
# Keys that were examples in earlier versions of docs/scale/interurban.env, so they are public
KNOWN_KEYS = ("one-long-random-word-for-all-servers",)


class WrongSetting(click.ClickException):
    """A setting is invalid; the message says why. As a `ClickException` it ends every command with that sentence."""


@dataclass(frozen=True)
class Settings:
    """The settings of one running forum; see the table at the top of this file."""

    data: Path
    database_url: str
    url: str
    trusted_hosts: tuple[str, ...]
    secret_key: str
    # Whether this process has created the secret key, so nothing was signed with it before
    has_new_key: bool = False
    has_given_key: bool = False  # whether the secret key comes from FORUM_SECRET_KEY
    is_demo: bool = False
    is_one_machine: bool = False
    locales: tuple[str, ...] = (SOURCE,)
    proxies: int = 0
    limits: bool = True
    valkey_url: str = ""
    page_cache_mb: int = 0
    # Whether to cache reads (`versions.cached`), as every running forum does
    remembers: bool = False
    free_mb: int = 100
    pictures_mb: int = 100
    file_mb: int = 10
    pg_dump: str = "pg_dump"
    log: str = "off"
    slow_ms: int = 200
    metrics: str = ""
    smtp_url: str = ""
    mail_from: str = "forum@localhost.localdomain"
    reply_address: str = ""
    imap_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def host(self) -> str:
        """The domain of the forum, for Message-IDs and e-mail addresses; a placeholder if FORUM_URL has none."""
        name = _in_ascii(urlsplit(self.url).hostname or "localhost")
        return (
            name if "." in name and not name.replace(".", "").isdigit() else "localhost.localdomain"
        )

    @property
    def provider_name(self) -> str:
        """The name of the OpenID provider with whose accounts people may sign in; empty if there is none."""
        if not (self.oidc_issuer and self.oidc_client_id):
            return ""
        return self.oidc_name or urlsplit(self.oidc_issuer).hostname or self.oidc_issuer

    @property
    def mail_path(self) -> Path:
        """The folder that mail is written to when there is no mail server."""
        return self.data / "mail"

    @property
    def carried_path(self) -> Path:
        """Where the worker records what a mail server has just accepted, until that is committed."""
        return self.data / ("mail-carried-demo" if self.is_demo else "mail-carried")

    @property
    def own_paths(self) -> tuple[Path, ...]:
        """All files and folders that the forum may create in its data folder, whether they exist or not."""
        names = ("secret-key", "forum.sqlite", "demo.sqlite", "templates")
        further = (self.mail_path, self.carried_path, self.limits_path, self.writelog_path)
        more = (self.pagestore_path, self.metrics_path, self.backed_up_path)
        lives = (self.heartbeat_path, self.serving_path)
        return (*(self.data / name for name in names), *further, *more, *lives)

    @property
    def most_of_pictures(self) -> int:
        """How many bytes the pictures and files of a member may take."""
        return self.pictures_mb * MEGABYTE

    @property
    def most_of_file(self) -> int:
        """How many bytes a file may have that a member adds; 0 where none can be added."""
        return self.file_mb * MEGABYTE if self.pictures_mb else 0

    @property
    def is_https(self) -> bool:
        """Whether people reach the forum by HTTPS, so that cookies can require it."""
        return self.url.startswith("https:")

    @property
    def cookie_prefix(self) -> str:
        """The prefix of cookie names: over HTTPS `__Host-`, with which no other host of the domain can set them."""
        return "__Host-" if self.is_https else ""

    @property
    def limits_path(self) -> Path:
        """The database of the rate limits' counters."""
        return self.data / "limits.sqlite"

    @property
    def writelog_path(self) -> Path:
        """The file by which the processes of one machine tell each other that they write (`writelog`)."""
        return self.data / ("writing-demo" if self.is_demo else "writing")

    @property
    def pagestore_path(self) -> Path:
        """The folder in which the processes of each server share rendered pages (`pagestore`)."""
        return self.data / ("pages-demo" if self.is_demo else "pages")

    @property
    def metrics_path(self) -> Path:
        """The folder with the counters of each process (`metrics`)."""
        return self.data / "metrics"

    @property
    def backed_up_path(self) -> Path:
        """A file that `flask backup` touches when it has made a backup on this machine."""
        return self.data / "backed-up"

    @property
    def heartbeat_path(self) -> Path:
        """A file that the worker touches while it works, so that others can tell that it is running."""
        return self.data / "worker-seen"

    @property
    def serving_path(self) -> Path:
        """A file that each process which answers requests locks, so that others can tell that there is one."""
        return self._serving_path(self.is_demo)

    @property
    def neighbour_serving_path(self) -> Path:
        """That of the demo beside this forum, or of the forum beside this demo."""
        return self._serving_path(not self.is_demo)

    def _serving_path(self, is_demo: bool) -> Path:
        return self.data / ("serving-demo" if is_demo else "serving")


class _Environment(dict[str, str]):
    """The environment, which records the names that were looked up."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.known: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
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


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; creates the data folder and the secret key in it if they are missing.

    Raises `WrongSetting`. An empty variable counts as not set.
    """
    environ = _Environment(environ)
    is_demo = _switch(environ, "FORUM_DEMO")
    data = Path(environ.get("FORUM_DATA") or "var").absolute()
    with explain_os_errors(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Raises for a user without access to the folder
        had_key = (data / "secret-key").exists()
    file = data / ("demo.sqlite" if is_demo else "forum.sqlite")
    url = _address(environ.get("FORUM_URL", "").strip() or "http://127.0.0.1:8000")
    given_key = _secret_key(environ.get("FORUM_SECRET_KEY", ""))
    made = Settings(
        data=data,
        database_url=_database(environ.get("FORUM_DATABASE_URL") or f"sqlite:///{file}"),
        url=url,
        trusted_hosts=_hosts(url, environ.get("FORUM_TRUSTED_HOSTS", "")),
        secret_key=given_key or _kept_secret(data / "secret-key"),
        has_new_key=not (given_key or had_key),
        has_given_key=bool(given_key),
        is_demo=is_demo,
        is_one_machine=_switch(environ, "FORUM_ONE_MACHINE"),
        locales=_locales(environ.get("FORUM_LANGUAGES", "")),
        proxies=_number(environ, "FORUM_PROXIES", 0),
        limits=_switch(environ, "FORUM_LIMITS", is_usual=True),
        valkey_url=_valkey(environ),
        remembers=True,
        page_cache_mb=_number(environ, "FORUM_PAGE_CACHE_MB", 8),
        free_mb=_number(environ, "FORUM_FREE_MB", 100),
        pictures_mb=_number(environ, "FORUM_PICTURES_MB", 100),
        file_mb=_file_mb(_number(environ, "FORUM_FILE_MB", 10)),
        pg_dump=environ.get("FORUM_PG_DUMP") or "pg_dump",
        log=environ.get("FORUM_LOG") or "json",
        slow_ms=_number(environ, "FORUM_SLOW_MS", 200),
        metrics=_metrics(environ.get("FORUM_METRICS", "")),
        smtp_url=_server(environ, "FORUM_SMTP_URL", SMTP),
        reply_address=_mailbox("FORUM_REPLY_ADDRESS", environ.get("FORUM_REPLY_ADDRESS", "")),
        imap_url=_server(environ, "FORUM_IMAP_URL", IMAP),
        oidc_issuer=_server(environ, "FORUM_OIDC_ISSUER", PROVIDER),
        oidc_client_id=environ.get("FORUM_OIDC_CLIENT_ID", ""),
        oidc_client_secret=environ.get("FORUM_OIDC_CLIENT_SECRET", ""),
        oidc_name=environ.get("FORUM_OIDC_NAME", ""),
        webhook_networks=_networks(environ.get("FORUM_WEBHOOK_NETWORKS", "")),
    )
    made = replace(made, mail_from=_mail_from(environ.get("FORUM_MAIL_FROM", ""), made.host))
    _refuse_half_a_provider(made)
    environ.refuse_misspelt()
    return made


def _refuse_half_a_provider(made: Settings) -> None:
    names = {"FORUM_OIDC_ISSUER": made.oidc_issuer, "FORUM_OIDC_CLIENT_ID": made.oidc_client_id}
    missing = [name for name, value in names.items() if not value]
    if len(missing) == 1:
        raise WrongSetting(f"{missing[0]} is missing: nobody can sign in with half a provider.")


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


def _database(url: str) -> str:
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
    folder = Path(name.removeprefix("file:")).parent
    # Flask-SQLAlchemy resolves relative paths differently from the commands that copy the file.
    if not folder.is_absolute():
        return f"names {name} and needs its whole path, with four slashes, such as sqlite:////srv/forum/forum.sqlite"
    try:
        if not folder.is_dir():
            return f"names a file in {folder}, and there is no such folder"
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


def _address(written: str) -> str:
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
        return host_is_trusted(_in_ascii(name), [name])
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


def _server(environ: Mapping[str, str], name: str, shapes: Mapping[str, str]) -> str:
    """The address of a server, or "". The error message does not repeat it, because it may contain a password."""
    written = environ.get(name, "")
    if written and _parts(written, shapes) is None:
        raise WrongSetting(f"{name} is no address such as {next(iter(shapes.values()))}.")
    return written


def _valkey(environ: Mapping[str, str]) -> str:
    """The address of a Valkey server, or ""; its path may be the number of a database."""
    written = _server(environ, "FORUM_VALKEY_URL", VALKEY)
    database = urlsplit(written).path.strip("/")
    if database and not (database.isascii() and database.isdecimal()):
        example = next(iter(VALKEY.values()))
        raise WrongSetting(f"FORUM_VALKEY_URL ends with {database}, and not as {example}.")
    return written


def _locales(written: str) -> tuple[str, ...]:
    """The named locales, such as `fr pt-BR`, each once; all known ones if none is named."""
    named = [name.replace("-", "_") for name in written.replace(",", " ").split()]
    for name in named:
        if name not in known():
            there_are = " ".join(map(tag, known()))
            raise WrongSetting(
                f"FORUM_LANGUAGES names {tag(name)}, of which there is no translation; there are: {there_are}."
            )
    return tuple(dict.fromkeys(named)) or known()


def _switch(environ: Mapping[str, str], name: str, is_usual: bool = False) -> bool:
    written = environ.get(name) or str(int(is_usual))
    if written not in ("0", "1"):
        raise WrongSetting(f"{name} is {written}, and should be 1 or 0.")
    return written == "1"


def _number(environ: Mapping[str, str], name: str, usual: int) -> int:
    written = environ.get(name) or str(usual)
    if not (written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS):
        raise WrongSetting(f"{name} is {written}, and should be a whole number such as {usual}.")
    return int(written)


def _file_mb(number: int) -> int:
    if number > MAX_FILE_MB:
        raise WrongSetting(f"FORUM_FILE_MB is {number}, and should be {MAX_FILE_MB} at most.")
    return number


def _metrics(written: str) -> str:
    if written and not 0 < metrics_address(written)[1] <= MAX_PORT:
        raise WrongSetting(
            f"FORUM_METRICS is {written}, and should be an address such as 127.0.0.1:8001."
        )
    return written


def metrics_address(metrics: str) -> tuple[str, int]:
    """Host and port in FORUM_METRICS; the port is 0 if there is none."""
    host, _colon, port = metrics.rpartition(":")
    return host or "127.0.0.1", int(port) if port.isascii() and port.isdecimal() else 0


def _mail_from(written: str, host: str) -> str:
    return _mailbox("FORUM_MAIL_FROM", written) or f"forum@{host}"


def _mailbox(name: str, written: str) -> str:
    """The e-mail address alone, without a display name and in ASCII; "" if there is none."""
    address = parseaddr(written)[1]
    with suppress(UnicodeError):
        local, at, domain = address.rpartition("@")
        address = f"{local}{at}{_in_ascii(domain)}"
    if written and not MAILBOX.fullmatch(address):
        raise WrongSetting(
            f"{name} is {written}, and should be an address such as forum@example.org."
        )
    return address


def _in_ascii(name: str) -> str:
    """A host name in the form for mail servers and headers; raises `UnicodeError` if that is impossible."""
    return name.encode("idna").decode("ascii")


def _hosts(url: str, further: str) -> tuple[str, ...]:
    named = [host.strip() for host in further.split(",") if host.strip()]
    for host in named:
        if not HOST.fullmatch(host):
            words = "and should be a name alone, such as www.example.org, without http:// and port"
            raise WrongSetting(f"FORUM_TRUSTED_HOSTS names {host}, {words}.")
    return tuple(dict.fromkeys([urlsplit(url).hostname or "", "localhost", "127.0.0.1", *named]))


def _networks(written: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The named networks, such as `10.0.0.0/8, fd00::/8`; a single address is one, too."""
    named = [network.strip() for network in written.split(",") if network.strip()]
    for network in named:
        try:
            ip_network(network)
        except ValueError as error:
            words = "and should be a network such as 10.0.0.0/8"
            raise WrongSetting(f"FORUM_WEBHOOK_NETWORKS names {network}, {words}.") from error
    return tuple(map(ip_network, named))


def _secret_key(written: str) -> str:
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


def _kept_secret(path: Path) -> str:
    with explain_os_errors(path.parent):
        if not path.exists():
            _make_secret(path)
        for _wait in range(100):
            if key := path.read_text().strip():
                return key
            time.sleep(0.02)  # another process is about to write it
    raise WrongSetting(f"{path} is empty: delete it, and a new key is made.")


def _make_secret(path: Path) -> None:
    # Of processes that start together, the first one creates the key
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
