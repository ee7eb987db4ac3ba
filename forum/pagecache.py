"""The page cache, the outermost WSGI layer of the forum: pages for visitors are rendered once after each change.

A process keeps each page in the content encodings that were asked for, with the versions of the scopes that it
depends on (`deeds.touches`). Each hit looks up the current versions, so no page is ever outdated and none expires by
time: once a write has returned, nobody gets the page from before it. On SQLite one look at shared memory shows that
nothing was written at all. On PostgreSQL the versions are queried, unless this machine is the only one that writes:
then its processes tell each other (`writelog`). Processes of one server share the pages that they render
(`pagestore`). Pages of members, forms, and responses that set a cookie are never kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from queue import Empty
from time import monotonic
from typing import Any

from flask import Flask
from werkzeug.sansio.http import parse_cookie  # the parser behind `request.cookies`

from forum import locales, metrics
from forum.db import db
from forum.freshness import (
    PostgresqlVersions,
    VersionCache,
    Versions,
    use_write_log,
    version_source,
)
from forum.keptpages import (
    CONDITIONAL_HEADERS,
    Application,
    CachedPage,
    CapturedResponse,
    Environ,
    send,
    wanted_encoding,
)
from forum.pagestore import PageStore, open_store
from forum.settings import Settings
from forum.versions import ANY_CHANGE, ReadCache

Key = tuple[str, ...]
THEMES = ("light", "dark")
# The beginnings of addresses whose responses are large files, or as many as there are members. Browsers keep them, and
# those of texts they ask for each time
NEVER_KEPT = ("/pictures/", "/portraits/", "/files/")
MAX_KEY_LENGTH = 2_000  # characters; a page with a longer address is never kept
MAX_UNCACHEABLE = 10_000  # addresses that are remembered as not cacheable
READ_CACHE_SIZE = 300  # values, such as the posts of a page
JOIN_SECONDS = 10  # how long to wait for a page that another request is rendering


def init_app(app: Flask, settings: Settings) -> None:
    """Wrap a complete application in a page cache, if the settings give it memory (`page_cache_mb`).

    Apart from that, `settings.remembers` says whether the application caches what it reads (`versions.cached`).
    """
    with app.app_context():
        source = version_source(db.engine)
        if isinstance(source, PostgresqlVersions):
            use_write_log(source, db.engine, settings)
    versions = VersionCache(source)
    if settings.remembers:
        app.extensions["current_versions"] = versions.current
        app.extensions["read_cache"] = ReadCache(versions.current, READ_CACHE_SIZE)
    if settings.page_cache_mb:
        store = open_store(settings.pagestore_path)
        app.wsgi_app = PageCache(  # type: ignore[method-assign]  # as Flask documents it
            app.wsgi_app,
            versions,
            settings.page_cache_mb,
            store,
            cookie_prefix=settings.cookie_prefix,
            offered_locales=settings.locales,
        )


@dataclass
class Rendering:
    """A page that a request is rendering.

    `last_write` is the number of the last write before it began; `page` is set if the page may be kept.
    """

    done: threading.Event = field(default_factory=threading.Event)
    last_write: int = 0
    page: CachedPage | None = None


class PageCache:
    """Answers visitors from memory, and asks the application for pages that are missing or outdated.

    The cookies whose names begin with `cookie_prefix` say whether somebody is signed in, and which theme and which of
    the `offered_locales` a visitor has chosen.
    """

    def __init__(
        self,
        application: Application,
        versions: VersionCache,
        megabytes: int,
        store: PageStore | None = None,
        *,
        cookie_prefix: str = "",
        offered_locales: Sequence[str] = (locales.SOURCE,),
    ) -> None:
        self.application = application
        self.store = store
        self.session_cookie = f"{cookie_prefix}session"
        self.theme_cookie = f"{cookie_prefix}theme"
        self.locale_cookie = cookie_prefix + locales.COOKIE
        self.offered_locales = offered_locales
        self.versions, self.source = versions, versions.source
        self.max_bytes = megabytes * 1_000_000
        self.size = 0
        self.pages: OrderedDict[Key, CachedPage] = OrderedDict()
        self.uncacheable: OrderedDict[int, None] = OrderedDict()  # hashes of keys
        self.lock = threading.Lock()
        self.renderings: dict[Key, Rendering] = {}

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request (WSGI)."""
        is_read = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if not is_read or environ["PATH_INFO"].startswith(NEVER_KEPT):
            return self.application(environ, start_response)
        cookies = parse_cookie(environ.get("HTTP_COOKIE"))
        theme = cookies.get(self.theme_cookie, "")
        key = (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", ""),
            theme if theme in THEMES else "",
            locales.best(
                cookies.get(self.locale_cookie, ""),
                environ.get("HTTP_ACCEPT_LANGUAGE", ""),
                self.offered_locales,
            ),
        )
        if self.session_cookie in cookies or _length(key) > MAX_KEY_LENGTH:
            # The application is asked for the whole page even for HEAD, so that its length is known.
            as_get = environ | {"REQUEST_METHOD": "GET"}
            return CapturedResponse(self.application, as_get).send(environ, start_response)
        try:
            return self._answer(key, environ, start_response)
        except (self.source.error, Empty):
            # The database does not answer; the application has a page that says so
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
            # The page cannot be shared, or takes too long
            if rendering.page is None or monotonic() > until:
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
        """The number of the last action that changed anything for visitors; such actions are numbered in order."""
        return self.versions.versions((ANY_CHANGE,), self.source.stamp()).get(ANY_CHANGE, 0)

    def _join(self, key: Key) -> tuple[Rendering, bool]:
        """The rendering of a page by another request, and False; or, if there is none, a new rendering, and True."""
        with self.lock:
            rendering = self.renderings.get(key)
            if rendering and hash(key) not in self.uncacheable:
                return rendering, False
            rendering = self.renderings[key] = Rendering()
            return rendering, True

    def _rendered_since(self, came_at: int, key: Key, rendering: Rendering) -> CachedPage | None:
        """The page that another request has rendered, if it may answer one that came after the write `came_at`; else None.

        It may if it is valid now. Where many people write, a page can be outdated before it is sent. It may then
        still answer requests that came before the write that outdated it, but none that came later.
        """
        page = self.pages.get(key)
        if page and self._is_valid(page):
            return page
        return rendering.page if rendering.last_write >= came_at else None

    def _render(
        self, key: Key, rendering: Rendering, environ: Environ, start_response: Any
    ) -> Iterable[bytes]:
        """Answer with a new page, wake the requests that wait for it, and share it with the other processes."""
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
        """Use the page of another process if it is valid; else ask the application, and keep the page if that is allowed."""
        stamp = self.source.stamp()
        stored = self.store.get(key) if self.store else None
        # The page will probably depend on the same scopes as before.
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
            # Compressed first, because its size is counted next
            page.in_encoding(wanted_encoding(environ))
            self._add(key, page)
        return send(page, environ, start_response)

    def _send_hit(
        self, key: Key, page: CachedPage, environ: Environ, start_response: Any
    ) -> Iterable[bytes]:
        page.was_read = True
        metrics.count_hit()
        known = len(page.encoded)
        sent = send(page, environ, start_response)
        if len(page.encoded) != known:
            self._count_anew(key, page)
        return sent

    def _is_consistent(self, page: CachedPage, asked: Set[str], before: Versions) -> bool:
        """Whether nothing that a page depends on was written while it was rendered; sets the page's versions.

        `before` holds the versions of the scopes `asked` from when the rendering began.
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
        """Count the size of a page again after it was compressed in another encoding."""
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
        """Drop the oldest page, but move it to the end if it was read since it last came up for eviction (second chance)."""
        key, oldest = self.pages.popitem(last=False)
        if oldest.was_read and len(self.pages) > 1:
            oldest.was_read = False
            self.pages[key] = oldest
        else:
            self.size -= oldest.counted

    def _note_uncacheable(self, key: Key) -> None:
        """Remember that a page cannot be kept, so that requests for it do not wait for each other."""
        with self.lock:
            self.uncacheable[hash(key)] = None
            while len(self.uncacheable) > MAX_UNCACHEABLE:
                self.uncacheable.popitem(last=False)


def _length(key: Key) -> int:
    """The number of characters in a key."""
    return sum(map(len, key))


def _subset(versions: Versions, scopes: Iterable[str]) -> Versions:
    return {scope: versions[scope] for scope in scopes if scope in versions}
