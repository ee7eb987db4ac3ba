"""Pages of visitors, rendered once for each change: the outermost layer of the server.

A page is kept in the process, in the forms in which it is sent, with the numbers of the scopes that it depends on
(`db.touches`). At each hit the numbers are asked for again, so that a page is exact and never timed: after a write
returns, nobody reads the old one. On SQLite one look at the memory that all its processes share says that nobody has
written at all; on PostgreSQL the numbers are read, unless one machine alone writes, whose processes say so (`writelog`). What
one process renders anew its neighbours take (`pagestore`). Pages of members, forms and whatever sets a cookie never enter.
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
from werkzeug.http import parse_accept_header, parse_cookie

from forum import metrics
from forum.db import ANY_CHANGE, EVERYTHING, ReadCache, commit_announcers, conninfo, db
from forum.lazy import library
from forum.pagestore import Shelf, Shelved, shelf_in
from forum.settings import Settings
from forum.writelog import Signs, mark_of, signs_in

if TYPE_CHECKING:
    import psycopg

Numbers = Mapping[str, int]
Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Key = tuple[str, ...]
Application = Callable[[Environ, Any], Iterable[bytes]]
DEPENDS_ON = "forum.depends_on"
THEMES = ("light", "dark")
NOT_KEPT = {
    "X-Request-Id",
    "Content-Length",
    "ETag",
    "Date",
}  # the server says when it sends (RFC 9110, 6.6.1)
CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"}
TEXTS = ("text/", "application/atom+xml", "application/xml", "application/json", "image/svg+xml")
SMALLEST, LARGEST = 600, 1_000_000  # bytes of a body that is made smaller, and kept
MOST_UNKEPT = 10_000
MOST_CARRIED = 200  # numbers asked for again at once
MOST_LEFT = 1_000  # numbers looked through at each write
MOST_REMEMBERED = 300  # things of many rows, such as the posts of a page
SECONDS_FOR_ANOTHER = 10
CONNECTIONS, SECONDS_FOR_A_CONNECTION = 4, 2
# The index of SQLite's log: its format, and the bytes of its head.
INDEX_VERSION, INDEX_HEAD = 3_007_000, 48
NUMBERS_IN_FILE = (
    "SELECT scope, number FROM page_version WHERE scope IN (SELECT value FROM json_each(?))"
)
NUMBERS: LiteralString = "SELECT scope, number FROM page_version WHERE scope = ANY(%s)"
SETTLED: LiteralString = "SELECT number FROM page_version WHERE scope = %s FOR SHARE"

_indexes: dict[tuple[int, int], mmap] = {}
_opening = threading.Lock()


class Numbered(Protocol):
    """Where the numbers of the scopes are asked for."""

    @property
    def error(self) -> type[Exception]:
        """What is raised when they cannot be asked for."""

    def moment(self) -> Any:
        """A sign that stays the same until somebody writes; None where nothing says so."""

    def changed(self, before: Any, moment: Any) -> Set[int] | None:
        """What was changed between two moments, as `mark_of` says it; None where nothing says all of it."""

    def numbers(self, scopes: Iterable[str]) -> Numbers:
        """The present numbers of these scopes; one that nobody has touched is left out."""


class OfSqlite:
    """The numbers in a file: as long as SQLite says that nobody has written, they are what they were."""

    error: type[Exception] = sqlite3.Error

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        self.index: mmap | None = None

    def moment(self) -> Any:
        """SQLite's own sign of the last commit: the head of the log's index, else its count of what others committed."""
        if self.index is not None:
            return self.index[:INDEX_HEAD]
        with self.lock:
            version = self._ask("PRAGMA data_version").fetchone()[0]
            # Only then does this connection hold the file that is looked at; another one could go away under it.
            if self._ask("PRAGMA journal_mode").fetchone()[0] == "wal":
                self.index = _index_of(self.path)
            return version

    def changed(self, _before: Any, _moment: Any) -> None:
        """SQLite says no more; to ask costs little."""

    def numbers(self, scopes: Iterable[str]) -> Numbers:
        """The present numbers."""
        with self.lock:
            return dict(self._ask(NUMBERS_IN_FILE, (json.dumps(list(scopes)),)).fetchall())

    def _ask(self, query: str, values: tuple[str, ...] = ()) -> sqlite3.Cursor:
        if self.connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only=1")
            self.connection = connection
        return self.connection.execute(query, values)


def _index_of(path: str) -> mmap | None:
    """The head of the index of SQLite's log (WAL), which a commit changes as its last step; None where there is none.

    Readers in SQLite compare the same bytes to learn whether they must look again, and `PRAGMA data_version` says what
    they found; to look oneself costs a twentieth and needs no lock (https://sqlite.org/walformat.html, 2.1). The index is
    there as long as a connection is open. It is opened once and for ever: closing it would take away SQLite's own locks
    on it, which belong to the process (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    name = Path(f"{os.path.realpath(path)}-shm")
    with _opening:
        try:
            there = name.stat()
            which = (there.st_dev, there.st_ino)
            if which not in _indexes:
                _indexes[which] = mmap(os.open(name, os.O_RDONLY), INDEX_HEAD, prot=PROT_READ)
        except (OSError, ValueError):
            return None
        is_known = unpack_from("=I", _indexes[which])[0] == INDEX_VERSION
        return _indexes[which] if is_known else None


class OfServer:
    """The numbers in PostgreSQL, read over a few connections of their own: at each hit, where no signs of writing are."""

    def __init__(self, url: URL) -> None:
        self.signs: Signs | None = None
        self.driver = library("psycopg")
        self.error: type[Exception] = self.driver.Error
        self.address = conninfo(url)
        self.free: LifoQueue[psycopg.Connection[Any] | None] = LifoQueue()
        for _connection in range(CONNECTIONS):
            self.free.put(None)

    def moment(self) -> bytes | None:
        """What the processes of this machine say, if they are the only ones; the server has no sign of its own."""
        return self.signs.moment() if self.signs else None

    def changed(self, before: bytes, moment: bytes) -> Set[int] | None:
        """What those processes have changed between two moments."""
        return self.signs.changed(before, moment) if self.signs else None

    def numbers(self, scopes: Iterable[str]) -> Numbers:
        """The present numbers."""
        return dict(self._ask(NUMBERS, list(scopes)))

    def is_settled(self) -> bool:
        """Wait until nobody who has counted up is still committing: such a deed holds the row of `ANY_CHANGE` until then."""
        try:
            self._ask(SETTLED, ANY_CHANGE)
        except (self.error, Empty):
            return False
        return True

    def _ask(self, query: LiteralString, value: Any) -> list[Any]:
        connection = self.free.get(timeout=SECONDS_FOR_A_CONNECTION)
        try:
            if connection is None:
                connection = self.driver.connect(
                    self.address, autocommit=True, prepare_threshold=0, connect_timeout=5
                )
                connection.execute("SET lock_timeout = '2s'")
            rows = connection.execute(query, (value,)).fetchall()
        except BaseException:
            self.free.put(None)
            raise
        self.free.put(connection)
        return rows


def init_app(app: Flask, settings: Settings) -> None:
    """Put the layer around an application, which is complete by then; without memory there is none.

    Whether rows are remembered (`db.cached`) is a setting of its own.
    """
    with app.app_context():
        numbered = numbered_by(db.engine)
        if isinstance(numbered, OfServer):
            _give_signs(numbered, db.engine, settings)
    known = Known(numbered)
    if settings.remembers:
        app.extensions["current_versions"] = known.present
        app.extensions["read_cache"] = ReadCache(known.present, MOST_REMEMBERED)
    if settings.page_cache_mb:
        shelf = shelf_in(settings.shelf_path)
        layer = PageCache(app.wsgi_app, known, settings.page_cache_mb, shelf)
        layer.theme_cookie = f"{settings.cookie_prefix}theme"
        app.wsgi_app = layer  # type: ignore[method-assign]  # as Flask documents it


def numbered_by(engine: Engine) -> OfSqlite | OfServer:
    """Where a database's numbers are asked for."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return OfSqlite(engine.url.database)
    return OfServer(engine.url)


def _give_signs(numbered: OfServer, engine: Engine, settings: Settings) -> None:
    """Announce commits as soon as one process of this machine looks for that; look oneself where no other machine writes."""
    if settings.is_one_machine or settings.signs_path.exists():
        signs = signs_in(settings.signs_path.resolve())
        signs.settle = numbered.is_settled
        commit_announcers[engine] = signs.announced
        numbered.signs = signs if settings.is_one_machine else None


class Known:
    """The numbers that a process knows: they are asked for once as long as nobody writes.

    After a write those that it has left alone are known still, where somebody says what it has changed. Else the first
    who asks does so for others, too: for the numbers that were asked for of late. Most pages read next are of them, and
    two hundred numbers cost hardly more than one.
    """

    def __init__(self, numbered: Numbered) -> None:
        self.numbered = numbered
        self._known: tuple[Any, dict[str, int | None]] = (None, {})

    def present(self, scopes: Iterable[str]) -> Numbers | None:
        """The numbers of these scopes; one that nobody has touched is left out. None when they cannot be asked for."""
        try:
            return self.numbers(scopes, self.numbered.moment())
        except (self.numbered.error, Empty):
            return None

    def numbers(self, scopes: Iterable[str], moment: Any) -> Numbers:
        """The same; `moment` was looked at just before."""
        if moment is None:
            return self.numbered.numbers(scopes)
        of, known = self._known
        carried: list[str] = []
        if of != moment:
            left = self._left(of, moment, known)
            if left is None:
                carried, known = list(known)[-MOST_CARRIED:], {}
            else:
                known = left
                self._known = moment, left
        if unknown := [scope for scope in scopes if scope not in known]:
            together = dict.fromkeys((*carried, *unknown))
            asked = self.numbered.numbers(together)
            if self.numbered.moment() != moment:  # what is known may be older than what was asked
                return self.numbered.numbers(scopes)
            known.update((scope, asked.get(scope)) for scope in together)
            self._known = moment, known
        return {scope: number for scope in scopes if (number := known[scope]) is not None}

    def _left(
        self, of: Any, moment: Any, known: Mapping[str, int | None]
    ) -> dict[str, int | None] | None:
        """What was known at a moment and is true at another one; None when nobody says what was changed meanwhile."""
        changed = self.numbered.changed(of, moment) if of is not None else None
        if changed is None:
            return None
        late = list(known)[-MOST_LEFT:]
        return {scope: known[scope] for scope in late if mark_of(scope) not in changed}


@dataclass
class Kept:
    """A page as it is sent, and what it depends on. `is_own`: rendered here, and no file."""

    headers: Headers
    body: bytes
    etag: str = ""
    scopes: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=dict)
    moment: Any = None
    is_own: bool = False
    was_read: bool = False
    forms: dict[str, tuple[Headers, bytes]] = field(default_factory=dict)

    def form(self, encoding: str) -> tuple[Headers, bytes]:
        """Headers and body in an encoding; made when it is first asked for."""
        if encoding not in self.forms:
            self.forms[encoding] = _shrunk(self.headers, self.body, encoding, thorough=True)
        return self.forms[encoding]

    @property
    def shelved(self) -> Shelved:
        """The page for the other processes."""
        return Shelved(
            self.headers, self.body, self.etag, self.scopes, self.numbers, dict(self.forms)
        )

    @classmethod
    def taken(cls, page: Shelved, moment: Any) -> Kept:
        """The page of another process, which is true at a moment."""
        about = (page.headers, page.body, page.etag, page.scopes, page.numbers)
        return cls(*about, moment, forms=page.forms)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes in all its forms."""
        return len(self.body) * 2 + 1_000


@dataclass
class Making:
    """A page that somebody renders: the last write before it was begun, and what came of it."""

    done: threading.Event = field(default_factory=threading.Event)
    last_write: int = 0
    kept: Kept | None = None


class PageCache:
    """Answers visitors from memory, and asks the application for what is not there or no longer true."""

    def __init__(
        self, application: Application, known: Known, megabytes: int, shelf: Shelf | None = None
    ) -> None:
        self.application = application
        self.shelf = shelf
        self.theme_cookie = "theme"
        self.known, self.numbered = known, known.numbered
        self.most = megabytes * 1_000_000
        self.size = 0
        self.pages: OrderedDict[Key, Kept] = OrderedDict()
        self.unkept: OrderedDict[Key, None] = OrderedDict()
        self.lock = threading.Lock()
        self.making: dict[Key, Making] = {}

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        cookie = environ.get("HTTP_COOKIE", "")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        if "session=" in cookie:
            whole = environ | {
                "REQUEST_METHOD": "GET"
            }  # the length of what HEAD leaves out is said
            return Answer(self.application, whole).send(environ, start_response)
        key = (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", ""),
            self._theme(cookie),
        )
        try:
            return self._answer(key, environ, start_response)
        except (self.numbered.error, Empty):  # the application says so in words
            return self.application(environ, start_response)

    def _theme(self, cookie: str) -> str:
        """The theme that the page will have, read from the cookies as it does itself."""
        if "theme=" not in cookie:
            return ""
        chosen = parse_cookie(cookie).get(self.theme_cookie, "")
        return chosen if chosen in THEMES else ""

    def _answer(self, key: Key, environ: Environ, start_response: Any) -> Iterable[bytes]:
        kept = self.pages.get(key)
        if kept and self._is_true(kept):
            return _hit(kept, environ, start_response)
        came, until = None, monotonic() + SECONDS_FOR_ANOTHER
        while True:
            making, is_own = self._joined(key)
            if is_own:
                return self._make(key, making, environ, start_response)
            came = self._last_write() if came is None else came
            making.done.wait(max(0.0, until - monotonic()))
            if kept := self._made_since(came, key, making):
                return _hit(kept, environ, start_response)
            if making.kept is None or monotonic() > until:  # it is not for everybody, or takes long
                return self._make(key, Making(), environ, start_response)

    def _is_true(self, kept: Kept) -> bool:
        """Whether nothing that the page depends on has changed since it was rendered."""
        if not kept.scopes:
            return True  # a file whose address changes with its content
        moment = self.numbered.moment()
        if moment is not None and moment == kept.moment:
            return True
        if self.known.numbers(kept.scopes, moment) != kept.numbers:
            return False
        kept.moment = moment
        return True

    def _last_write(self) -> int:
        """The number of the last deed that changed anything that visitors see; each has a higher one than those before it."""
        return self.known.numbers((ANY_CHANGE,), self.numbered.moment()).get(ANY_CHANGE, 0)

    def _joined(self, key: Key) -> tuple[Making, bool]:
        """The rendering of a page that somebody is at; or the asker's own, when there is none to wait for."""
        with self.lock:
            making = self.making.get(key)
            if making and key not in self.unkept:
                return making, False
            making = self.making[key] = Making()
            return making, True

    def _made_since(self, came: int, key: Key, making: Making) -> Kept | None:
        """The page that another request has made, if it may answer this one; else None, and this request makes it anew.

        It may when it is true now. Where many people write, a page can be out of date before it is sent: then it may still
        answer those who asked before the write that it does not hold, and nobody who asked after it.
        """
        kept = self.pages.get(key)
        if kept and self._is_true(kept):
            return kept
        return making.kept if making.last_write >= came else None

    def _make(
        self, key: Key, making: Making, environ: Environ, start_response: Any
    ) -> Iterable[bytes]:
        """Take what another process has made, or ask the application and keep what it answers if it is still true."""
        earlier = self.pages.get(key)
        try:
            sent = self._made(key, earlier, making, environ, start_response)
        finally:
            with self.lock:
                if self.making.get(key) is making:
                    del self.making[key]
            making.done.set()
        # Whose page changes while it is read: a page that few ask for is not worth a file.
        kept = making.kept
        if self.shelf and earlier and kept and kept.is_own and self.pages.get(key) is kept:
            self.shelf.put(key, kept.shelved)
        return sent

    def _made(
        self,
        key: Key,
        earlier: Kept | None,
        making: Making,
        environ: Environ,
        start_response: Any,
    ) -> Iterable[bytes]:
        moment = self.numbered.moment()
        others = self.shelf.get(key) if self.shelf else None
        # What the page depended on it most likely depends on.
        scopes = {ANY_CHANGE}.union(*(page.scopes for page in (earlier, others) if page))
        before = self.known.numbers(scopes, moment)
        making.last_write = before.get(ANY_CHANGE, 0)
        if others and _among(before, others.scopes) == others.numbers:
            making.kept = kept = Kept.taken(others, moment)
            self._keep(key, kept)
            return _hit(kept, environ, start_response)
        metrics.count_miss()
        inner = {name: value for name, value in environ.items() if name not in CONDITIONS}
        answer = Answer(self.application, inner | {"REQUEST_METHOD": "GET"})
        if not answer.is_for_everybody:
            if not answer.is_busy:
                self._note_unkept(key)
            return answer.send(environ, start_response)
        kept = making.kept = answer.kept()
        if not kept.scopes or self._is_of_one_moment(kept, scopes, before):
            kept.moment = moment
            self._keep(key, kept)
        return _send(kept, environ, start_response)

    def _is_of_one_moment(self, kept: Kept, asked: Set[str], before: Numbers) -> bool:
        """Whether nobody wrote while the page was rendered, or nothing of what it depends on; notes its numbers.

        `before` are the numbers of the scopes that were `asked` for when it was begun.
        """
        found = self.known.numbers({ANY_CHANGE, *kept.scopes}, self.numbered.moment())
        kept.numbers = _among(found, kept.scopes)
        if found.get(ANY_CHANGE) == before.get(ANY_CHANGE):
            return True
        return all(s in asked and found.get(s) == before.get(s) for s in kept.scopes)

    def _keep(self, key: Key, kept: Kept) -> None:
        with self.lock:
            self.unkept.pop(key, None)
            if old := self.pages.pop(key, None):
                self.size -= old.size
            self.pages[key] = kept
            self.size += kept.size
            while self.size > self.most and self.pages:
                self._give_up_one()

    def _give_up_one(self) -> None:
        """Let the oldest go, unless it was read since it was looked at last: then it has another turn."""
        key, oldest = self.pages.popitem(last=False)
        if oldest.was_read and len(self.pages) > 1:
            oldest.was_read = False
            self.pages[key] = oldest
        else:
            self.size -= oldest.size

    def _note_unkept(self, key: Key) -> None:
        """Remember what is not kept, so that nobody waits for another in vain."""
        with self.lock:
            self.unkept[key] = None
            while len(self.unkept) > MOST_UNKEPT:
                self.unkept.popitem(last=False)


class Answer:
    """What the application answers, read as far as it must be."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.environ = environ
        self.status = ""
        self.headers: Headers = []
        self.parts = application(environ, self._start)

    def _start(self, status: str, headers: Headers, *_rest: Any) -> None:
        self.status, self.headers = status, headers

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def is_for_everybody(self) -> bool:
        """Whether it may be kept: a whole page or file that says so, and sets no cookie."""
        control = self.header("Cache-Control")
        is_open = (control == "no-cache" and self.header("ETag")) or "immutable" in control
        length = self.header("Content-Length")
        is_whole = self.status == "200 OK" and length.isdigit() and int(length) <= LARGEST
        return bool(is_open and is_whole and not self.header("Set-Cookie"))

    @property
    def is_busy(self) -> bool:
        """Whether it only asks to come again: such a page may be kept another time."""
        return self.status.startswith("503")

    def kept(self) -> Kept:
        """The answer as something to keep; reads it to its end."""
        headers = [
            (name, value)
            for name, value in self.headers
            if name not in NOT_KEPT and not (name == "Vary" and value == "Cookie")
        ]
        etag = self.header("ETag").removeprefix("W/")
        is_file = "immutable" in self.header("Cache-Control")
        # One name for all forms of a page, which makes it a weak one (RFC 9110, 8.8.1)
        headers += [("Vary", "Accept-Encoding" if is_file else "Cookie, Accept-Encoding")]
        headers += [("ETag", f"W/{etag}")] if etag else []
        scopes = () if is_file else (*self.environ.get(DEPENDS_ON, (ANY_CHANGE,)), EVERYTHING)
        return Kept(headers, self._body(), etag, scopes, is_own=bool(scopes))

    def _body(self) -> bytes:
        try:
            return b"".join(self.parts)
        finally:
            getattr(self.parts, "close", lambda: None)()

    def send(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Hand the answer on, made smaller when it is a text of known length."""
        encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        is_text = self.header("Content-Type").startswith(TEXTS)
        length = self.header("Content-Length")
        if encoding and is_text and length.isdigit() and SMALLEST < int(length) <= LARGEST:
            vary = ", ".join(filter(None, (self.header("Vary"), "Accept-Encoding")))
            plain = [(n, v) for n, v in self.headers if n not in ("Vary", "Content-Length")]
            headers, body = _shrunk([*plain, ("Vary", vary)], self._body(), encoding)
            start_response(self.status, headers)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        start_response(self.status, self.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            getattr(self.parts, "close", lambda: None)()
            return []
        return self.parts


def _among(numbers: Numbers, scopes: Iterable[str]) -> Numbers:
    return {scope: numbers[scope] for scope in scopes if scope in numbers}


def _hit(kept: Kept, environ: Environ, start_response: Any) -> Iterable[bytes]:
    kept.was_read = True
    metrics.count_hit()
    return _send(kept, environ, start_response)


def _send(kept: Kept, environ: Environ, start_response: Any) -> Iterable[bytes]:
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and kept.etag and (kept.etag in asked or asked == "*"):
        start_response("304 NOT MODIFIED", kept.headers)
        return []
    headers, body = kept.form(_encoding(environ.get("HTTP_ACCEPT_ENCODING", "")))
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@lru_cache(maxsize=1_000)
def _encoding(accepted: str) -> str:
    """The encoding that a browser likes best (RFC 9110, 12.5.3), of equals the smaller; nothing when it takes none of ours."""
    best = parse_accept_header(accepted).best_match(("br", "gzip", "identity"))
    return best if best in ("br", "gzip") else ""


def _shrunk(
    headers: Headers, body: bytes, encoding: str, thorough: bool = False
) -> tuple[Headers, bytes]:
    """Headers and body in an encoding; a file of few bytes, or one that is no text, stays as it is."""
    kind = next((value for name, value in headers if name == "Content-Type"), "")
    if not encoding or not kind.startswith(TEXTS) or len(body) <= SMALLEST:
        return [*headers, ("Content-Length", str(len(body)))], body
    if encoding == "br":
        mode = brotli.MODE_TEXT
        body = brotli.compress(body, mode=mode, quality=5 if thorough else 2)
    else:
        body = gzip.compress(body, 6 if thorough else 2, mtime=0)
    length = ("Content-Length", str(len(body)))
    return [*headers, ("Content-Encoding", encoding), length], body
