"""Rate limits, counted for all processes together: Flask-Limiter with an SQLite storage for `limits`, or with Valkey.

The SQLite file is for one machine; with FORUM_VALKEY_URL several machines count together.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit
from limits import parse
from limits.storage import Storage

from forum.admission import network_of
from forum.settings import Settings
from forum.web import me

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS hit (key TEXT PRIMARY KEY, hits INTEGER, expires REAL) WITHOUT ROWID",
    # By which expired ones are deleted, when a key is added and by the worker
    "CREATE INDEX IF NOT EXISTS hit_expires ON hit (expires)",
)
HIT = """INSERT INTO hit VALUES (:key, :amount, :expires) ON CONFLICT (key) DO UPDATE SET
hits = CASE WHEN hit.expires <= :now THEN :amount ELSE hit.hits + :amount END,
expires = CASE WHEN hit.expires <= :now THEN :expires ELSE hit.expires END RETURNING hits"""

BUSY_SECONDS = 5  # to wait for other processes that are writing to the file

# If Valkey hangs, one request waits so many seconds; then each process counts for itself, as if there were no Valkey.
VALKEY_SECONDS = 0.5


def address() -> str:
    """The address that a request comes from; an IPv6 network of /64 counts as one."""
    return network_of(request.remote_addr or "") or "nowhere"


def _too_much(limit: RequestLimit) -> Response:
    """The response to an exceeded limit: only `Retry-After`, from which `errorpages` makes a page."""
    return Response(
        status=429, headers={"Retry-After": str(max(1, limit.reset_at - int(time.time())))}
    )


# While the storage does not work, each process counts for itself.
limiter = Limiter(
    key_func=address,
    strategy="fixed-window",
    headers_enabled=True,
    in_memory_fallback_enabled=True,
    on_breach=_too_much,
)


def by_person() -> str:
    """The key of a limit per member, whatever their address; visitors are counted by address."""
    person = me()
    return f"address {address()}" if person.id is None else f"member {person.id}"


# Previews, which store nothing, in all views.
previewing = limiter.shared_limit("60 per minute", scope="previewing", key_func=by_person)


# Changes, choices and marks, in all views; new texts have limits of their own.
MAX_CHANGES = "30 per minute; 300 per hour"
changing = limiter.shared_limit(MAX_CHANGES, scope="changing", key_func=by_person, methods=["POST"])


class SQLiteStorage(Storage):
    """Counters in a separate file, which may be lost without harm (`synchronous=OFF`)."""

    STORAGE_SCHEME = ["sqlite"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._path = uri.removeprefix("sqlite:///")
        self._local = threading.local()

    @property
    def base_exceptions(self) -> type[Exception]:
        """The exceptions of this storage when it does not work."""
        return sqlite3.Error

    @property
    def storage(self) -> str:
        """The file, as `flask limiter config` prints it."""
        return self._path

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add `amount` to a counter that expires `expiry` seconds after its first hit; returns its value."""
        now = time.time()
        values = {"key": key, "amount": amount, "now": now, "expires": now + expiry}
        row = self._connection().execute(HIT, values).fetchone()
        if row[0] == amount:
            self.forget_expired(now)
        return int(row[0])

    def forget_expired(self, now: float) -> None:
        """Delete the counters that have expired a minute ago or earlier."""
        self._connection().execute("DELETE FROM hit WHERE expires < ?", (now - 60,))

    def get(self, key: str) -> int:
        """The count of a key; 0 if it has expired."""
        row = self._row(key)
        return int(row[0]) if row else 0

    def get_expiry(self, key: str) -> float:
        """When a key expires, in seconds since the epoch."""
        row = self._row(key)
        return float(row[1]) if row else time.time()

    def check(self) -> bool:
        """Whether the storage works."""
        try:
            return bool(self._connection().execute("SELECT 1").fetchone())
        except sqlite3.Error:
            return False

    def reset(self) -> int | None:
        """Delete all counters; returns how many there were."""
        return self._connection().execute("DELETE FROM hit").rowcount

    def clear(self, key: str) -> None:
        """Delete one counter."""
        self._connection().execute("DELETE FROM hit WHERE key = ?", (key,))

    def _row(self, key: str) -> Any:
        query = "SELECT hits, expires FROM hit WHERE key = ? AND expires > ?"
        return self._connection().execute(query, (key, time.time())).fetchone()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_SECONDS)
            try:
                _write_ahead(connection)
                connection.execute("PRAGMA synchronous=OFF")
                for statement in SCHEMA:
                    connection.execute(statement)
            except sqlite3.Error:
                connection.close()
                raise
            self._local.connection = connection
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Put the file into WAL mode.

    While several connections switch a new file to it, as when workers start together, SQLite refuses some of them at
    once, whatever its timeout.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # Without the bits of SQLite's extended codes
            primary_code = error.sqlite_errorcode & 0xFF
            if primary_code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def init_app(app: Flask, settings: Settings) -> None:
    """Count the requests of an application as its settings say."""
    counters = settings.valkey_url or f"sqlite:///{settings.limits_path}"
    app.config.setdefault("RATELIMIT_STORAGE_URI", counters)
    if settings.valkey_url:
        waits = {"socket_timeout": VALKEY_SECONDS, "socket_connect_timeout": VALKEY_SECONDS}
        app.config.setdefault("RATELIMIT_STORAGE_OPTIONS", waits)
    app.config.setdefault("RATELIMIT_ENABLED", settings.limits)
    limiter.init_app(app)
    # Its messages about single requests contain IP addresses; its warnings about the storage do not.
    limiter.logger = logging.getLogger("forum.limits")
    limiter.logger.setLevel(logging.WARNING)


def is_counting_together() -> bool:
    """Whether the storage works; while it does not, each process counts for itself."""
    return limiter.storage.check()


def counted(limit: str, *names: str) -> int:
    """How often `within_limit` has counted this within the time of the limit; at most the limit, 0 when the storage does not work."""
    if not limiter.enabled:
        return 0
    item = parse(limit)
    try:
        return item.amount - limiter.limiter.get_window_stats(item, *names).remaining
    except limiter.storage.base_exceptions as error:
        _warn_not_counted(error)
        return 0


def forget_count(limit: str, *names: str) -> None:
    """Begin again to count what `within_limit` counts."""
    if not limiter.enabled:
        return
    try:
        limiter.limiter.clear(parse(limit), *names)
    except limiter.storage.base_exceptions as error:
        _warn_not_counted(error)


def within_limit(limit: str, *names: str) -> bool:
    """Count something other than a request, and return whether it is within a limit such as `30/hour`.

    It also returns True when the storage does not work.
    """
    if not limiter.enabled:
        return True
    try:
        return limiter.limiter.hit(parse(limit), *names)
    except limiter.storage.base_exceptions as error:
        _warn_not_counted(error)
        return True


def forget_expired() -> None:
    """Delete expired counters, whose keys contain IP addresses: where nobody comes, none is added that would delete them.

    Valkey deletes its own by itself.
    """
    if not limiter.enabled or not isinstance(limiter.storage, SQLiteStorage):
        return
    try:
        limiter.storage.forget_expired(time.time())
    except limiter.storage.base_exceptions as error:
        _warn_not_counted(error)


def _warn_not_counted(error: BaseException) -> None:
    limiter.logger.warning("not counted, as the counters are out of order: %s", type(error))
