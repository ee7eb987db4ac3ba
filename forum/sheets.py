"""Tables as files for spreadsheet programs (CSV, RFC 4180)."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import chain

from flask import Response

from forum.locales import parsed
from forum.savedfiles import long_file, saved_file

# A cell that begins with one of these is a formula for spreadsheet programs, which may send other cells elsewhere
# (CWE-1236). In some languages programs separate cells by semicolons, so that a formula may also begin within a text.
BEGINNING_OF_FORMULA = re.compile(r"(^\s{0,3}|[,;\t\r\n]\s{0,3}[\"']?)(?=[=+\-@＝＋－＠])")
CONTENT_TYPE = "text/csv; header=present; charset=utf-8"


def delimiter_in(locale: str) -> str:
    """The separator of cells for a language: spreadsheet programs expect semicolons where numbers have a decimal comma."""
    return ";" if parsed(locale).number_symbols["latn"]["decimal"] == "," else ","


def sheet(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The response that is saved as the file `name`.csv; the first of the rows are the names of the columns.

    An apostrophe is put before a text that would be a formula. The file is UTF-8 with a byte order mark, by which
    Excel recognises it.
    """
    return saved_file(f"{name}.csv", CONTENT_TYPE, BOM_UTF8 + _lines(rows))


def long_sheet(
    name: str, portions: Iterable[Iterable[Sequence[object]]], delimiter: str
) -> Response:
    """The response that is saved as a table of any length, made in batches; see `savedfiles.long_file`."""
    parts = (_lines(rows, delimiter) for rows in portions)
    return long_file(f"{name}.csv", CONTENT_TYPE, chain([BOM_UTF8], parts))


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
