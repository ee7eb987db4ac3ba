"""Pages for visitors, rendered once after each change: the outermost WSGI layer of the forum.

A page is kept in the process, in each content encoding that was asked for, with the versions of the scopes that it depends
on (`db.touches`). At each hit the present versions are looked up, so that a page is never outdated and never expires by
time: once a write has returned, nobody is sent the page from before it. On SQLite one look at shared memory shows that
nobody has written at all. On PostgreSQL the versions are queried, unless this machine is the only one that writes: then its
processes tell each other (`writelog`). What one process has rendered anew its neighbours take over (`pagestore`). Pages of
members, forms, and whatever sets a cookie are never kept.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from mmap import PROT_READ, mmap
from pathlib import Path
from queue import Empty, LifoQueue
from struct import unpack_from
from time import monotonic
from typing import TYPE_CHECKING, Any, LiteralString, Protocol

import brotli
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from werkzeug.http import parse_accept_header
from werkzeug.sansio.http import parse_cookie  # which `request.cookies` uses, too

from forum import metrics
from forum.db import db
from forum.engines import conninfo
from forum.lazy import library
from forum.pagestore import PageStore, StoredPage, open_store
from forum.settings import Settings
from forum.versions import ANY_CHANGE, EVERYTHING, ReadCache, commit_announcers
from forum.writelog import WriteLog, hash_of, open_log

if TYPE_CHECKING:
    import psycopg

Versions = Mapping[str, int]  # the version numbers of scopes
Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Key = tuple[str, ...]
Application = Callable[[Environ, Any], Iterable[bytes]]
DEPENDS_ON = "forum.depends_on"  # the key in a WSGI environment for the scopes of a page
THEMES = ("light", "dark")
# Left to whoever sends the page, as is its date (RFC 9110, 6.6.1)
UNCACHED_HEADERS = {"X-Request-Id", "Content-Length", "ETag", "Date"}
CONDITIONAL_HEADERS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"}
COMPRESSIBLE_TYPES = (
    "text/",
    "application/atom+xml",
    "application/xml",
    "application/json",
    "image/svg+xml",
)
MIN_COMPRESSED_BYTES = 600  # a smaller body is sent as it is
MAX_CACHED_BYTES = 1_000_000
DECOMPRESSORS = {"br": brotli.decompress, "gzip": gzip.decompress}
MAX_KEY_LENGTH = 2_000  # characters; a page with a longer address is never kept
MAX_ACCEPT_LENGTH = 200  # characters of a header that says which encodings a browser reads
MAX_UNCACHEABLE = 10_000  # addresses of which it is remembered that they are not kept
MAX_PREFETCHED = 200  # versions that are queried together
MAX_RETAINED = 1_000  # versions that are looked through after each write
READ_CACHE_SIZE = 300  # values such as the posts of a page
JOIN_SECONDS = 10  # how long to wait for a page that another request is rendering
CONNECTIONS, CONNECTION_SECONDS = 4, 2  # to PostgreSQL, and how long to wait for a free one
# The index of SQLite's write-ahead log: its format version, and the size of its header in bytes
WAL_INDEX_VERSION, WAL_INDEX_HEADER = 3_007_000, 48
SQLITE_VERSIONS = (
    "SELECT scope, number FROM page_version WHERE scope IN (SELECT value FROM json_each(?))"
)
POSTGRESQL_VERSIONS: LiteralString = "SELECT scope, number FROM page_version WHERE scope = ANY(%s)"
WAIT_FOR_COMMITS: LiteralString = "SELECT number FROM page_version WHERE scope = %s FOR SHARE"

_indexes: dict[tuple[int, int], mmap] = {}
_opening = threading.Lock()


class VersionSource(Protocol):
    """Where the present versions of scopes can be looked up, past the application and its sessions."""

    @property
    def error(self) -> type[Exception]:
        """The exception class that is raised when the database does not answer."""

    def stamp(self) -> Any:
        """A value that stays the same until somebody writes; None if nothing tells that cheaply."""

    def changed_between(self, before: Any, after: Any) -> Set[int] | None:
        """The hashes (`writelog.hash_of`) of all scopes touched between two stamps; None if they are not all known."""

    def versions(self, scopes: Iterable[str]) -> Versions:
        """The present versions of these scopes, without those that nobody has touched yet."""


class SqliteVersions:
    """Versions in an SQLite file, whose stamp is SQLite's own."""

    error: type[Exception] = sqlite3.Error

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        self.index: mmap | None = None

    def stamp(self) -> Any:
        """The header of the index of the write-ahead log; without one, the count of others' commits (`data_version`)."""
        if self.index is not None:
            return self.index[:WAL_INDEX_HEADER]
        with self.lock:
            version = self._execute("PRAGMA data_version").fetchone()[0]
            # Only after a query does this connection hold the index open, so that nobody can delete it.
            if self._execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                self.index = _wal_index(self.path)
            return version

    def changed_between(self, _before: Any, _after: Any) -> None:
        """Unknown on SQLite, where a query costs little."""

    def versions(self, scopes: Iterable[str]) -> Versions:
        """The present versions."""
        with self.lock:
            return dict(self._execute(SQLITE_VERSIONS, (json.dumps(list(scopes)),)).fetchall())

    def _execute(self, query: str, values: tuple[str, ...] = ()) -> sqlite3.Cursor:
        if self.connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only=1")
            self.connection = connection
        return self.connection.execute(query, values)


