"""A page as the cache keeps it: captured from a response, compressed once for each encoding, and sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import brotli
from werkzeug.http import parse_accept_header
from werkzeug.sansio.http import is_resource_modified

from forum.freshness import Versions
from forum.pagestore import StoredPage
from forum.versions import ANY_CHANGE, EVERYTHING

Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
# The key in a WSGI environment under which `web.depends_on` stores the scopes of a page
DEPENDS_ON = "forum.depends_on"
# Headers that are set by the server that sends the page, such as its date (RFC 9110, 6.6.1)
UNCACHED_HEADERS = {"X-Request-Id", "Content-Length", "ETag", "Date"}
CONDITIONAL_HEADERS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"}
COMPRESSIBLE_TYPES = (
    "text/",
    "application/atom+xml",
    "application/xml",
    "application/json",
    "application/x-research-info-systems",
    "image/svg+xml",
)
MIN_COMPRESSED_BYTES = 600  # a smaller body is sent as it is
MAX_CACHED_BYTES = 1_000_000
DECOMPRESSORS = {"br": brotli.decompress, "gzip": gzip.decompress}
# Compression levels of brotli and gzip: for a response that is sent once, a page that is kept, and a file that never
# changes. The highest takes 0.06 s for the style sheet, and saves a tenth of its size
ONCE, OFTEN, FOR_EVER = (2, 2), (5, 6), (11, 9)
MAX_ACCEPT_LENGTH = 200  # characters of an Accept-Encoding header that is parsed


@dataclass
class CachedPage:
    """A page as it is sent, and what it depends on.

    It was valid at `stamp`. `is_own` is true for a page (not a file) that this process has rendered. `was_read` says
    whether it was sent since it last came up for eviction. `body` is the uncompressed content until the page is first
    compressed, and then None: that takes a quarter of the memory, and hardly any browser asks for uncompressed pages.
    """

    headers: Headers
    body: bytes | None
    etag: str = ""
    scopes: tuple[str, ...] = ()
    versions: Versions = field(default_factory=dict)
    stamp: Any = None
    is_own: bool = False
    was_read: bool = False
    counted: int = 0  # the size with which the cache has counted it
    encoded: dict[str, tuple[Headers, bytes]] = field(default_factory=dict)

    def in_encoding(self, encoding: str) -> tuple[Headers, bytes]:
        """Headers and body in a content encoding, compressed when that is first asked for."""
        if encoding not in self.encoded:
            effort = OFTEN if self.scopes else FOR_EVER
            made = _compressed(self.headers, self._whole(), encoding, effort)
            self.encoded[encoding] = made
            self.body = None  # from now on `_whole` decompresses an encoded one
        return self.encoded[encoding]

    def _whole(self) -> bytes:
        body = self.body  # in a variable, because another thread may set it to None meanwhile
        if body is not None:
            return body
        # In one step, because another thread may add one meanwhile
        (headers, body), *_others = self.encoded.values()
        decompress = DECOMPRESSORS.get(dict(headers).get("Content-Encoding", ""))
        return decompress(body) if decompress else body

    def to_store(self) -> StoredPage:
        """The page for the other processes, in the encodings in which it was sent."""
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
        # A body that is not compressed is the same object for each encoding
        return sum(len(body) for body in {id(body): body for body in bodies}.values()) + 1_000


class CapturedResponse:
    """The response of an application, whose body is read only when it is needed."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.environ = environ
        self.status = ""
        self.headers: Headers = []
        self.parts = application(environ, self._start)

    def _start(self, status: str, headers: Headers, *_rest: Any) -> None:
        self.status, self.headers = status, headers

    def header(self, name: str) -> str:
        """The value of a header, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def is_cacheable(self) -> bool:
        """Whether it may be kept for all visitors: a complete page or file that is marked so, and sets no cookie."""
        control = self.header("Cache-Control")
        is_shared = (control == "no-cache" and self.header("ETag")) or "immutable" in control
        length = self.header("Content-Length")
        is_whole = self.status == "200 OK" and length.isdigit() and int(length) <= MAX_CACHED_BYTES
        return bool(is_shared and is_whole and not self.header("Set-Cookie"))

    @property
    def is_unavailable(self) -> bool:
        """Whether it is a 503, which says nothing about the page itself."""
        return self.status.startswith("503")

    def to_page(self) -> CachedPage:
        """The response as a page to keep; reads its whole body."""
        headers = [(n, v) for n, v in self.headers if n not in (*UNCACHED_HEADERS, "Vary")]
        etag = self.header("ETag").removeprefix("W/")
        # The address of a file changes with its content; what depends on a scope ends with it nevertheless
        is_file = "immutable" in self.header("Cache-Control") and DEPENDS_ON not in self.environ
        # One entity tag for all encodings, so it must be a weak one (RFC 9110, 8.8.1)
        headers += [("Vary", self._vary())]
        headers += [("ETag", f"W/{etag}")] if etag else []
        scopes = () if is_file else (*self.environ.get(DEPENDS_ON, (ANY_CHANGE,)), EVERYTHING)
        return CachedPage(headers, self._body(), etag, scopes, is_own=bool(scopes))

    def _vary(self) -> str:
        """The Vary header: what the response depends on in a request, and the encoding in which it will be sent."""
        return ", ".join(filter(None, (self.header("Vary"), "Accept-Encoding")))

    def _body(self) -> bytes:
        try:
            return b"".join(self.parts)
        finally:
            self._close()

    def _close(self) -> None:
        getattr(self.parts, "close", lambda: None)()

    def send(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Pass the response on, compressed if it is a text of known length; without a body for HEAD, or if the browser has it."""
        is_text = self.header("Content-Type").startswith(COMPRESSIBLE_TYPES)
        if is_text:
            self.headers = self._for_all_encodings()
        if self._is_known(environ):
            return self._send_unchanged(start_response)
        encoding = wanted_encoding(environ)
        length = self.header("Content-Length")
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        is_sized = length.isdigit() and MIN_COMPRESSED_BYTES < int(length) <= MAX_CACHED_BYTES
        if encoding and is_text and is_sized:
            others = [(n, v) for n, v in self.headers if n != "Content-Length"]
            headers, body = _compressed(others, self._body(), encoding)
            start_response(self.status, headers)
            return [] if is_head else [body]
        start_response(self.status, self.headers)
        if is_head:
            self._close()
            return []
        return self.parts

    def _for_all_encodings(self) -> Headers:
        """The headers of a text, whose one entity tag has to be a weak one (see `to_page`), whichever encoding is sent."""
        etag = self.header("ETag").removeprefix("W/")
        others = [(name, value) for name, value in self.headers if name not in ("Vary", "ETag")]
        tagged = [("ETag", f"W/{etag}")] if etag else []
        return [*others, ("Vary", self._vary()), *tagged]

    def _is_known(self, environ: Environ) -> bool:
        """Whether the browser has the response: the application is asked without conditions, for what is kept has to be whole."""
        asked = environ.get("HTTP_IF_NONE_MATCH")
        since = None if asked else environ.get("HTTP_IF_MODIFIED_SINCE")
        is_kept = "no-store" not in self.header("Cache-Control")
        if not (asked or since) or self.status != "200 OK" or not is_kept:
            return False
        return not is_resource_modified(
            http_if_none_match=asked,
            http_if_modified_since=since,
            etag=self.header("ETag") or None,
            last_modified=self.header("Last-Modified") or None,
        )

    def _send_unchanged(self, start_response: Any) -> Iterable[bytes]:
        left_out = ("Content-Length", "Content-Type")
        headers = [(name, value) for name, value in self.headers if name not in left_out]
        start_response("304 NOT MODIFIED", headers)
        self._close()
        return []


