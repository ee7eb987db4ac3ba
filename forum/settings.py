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
| FORUM_MINIMUM_AGE | the age, in years, from which people may join: whoever joins ticks that they have it, and it is not kept; with 0 nobody is asked | 0 |
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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from forum import environment
from forum.environment import Environment, WrongSetting
from forum.locales import SOURCE

MEGABYTE = 1_000_000


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
    minimum_age: int = 0
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
        name = environment.in_ascii(urlsplit(self.url).hostname or "localhost")
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
    def has_usual_database(self) -> bool:
        """Whether the database is the SQLite file in the data folder, as without FORUM_DATABASE_URL."""
        return self.database_url == _usual_database(self.data, is_demo=self.is_demo)

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


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; creates the data folder and the secret key in it if they are missing.

    Raises `WrongSetting`. An empty variable counts as not set.
    """
    environ = Environment(environ)
    is_demo = environment.switch(environ, "FORUM_DEMO")
    data = Path(environ.get("FORUM_DATA") or "var").absolute()
    with environment.explain_os_errors(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Raises for a user without access to the folder
        had_key = (data / "secret-key").exists()
    url = environment.public_address(
        environ.get("FORUM_URL", "").strip() or "http://127.0.0.1:8000"
    )
    given_key = environment.given_key(environ.get("FORUM_SECRET_KEY", ""))
    made = Settings(
        data=data,
        database_url=environment.database_url(
            environ.get("FORUM_DATABASE_URL") or _usual_database(data, is_demo=is_demo)
        ),
        url=url,
        trusted_hosts=environment.hosts(url, environ.get("FORUM_TRUSTED_HOSTS", "")),
        secret_key=given_key or environment.kept_key(data / "secret-key"),
        has_new_key=not (given_key or had_key),
        has_given_key=bool(given_key),
        is_demo=is_demo,
        is_one_machine=environment.switch(environ, "FORUM_ONE_MACHINE"),
        locales=environment.chosen_locales(environ.get("FORUM_LANGUAGES", "")),
        proxies=environment.number(environ, "FORUM_PROXIES", 0),
        limits=environment.switch(environ, "FORUM_LIMITS", is_usual=True),
        valkey_url=environment.valkey(environ, "FORUM_VALKEY_URL"),
        remembers=True,
        page_cache_mb=environment.number(environ, "FORUM_PAGE_CACHE_MB", 8),
        free_mb=environment.number(environ, "FORUM_FREE_MB", 100),
        pictures_mb=environment.number(environ, "FORUM_PICTURES_MB", 100),
        file_mb=environment.file_mb(environment.number(environ, "FORUM_FILE_MB", 10)),
        minimum_age=environment.age(environment.number(environ, "FORUM_MINIMUM_AGE", 0)),
        pg_dump=environ.get("FORUM_PG_DUMP") or "pg_dump",
        log=environ.get("FORUM_LOG") or "json",
        slow_ms=environment.number(environ, "FORUM_SLOW_MS", 200),
        metrics=environment.metrics(environ.get("FORUM_METRICS", "")),
        smtp_url=environment.server(environ, "FORUM_SMTP_URL", environment.SMTP),
        reply_address=environment.mailbox(
            "FORUM_REPLY_ADDRESS", environ.get("FORUM_REPLY_ADDRESS", "")
        ),
        imap_url=environment.server(environ, "FORUM_IMAP_URL", environment.IMAP),
        oidc_issuer=environment.server(environ, "FORUM_OIDC_ISSUER", environment.PROVIDER),
        oidc_client_id=environ.get("FORUM_OIDC_CLIENT_ID", ""),
        oidc_client_secret=environ.get("FORUM_OIDC_CLIENT_SECRET", ""),
        oidc_name=environ.get("FORUM_OIDC_NAME", ""),
        webhook_networks=environment.networks(environ.get("FORUM_WEBHOOK_NETWORKS", "")),
    )
    made = replace(
        made, mail_from=environment.mail_from(environ.get("FORUM_MAIL_FROM", ""), made.host)
    )
    _refuse_half_a_provider(made)
    environ.refuse_misspelt()
    return made


def _usual_database(data: Path, *, is_demo: bool) -> str:
    return f"sqlite:///{data / ('demo.sqlite' if is_demo else 'forum.sqlite')}"


def _refuse_half_a_provider(made: Settings) -> None:
    names = {"FORUM_OIDC_ISSUER": made.oidc_issuer, "FORUM_OIDC_CLIENT_ID": made.oidc_client_id}
    missing = [name for name, value in names.items() if not value]
    if len(missing) == 1:
        raise WrongSetting(f"{missing[0]} is missing: nobody can sign in with half a provider.")