def _wal_index(path: str) -> mmap | None:
    """The header of the index of SQLite's write-ahead log, which a commit changes as its last step; None if there is none.

    SQLite itself compares these bytes to learn whether it has to read again, and `PRAGMA data_version` tells what it found;
    to compare them here costs a twentieth and takes no lock (https://sqlite.org/walformat.html, 2.1). The index exists as
    long as any connection is open. It is opened once and never closed: closing it would release the locks that SQLite holds
    on it, which belong to the process (https://sqlite.org/howtocorrupt.html, 2.2).
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
    """Versions in PostgreSQL, queried over a few connections of their own, at each hit unless there is a write log."""

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
        """Wait until all commits that were begun are over: an action locks the row of `ANY_CHANGE` until it has committed.

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


def init_app(app: Flask, settings: Settings) -> None:
    """Wrap a complete application in a page cache, if the settings give it memory (`page_cache_mb`).

    Apart from that, `settings.remembers` says whether the application caches what it reads (`db.cached`).
    """
    with app.app_context():
        source = version_source(db.engine)
        if isinstance(source, PostgresqlVersions):
            _use_write_log(source, db.engine, settings)
    versions = VersionCache(source)
    if settings.remembers:
        app.extensions["current_versions"] = versions.current
        app.extensions["read_cache"] = ReadCache(versions.current, READ_CACHE_SIZE)
    if settings.page_cache_mb:
        store = open_store(settings.pagestore_path)
        layer = PageCache(app.wsgi_app, versions, settings.page_cache_mb, store)
        layer.session_cookie = f"{settings.cookie_prefix}session"
        layer.theme_cookie = f"{settings.cookie_prefix}theme"
        app.wsgi_app = layer  # type: ignore[method-assign]  # as Flask documents it