def send(page: CachedPage, environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Send a page, or 304 if the browser has the same already."""
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and page.etag and (page.etag in asked or asked == "*"):
        start_response("304 NOT MODIFIED", page.headers)
        return []
    headers, body = page.in_encoding(wanted_encoding(environ))
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def wanted_encoding(environ: Environ) -> str:
    """The encoding for a request, see `_best_encoding`; none for an absurdly long header, so that it is not cached."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return _best_encoding(accepted) if len(accepted) <= MAX_ACCEPT_LENGTH else ""


@lru_cache(maxsize=1_000)
def _best_encoding(accepted: str) -> str:
    """The encoding that a browser prefers (RFC 9110, 12.5.3), the smallest among equals; empty if it accepts none of ours."""
    best = parse_accept_header(accepted).best_match(("br", "gzip", "identity"))
    return best if best in ("br", "gzip") else ""


def _compressed(
    headers: Headers, body: bytes, encoding: str, effort: tuple[int, int] = ONCE
) -> tuple[Headers, bytes]:
    """Headers and body in an encoding, compressed with this effort; a small body, or one that is not text, stays as it is."""
    content_type = next((value for name, value in headers if name == "Content-Type"), "")
    is_text = content_type.startswith(COMPRESSIBLE_TYPES)
    if not encoding or not is_text or len(body) <= MIN_COMPRESSED_BYTES:
        return [*headers, ("Content-Length", str(len(body)))], body
    if encoding == "br":
        body = brotli.compress(body, mode=brotli.MODE_TEXT, quality=effort[0])
    else:
        body = gzip.compress(body, effort[1], mtime=0)
    length = ("Content-Length", str(len(body)))
    return [*headers, ("Content-Encoding", encoding), length], body
