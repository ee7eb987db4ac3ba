"""Tables as files for spreadsheet programs (CSV, RFC 4180)."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from io import StringIO
from itertools import chain
from tempfile import TemporaryFile

from flask import Response, request

from forum.admission import MAX_BUFFERED_BYTES, Places
from forum.errors import Busy

# A cell that begins so is a formula to a spreadsheet program, which may send what stands beside it elsewhere (CWE-1236).
# Programs in some languages take semicolons for the ends of cells, so that one may begin within a text.
BEGINNING_OF_FORMULA = re.compile(r"(^\s{0,3}|[,;\t\r\n]\s{0,3}[\"']?)(?=[=+\-@＝＋－＠])")
MAX_IN_MEMORY = MAX_BUFFERED_BYTES  # bytes of a table; a longer one is in a file until it is sent
# Tables longer than that which one process makes at once, one of them for one network: each takes as long as many pages, and
# occupies one of the turns (`admission.AT_ONCE`)
LONG_TABLES = 2
_long_tables = Places(LONG_TABLES)
PIECE = 65_536  # bytes of a long table that are sent at once


def sheet(name: str, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Response:
    """The answer that is saved as the file `name`.csv; the first of the rows are the names of the columns.

    An apostrophe stands before what would be a formula. It is UTF-8 with the sign before it by which Excel knows that.
    """
    return _saved_as(name, BOM_UTF8 + _lines(rows, delimiter))


def long_sheet(
    name: str, portions: Iterable[Iterable[Sequence[object]]], delimiter: str = ","
) -> Response:
    """The same for a table of any length, of which only a portion and `MAX_IN_MEMORY` are in memory.

    All of it is made before anything is sent. So it never looks whole when its end could not be made, and a slow reader keeps
    nothing but the file waiting. Raises `Busy` if other long tables are made already.
    """
    parts = chain([BOM_UTF8], (_lines(rows, delimiter) for rows in portions))
    begun, size = [], 0
    for part in parts:
        begun.append(part)
        size += len(part)
        if size > MAX_IN_MEMORY:
            return _sent_from_file(name, chain(begun, parts))
    return _saved_as(name, b"".join(begun))


def _sent_from_file(name: str, parts: Iterable[bytes]) -> Response:
    """The answer with these parts, put together in a file without a name, which is gone when the answer is."""
    with ExitStack() as place, ExitStack() as opened:
        if not _long_tables.acquire_for(request.environ, place):
            raise Busy()
        file = opened.enter_context(TemporaryFile())
        file.writelines(parts)
        length = file.tell()
        file.seek(0)
        answer = _saved_as(name, iter(partial(file.read, PIECE), b""))
        answer.content_length = length  # by which a browser notices that it was cut off
        answer.call_on_close(opened.pop_all().close)
        return answer


def _saved_as(name: str, content: bytes | Iterator[bytes]) -> Response:
    """The answer that is saved as the file `name`.csv, with this content."""
    answer = Response(content, mimetype="text/csv; header=present")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    """The lines of a file for these rows."""
    out = StringIO()
    csv.writer(out, delimiter=delimiter).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    return BEGINNING_OF_FORMULA.sub(r"\1'", str(value))