def version_source(engine: Engine) -> SqliteVersions | PostgresqlVersions:
    """Where the versions in an engine's database are looked up."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return SqliteVersions(engine.url.database)
    return PostgresqlVersions(engine.url)


def _use_write_log(source: PostgresqlVersions, engine: Engine, settings: Settings) -> None:
    """Announce commits in the write log as soon as any process of this machine reads it; read it if no other machine writes.

    Commands, which are not told that there is only one machine, find the file of the server.
    """
    if settings.is_one_machine or settings.writelog_path.exists():
        log = open_log(settings.writelog_path.resolve())
        log.wait_for_commits = source.wait_for_commits
        commit_announcers[engine] = log.announce
        source.write_log = log if settings.is_one_machine else None


class VersionCache:
    """The versions that a process knows, queried once for as long as nobody writes.

    After a write the versions that it has not changed are still known, if the source tells which those are. Otherwise the
    first request queries its own together with those that were asked for lately: they are of the pages that will most
    likely be read next, and two hundred versions cost hardly more than one.
    """

    def __init__(self, source: VersionSource) -> None:
        self.source = source
        self._known: tuple[Any, dict[str, int | None]] = (
            None,
            {},
        )  # a stamp, versions at that stamp

    def current(self, scopes: Iterable[str]) -> Versions | None:
        """The present versions of these scopes, without those that nobody has touched; None if the database is away."""
        try:
            return self.versions(scopes, self.source.stamp())
        except (self.source.error, Empty):
            return None

    def versions(self, scopes: Iterable[str], stamp: Any) -> Versions:
        """The same, given the source's present stamp; raises the source's error or `Empty`."""
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
            if self.source.stamp() != stamp:  # somebody has written: the known ones may be older
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


@dataclass
class CachedPage:
    """A page as it is sent, and what it depends on.

    It was valid at `stamp`. `is_own` is true of a page (not a file) that this process has rendered. `was_read` says whether
    it was sent since it last came up for eviction. `body` is the content without an encoding until it is kept in one: a
    page takes a quarter of the memory then, and hardly anybody asks for it without.
    """

    headers: Headers
    body: bytes | None
    etag: str = ""
    scopes: tuple[str, ...] = ()
    versions: Versions = field(default_factory=dict)
    stamp: Any = None
    is_own: bool = False
    was_read: bool = False
    counted: int = 0  # of its size in that of the cache
    encoded: dict[str, tuple[Headers, bytes]] = field(default_factory=dict)

    def in_encoding(self, encoding: str) -> tuple[Headers, bytes]:
        """Headers and body in a content encoding, compressed when it is first asked for."""
        if encoding not in self.encoded:
            made = _compressed(self.headers, self._whole(), encoding, is_thorough=True)
            self.encoded[encoding] = made
            self.body = None  # from now on `_whole` finds it in an encoding
        return self.encoded[encoding]

    def _whole(self) -> bytes:
        body = self.body  # which another thread may set to None meanwhile
        if body is not None:
            return body
        (headers, body), *_others = (
            self.encoded.values()
        )  # in one step: a thread may add one meanwhile
        decompress = DECOMPRESSORS.get(dict(headers).get("Content-Encoding", ""))
        return decompress(body) if decompress else body

    def to_store(self) -> StoredPage:
        """The page for the other processes; one that was sent, and so is kept in an encoding."""
        return StoredPage(self.headers, self.etag, self.scopes, self.versions, dict(self.encoded))

    @classmethod
    def from_store(cls, page: StoredPage, stamp: Any) -> CachedPage:
        """A page of another process that is valid at a stamp."""
        fields = (page.headers, None, page.etag, page.scopes, page.versions)
        return cls(*fields, stamp, encoded=page.encoded)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes in all its encodings."""
        bodies = [self.body or b"", *(body for _headers, body in [*self.encoded.values()])]
        # What is not compressed is the same object for each encoding
        return sum(len(body) for body in {id(body): body for body in bodies}.values()) + 1_000


@dataclass
class Rendering:
    """A page that a request is rendering: the number of the last write before that, and the page if it may be kept."""

    done: threading.Event = field(default_factory=threading.Event)
    last_write: int = 0
    page: CachedPage | None = None


