"""The current versions of scopes, looked up outside of the application, as cheaply as each database allows."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Set
from mmap import PROT_READ, mmap
from pathlib import Path
from queue import Empty, LifoQueue
from struct import unpack_from
from typing import TYPE_CHECKING, Any, LiteralString, Protocol

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from forum.engines import conninfo
from forum.lazy import library
from forum.settings import Settings
from forum.versions import ANY_CHANGE, commit_announcers
from forum.writelog import WriteLog, hash_of, open_log

if TYPE_CHECKING:
    import psycopg

Versions = Mapping[str, int]  # the version numbers of scopes
MAX_PREFETCHED = 200  # versions that are queried together
MAX_RETAINED = 1_000  # versions that are checked one by one after each write
CONNECTIONS, CONNECTION_SECONDS = 4, 2  # to PostgreSQL, and how many seconds to wait for a free one
# The index of SQLite's write-ahead log: its format version, and the size of its header in bytes
WAL_INDEX_VERSION, WAL_INDEX_HEADER = 3_007_000, 48
# In one row, because Python's driver lets other threads run at each, and may wait for them before the next
SQLITE_VERSIONS = (
    "SELECT json_group_object(scope, number) FROM page_version"
    " WHERE scope IN (SELECT value FROM json_each(?))"
)
POSTGRESQL_VERSIONS: LiteralString = "SELECT scope, number FROM page_version WHERE scope = ANY(%s)"
WAIT_FOR_COMMITS: LiteralString = "SELECT number FROM page_version WHERE scope = %s FOR SHARE"
_indexes: dict[tuple[int, int], mmap] = {}
_opening = threading.Lock()


class VersionSource(Protocol):
    """Where the current versions of scopes can be looked up, outside of the application and its sessions."""

    @property
    def error(self) -> type[Exception]:
        """The exception class that is raised when the database does not answer."""

    def stamp(self) -> Any:
        """A value that stays the same until somebody writes; None if there is no cheap one."""

    def changed_between(self, before: Any, after: Any) -> Set[int] | None:
        """The hashes (`writelog.hash_of`) of all scopes touched between two stamps; None if they are not all known."""

    def versions(self, scopes: Iterable[str]) -> Versions:
        """The current versions of these scopes; scopes that were never touched are left out."""


class SqliteVersions:
    """Versions in an SQLite file, whose stamp is SQLite's own."""

    error: type[Exception] = sqlite3.Error

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        self.index: mmap | None = None

    def stamp(self) -> Any:
        """The header of the write-ahead log's index; without one, `data_version`, which counts commits by others."""
        if self.index is not None:
            return self.index[:WAL_INDEX_HEADER]
        with self.lock:
            version = self._execute("PRAGMA data_version").fetchone()[0]
            # Only after a query does this connection keep the index open, so that it is not deleted.
            if self._execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                self.index = _wal_index(self.path)
            return version

    def changed_between(self, _before: Any, _after: Any) -> None:
        """Unknown on SQLite, where a query costs little."""

    def versions(self, scopes: Iterable[str]) -> Versions:
        """The present versions."""
        with self.lock:
            (found,) = self._execute(SQLITE_VERSIONS, (json.dumps(list(scopes)),)).fetchone()
        versions: Versions = json.loads(found)
        return versions

    def _execute(self, query: str, values: tuple[str, ...] = ()) -> sqlite3.Cursor:
        if self.connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only=1")
            self.connection = connection
        return self.connection.execute(query, values)


