"""Responses that a browser saves as a file, such as a table; also long ones, which are never completely in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain
from tempfile import TemporaryFile
from urllib.parse import quote

from flask import Flask, Response, request
from flask.globals import app_ctx
from flask_babel import force_locale

from forum.admission import MAX_BUFFERED_BYTES, Places
from forum.errors import Busy
from forum.plaintext import normalized

MAX_IN_MEMORY = MAX_BUFFERED_BYTES  # bytes; a longer one is in a file on disk until it is sent
# Longer files that one process creates at once, one per network: each takes as long as many pages, and occupies one
# of the places in `admission.AT_ONCE`
LONG_FILES = 2
_long_files = Places(LONG_FILES)
PIECE = 65_536  # bytes of a long file that are sent at once
# Characters with which a name in a header would end, or become a path
UNSAFE_IN_NAMES = re.compile(r'["\\/]')


def saved_file(name: str, content_type: str, content: bytes | Iterator[bytes]) -> Response:
    """The response that is saved as the file `name`, with this content."""
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f"attachment; {_named(name)}"
    return answer


def _named(name: str) -> str:
    """The name of a file for a header, with an ASCII form for old programs (RFC 6266)."""
    # A wide quotation mark, say, has a plain one as its ASCII form, and ℀ has a slash
    folded = normalized("NFKD", name).encode("ascii", "ignore").decode()
    plain = UNSAFE_IN_NAMES.sub(" ", folded)
    if plain == name:
        return f'filename="{name}"'
    plain = f"file{plain}" if plain.startswith(".") else plain
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def in_contexts_of_their_own(locale: str, parts: Iterator[bytes]) -> Iterator[bytes]:
    """Make each part in an application context of its own, so that slow readers hold no connection in between.

    `locale` is the language of the file, because the request is over when its parts are made. If a part fails, granian ends
    the response as if it were complete: a `Content-Length`, or the format of the file, shows that it is not.
    """
    return _in_contexts(app_ctx.app, locale, parts)


def _in_contexts(app: Flask, locale: str, parts: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with app.app_context(), force_locale(locale):
            part = next(parts, None)
        if part is None:
            return
        yield part


def long_file(name: str, content_type: str, parts: Iterable[bytes]) -> Response:
    """The response that is saved as a file of any length, of which only a part and `MAX_IN_MEMORY` are in memory.

    The file is completed before anything is sent. So it never looks complete when its end could not be created, and a
    slow reader occupies nothing but the file. Raises `Busy` if too many long files are being created.
    """
    left = iter(parts)
    begun, size = [], 0
    for part in left:
        begun.append(part)
        size += len(part)
        if size > MAX_IN_MEMORY:
            return _sent_from_file(name, content_type, chain(begun, left))
    return saved_file(name, content_type, b"".join(begun))


def _sent_from_file(name: str, content_type: str, parts: Iterable[bytes]) -> Response:
    """The response with these parts, combined in an unnamed file, which is deleted after the response."""
    with ExitStack() as place, ExitStack() as opened:
        if not _long_files.acquire_for(request.environ, place):
            raise Busy()
        file = opened.enter_context(TemporaryFile())
        file.writelines(parts)
        length = file.tell()
        file.seek(0)
        answer = saved_file(name, content_type, iter(partial(file.read, PIECE), b""))
        answer.content_length = length  # so that a browser notices if it is cut off
        answer.call_on_close(opened.pop_all().close)
        return answer