class PageCache:
    """Answers visitors from memory, and asks the application for pages that are missing or outdated."""

    def __init__(
        self,
        application: Application,
        versions: VersionCache,
        megabytes: int,
        store: PageStore | None = None,
    ) -> None:
        self.application = application
        self.store = store
        self.session_cookie, self.theme_cookie = "session", "theme"
        self.versions, self.source = versions, versions.source
        self.max_bytes = megabytes * 1_000_000
        self.size = 0
        self.pages: OrderedDict[Key, CachedPage] = OrderedDict()
        self.uncacheable: OrderedDict[int, None] = OrderedDict()  # hashes of keys
        self.lock = threading.Lock()
        self.renderings: dict[Key, Rendering] = {}

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request (WSGI)."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        cookies = parse_cookie(environ.get("HTTP_COOKIE"))
        theme = cookies.get(self.theme_cookie, "")
        key = (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", ""),
            theme if theme in THEMES else "",
        )
        if self.session_cookie in cookies or _length(key) > MAX_KEY_LENGTH:
            # The application is asked for the whole page even for HEAD, so that its length is known.
            as_get = environ | {"REQUEST_METHOD": "GET"}
            return CapturedResponse(self.application, as_get).send(environ, start_response)
        try:
            return self._answer(key, environ, start_response)
        except (self.source.error, Empty):  # the application has a page for that
            return self.application(environ, start_response)

    def _answer(self, key: Key, environ: Environ, start_response: Any) -> Iterable[bytes]:
        page = self.pages.get(key)
        if page and self._is_valid(page):
            return self._send_hit(key, page, environ, start_response)
        came_at, until = None, monotonic() + JOIN_SECONDS
        while True:
            rendering, is_own = self._join(key)
            if is_own:
                return self._render(key, rendering, environ, start_response)
            came_at = self._last_write() if came_at is None else came_at
            rendering.done.wait(max(0.0, until - monotonic()))
            if page := self._rendered_since(came_at, key, rendering):
                return self._send_hit(key, page, environ, start_response)
            if rendering.page is None or monotonic() > until:  # it cannot be shared, or takes long
                return self._render(key, Rendering(), environ, start_response)

    def _is_valid(self, page: CachedPage) -> bool:
        """Whether nothing that the page depends on has changed since it was rendered."""
        if not page.scopes:
            return True  # a file whose address changes with its content
        stamp = self.source.stamp()
        if stamp is not None and stamp == page.stamp:
            return True
        if self.versions.versions(page.scopes, stamp) != page.versions:
            return False
        page.stamp = stamp
        return True

    def _last_write(self) -> int:
        """The number of the last action that changed anything for visitors; they are numbered in their order."""
        return self.versions.versions((ANY_CHANGE,), self.source.stamp()).get(ANY_CHANGE, 0)

    def _join(self, key: Key) -> tuple[Rendering, bool]:
        """The rendering of a page to wait for and false; or if there is none, a new one and true."""
        with self.lock:
            rendering = self.renderings.get(key)
            if rendering and hash(key) not in self.uncacheable:
                return rendering, False
            rendering = self.renderings[key] = Rendering()
            return rendering, True

    def _rendered_since(self, came_at: int, key: Key, rendering: Rendering) -> CachedPage | None:
        """The page that another request has rendered, if it may answer one that came after the write `came_at`; else None.

        It may if it is valid now. Where many people write, a page can be outdated before it is sent. It may then still
        answer requests that came before the write that it lacks, and none that came after it.
        """
        page = self.pages.get(key)
        if page and self._is_valid(page):
            return page
        return rendering.page if rendering.last_write >= came_at else None

    def _render(
        self, key: Key, rendering: Rendering, environ: Environ, start_response: Any
    ) -> Iterable[bytes]:
        """Answer with a new page, wake those who wait for it, and share it with the other processes."""
        earlier = self.pages.get(key)
        try:
            sent = self._take_or_render(key, earlier, rendering, environ, start_response)
        finally:
            with self.lock:
                if self.renderings.get(key) is rendering:
                    del self.renderings[key]
            rendering.done.set()
        # Only a page that was cached before is worth a file: few people ask for the others.
        page = rendering.page
        if self.store and earlier and page and page.is_own and self.pages.get(key) is page:
            self.store.put(key, page.to_store())
        return sent

    def _take_or_render(
        self,
        key: Key,
        earlier: CachedPage | None,
        rendering: Rendering,
        environ: Environ,
        start_response: Any,
    ) -> Iterable[bytes]:
        """Take the page of another process if it is valid; else ask the application, and keep what may be kept."""
        stamp = self.source.stamp()
        stored = self.store.get(key) if self.store else None
        # What the page depended on before it will most likely depend on again.
        scopes = {ANY_CHANGE}.union(*(page.scopes for page in (earlier, stored) if page))
        before = self.versions.versions(scopes, stamp)
        rendering.last_write = before.get(ANY_CHANGE, 0)
        if stored and _subset(before, stored.scopes) == stored.versions:
            rendering.page = page = CachedPage.from_store(stored, stamp)
            self._add(key, page)
            return self._send_hit(key, page, environ, start_response)
        metrics.count_miss()
        inner = {name: value for name, value in environ.items() if name not in CONDITIONAL_HEADERS}
        response = CapturedResponse(self.application, inner | {"REQUEST_METHOD": "GET"})
        if not response.is_cacheable:
            if not response.is_unavailable:
                self._note_uncacheable(key)
            return response.send(environ, start_response)
        page = rendering.page = response.to_page()
        if not page.scopes or self._is_consistent(page, scopes, before):
            page.stamp = stamp
            page.in_encoding(_wanted_encoding(environ))  # before its size counts
            self._add(key, page)
        return _send(page, environ, start_response)

    def _send_hit(
        self, key: Key, page: CachedPage, environ: Environ, start_response: Any
    ) -> Iterable[bytes]:
        page.was_read = True
        metrics.count_hit()
        known = len(page.encoded)
        sent = _send(page, environ, start_response)
        if len(page.encoded) != known:
            self._count_anew(key, page)
        return sent

    def _is_consistent(self, page: CachedPage, asked: Set[str], before: Versions) -> bool:
        """Whether nothing that a page depends on was written while it was rendered; sets the page's versions.

        `before` are the versions, when the rendering began, of the scopes `asked`.
        """
        after = self.versions.versions({ANY_CHANGE, *page.scopes}, self.source.stamp())
        page.versions = _subset(after, page.scopes)
        if after.get(ANY_CHANGE) == before.get(ANY_CHANGE):
            return True
        return all(s in asked and after.get(s) == before.get(s) for s in page.scopes)

    def _add(self, key: Key, page: CachedPage) -> None:
        with self.lock:
            self.uncacheable.pop(hash(key), None)
            if old := self.pages.pop(key, None):
                self.size -= old.counted
            self.pages[key] = page
            self._count(key, page)

    def _count_anew(self, key: Key, page: CachedPage) -> None:
        """Count the size of a page again, which is kept in one encoding more."""
        with self.lock:
            if self.pages.get(key) is page:
                self.size -= page.counted
                self._count(key, page)

    def _count(self, key: Key, page: CachedPage) -> None:
        page.counted = page.size + _length(key)
        self.size += page.counted
        while self.size > self.max_bytes and self.pages:
            self._evict_one()

    def _evict_one(self) -> None:
        """Drop the oldest page; one that was read since it last came up for eviction gets a second chance."""
        key, oldest = self.pages.popitem(last=False)
        if oldest.was_read and len(self.pages) > 1:
            oldest.was_read = False
            self.pages[key] = oldest
        else:
            self.size -= oldest.counted

    def _note_uncacheable(self, key: Key) -> None:
        """Remember that a page cannot be kept, so that no request waits for another that renders it."""
        with self.lock:
            self.uncacheable[hash(key)] = None
            while len(self.uncacheable) > MAX_UNCACHEABLE:
                self.uncacheable.popitem(last=False)