def _wal_index(path: str) -> mmap | None:
    """The header of the index of SQLite's write-ahead log, which a commit changes as its last step; None if there is none.

    SQLite itself compares these bytes to know whether it has to read again, and `PRAGMA data_version` tells the
    result; comparing them here costs a twentieth and takes no lock (https://sqlite.org/walformat.html, 2.1). The
    index exists as long as any connection is open. It is opened once and never closed: closing it would release the
    locks that SQLite holds on it, because they belong to the process (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    file = Path(f"{os.path.realpath(path)}-shm")
    with _opening:
        try:
            status = file.stat()
            identity = (status.st_dev, status.st_ino)
            if identity not in _indexes:
                _indexes[identity] = mmap(
                    os.open(file, os.O_RDONLY), WAL_INDEX_HEADER, prot=PROT_READ
                )
        except (OSError, ValueError):
            return None
        is_known = unpack_from("=I", _indexes[identity])[0] == WAL_INDEX_VERSION
        return _indexes[identity] if is_known else None


class PostgresqlVersions:
    """Versions in PostgreSQL, queried over a few connections of its own, at each hit unless there is a write log."""

    def __init__(self, url: URL) -> None:
        self.write_log: WriteLog | None = None
        self.driver = library("psycopg")
        self.error: type[Exception] = self.driver.Error
        self.conninfo = conninfo(url)
        self.free: LifoQueue[psycopg.Connection[Any] | None] = LifoQueue()
        for _connection in range(CONNECTIONS):
            self.free.put(None)

    def stamp(self) -> bytes | None:
        """The stamp of the write log, if there is one; PostgreSQL has none of its own."""
        return self.write_log.stamp() if self.write_log else None

    def changed_between(self, before: bytes, after: bytes) -> Set[int] | None:
        """What the write log tells."""
        return self.write_log.changed_between(before, after) if self.write_log else None

    def versions(self, scopes: Iterable[str]) -> Versions:
        """The present versions."""
        return dict(self._fetch(POSTGRESQL_VERSIONS, list(scopes)))

    def wait_for_commits(self) -> bool:
        """Wait until all commits that have begun are over: an action locks the row of `ANY_CHANGE` until it has committed.

        Returns whether they are over.
        """
        try:
            self._fetch(WAIT_FOR_COMMITS, ANY_CHANGE)
        except (self.error, Empty):
            return False
        return True

    def _fetch(self, query: LiteralString, value: Any) -> list[Any]:
        connection = self.free.get(timeout=CONNECTION_SECONDS)
        try:
            if connection is None:
                connection = self.driver.connect(
                    self.conninfo, autocommit=True, prepare_threshold=0, connect_timeout=5
                )
                connection.execute("SET lock_timeout = '2s'")
            rows = connection.execute(query, (value,)).fetchall()
        except BaseException:
            self.free.put(None)
            raise
        self.free.put(connection)
        return rows


def version_source(engine: Engine) -> SqliteVersions | PostgresqlVersions:
    """Where the versions in an engine's database are looked up."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return SqliteVersions(engine.url.database)
    return PostgresqlVersions(engine.url)


def use_write_log(source: PostgresqlVersions, engine: Engine, settings: Settings) -> None:
    """Announce commits in the write log if a process of this machine reads it; read it if no other machine writes.

    Commands are not told that there is only one machine: they announce when they find the server's file.
    """
    if settings.is_one_machine or settings.writelog_path.exists():
        log = open_log(settings.writelog_path.resolve())
        log.wait_for_commits = source.wait_for_commits
        commit_announcers[engine] = log.announce
        source.write_log = log if settings.is_one_machine else None


class VersionCache:
    """The versions that a process knows, queried once for as long as nobody writes.

    After a write, versions that it has not changed are still known if the source can tell which scopes have changed.
    Otherwise the first request queries its own scopes together with those that were asked for most recently: their
    pages will probably be read next, and two hundred versions cost hardly more than one.
    """

    def __init__(self, source: VersionSource) -> None:
        self.source = source
        # A stamp, and the versions at that stamp
        self._known: tuple[Any, dict[str, int | None]] = (None, {})

    def current(self, scopes: Iterable[str]) -> Versions | None:
        """The current versions of these scopes, without those never touched; None if the database does not answer."""
        try:
            return self.versions(scopes, self.source.stamp())
        except (self.source.error, Empty):
            return None

    def versions(self, scopes: Iterable[str], stamp: Any) -> Versions:
        """The present versions of these scopes, given the source's present stamp; raises the source's error or `Empty`."""
        if stamp is None:
            return self.source.versions(scopes)
        known_at, known = self._known
        prefetched: list[str] = []
        if known_at != stamp:
            unchanged = self._unchanged(known_at, stamp, known)
            if unchanged is None:
                prefetched, known = list(known)[-MAX_PREFETCHED:], {}
            else:
                known = unchanged
                self._known = stamp, unchanged
        if unknown := [scope for scope in scopes if scope not in known]:
            wanted = dict.fromkeys((*prefetched, *unknown))
            found = self.source.versions(wanted)
            # Somebody has written: the known versions may be older
            if self.source.stamp() != stamp:
                return self.source.versions(scopes)
            known.update((scope, found.get(scope)) for scope in wanted)
            self._known = stamp, known
        return {scope: number for scope in scopes if (number := known[scope]) is not None}

    def _unchanged(
        self, before: Any, after: Any, known: Mapping[str, int | None]
    ) -> dict[str, int | None] | None:
        """Those of the versions known at one stamp that are the same at another; None if the source cannot tell."""
        changed = self.source.changed_between(before, after) if before is not None else None
        if changed is None:
            return None
        latest = list(known)[-MAX_RETAINED:]
        return {scope: known[scope] for scope in latest if hash_of(scope) not in changed}
