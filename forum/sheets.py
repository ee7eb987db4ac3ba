"""Tables as files for spreadsheet programs (CSV, RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from flask import Response

# A cell that begins so is a formula to a spreadsheet program, which may send what stands beside it elsewhere (CWE-1236).
BEGINNINGS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def sheet(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The answer that is saved as the file `name`.csv; the first of the rows are the names of the columns.

    Texts that look like formulas begin with an apostrophe. It is UTF-8 with the sign before it by which Excel knows that.
    """
    out = StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    answer = Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv; header=present")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(BEGINNINGS_OF_FORMULAS) else text