class CapturedResponse:
    """The response of an application, with its body unread until it is needed."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.environ = environ
        self.status = ""
        self.headers: Headers = []
        self.parts = application(environ, self._start)

    def _start(self, status: str, headers: Headers, *_rest: Any) -> None:
        self.status, self.headers = status, headers

    def header(self, name: str) -> str:
        """The value of a header, or an empty string."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def is_cacheable(self) -> bool:
        """Whether it may be kept for all visitors: a whole page or file that says so, and sets no cookie."""
        control = self.header("Cache-Control")
        is_shared = (control == "no-cache" and self.header("ETag")) or "immutable" in control
        length = self.header("Content-Length")
        is_whole = self.status == "200 OK" and length.isdigit() and int(length) <= MAX_CACHED_BYTES
        return bool(is_shared and is_whole and not self.header("Set-Cookie"))

    @property
    def is_unavailable(self) -> bool:
        """Whether it only asks to come again (503), so that it says nothing about the page."""
        return self.status.startswith("503")

    def to_page(self) -> CachedPage:
        """The response as a page to keep; reads its whole body."""
        headers = [
            (name, value)
            for name, value in self.headers
            if name not in UNCACHED_HEADERS and not (name == "Vary" and value == "Cookie")
        ]
        etag = self.header("ETag").removeprefix("W/")
        is_file = "immutable" in self.header("Cache-Control")
        # One tag for all encodings of a page, which makes it a weak one (RFC 9110, 8.8.1)
        headers += [("Vary", "Accept-Encoding" if is_file else "Cookie, Accept-Encoding")]
        headers += [("ETag", f"W/{etag}")] if etag else []
        scopes = () if is_file else (*self.environ.get(DEPENDS_ON, (ANY_CHANGE,)), EVERYTHING)
        return CachedPage(headers, self._body(), etag, scopes, is_own=bool(scopes))

    def _body(self) -> bytes:
        try:
            return b"".join(self.parts)
        finally:
            self._close()

    def _close(self) -> None:
        getattr(self.parts, "close", lambda: None)()

    def send(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Pass the response on, compressed if it is a text of known length; without a body for HEAD."""
        encoding = _wanted_encoding(environ)
        is_text = self.header("Content-Type").startswith(COMPRESSIBLE_TYPES)
        length = self.header("Content-Length")
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        is_sized = length.isdigit() and MIN_COMPRESSED_BYTES < int(length) <= MAX_CACHED_BYTES
        if encoding and is_text and is_sized:
            vary = ", ".join(filter(None, (self.header("Vary"), "Accept-Encoding")))
            others = [(n, v) for n, v in self.headers if n not in ("Vary", "Content-Length")]
            headers, body = _compressed([*others, ("Vary", vary)], self._body(), encoding)
            start_response(self.status, headers)
            return [] if is_head else [body]
        start_response(self.status, self.headers)
        if is_head:
            self._close()
            return []
        return self.parts


def _length(key: Key) -> int:
    """The number of characters in a key."""
    return sum(map(len, key))


def _subset(versions: Versions, scopes: Iterable[str]) -> Versions:
    return {scope: versions[scope] for scope in scopes if scope in versions}


def _send(page: CachedPage, environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Send a page, or 304 if the browser has it already."""
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and page.etag and (page.etag in asked or asked == "*"):
        start_response("304 NOT MODIFIED", page.headers)
        return []
    headers, body = page.in_encoding(_wanted_encoding(environ))
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _wanted_encoding(environ: Environ) -> str:
    """The encoding for a request, see `_best_encoding`; none for an absurdly long header, which is not remembered."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return _best_encoding(accepted) if len(accepted) <= MAX_ACCEPT_LENGTH else ""


@lru_cache(maxsize=1_000)
def _best_encoding(accepted: str) -> str:
    """The encoding that a browser prefers (RFC 9110, 12.5.3), of equals the smaller; an empty string if none of ours."""
    best = parse_accept_header(accepted).best_match(("br", "gzip", "identity"))
    return best if best in ("br", "gzip") else ""


def _compressed(
    headers: Headers, body: bytes, encoding: str, *, is_thorough: bool = False
) -> tuple[Headers, bytes]:
    """Headers and body in an encoding; a small body, or one that is no text, stays as it is.

    Thorough is for what is sent many times, the default for what is sent once.
    """
    content_type = next((value for name, value in headers if name == "Content-Type"), "")
    is_text = content_type.startswith(COMPRESSIBLE_TYPES)
    if not encoding or not is_text or len(body) <= MIN_COMPRESSED_BYTES:
        return [*headers, ("Content-Length", str(len(body)))], body
    if encoding == "br":
        body = brotli.compress(body, mode=brotli.MODE_TEXT, quality=5 if is_thorough else 2)
    else:
        body = gzip.compress(body, 6 if is_thorough else 2, mtime=0)
    length = ("Content-Length", str(len(body)))
    return [*headers, ("Content-Encoding", encoding), length], body
