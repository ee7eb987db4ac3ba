"""What a server can do at most: the same bytes from a bare WSGI callable, and from an empty Flask view.

granian runs `bare` and `empty` as it runs the forum. `bare` answers what is in the file that BENCH_BYTES names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Flask

BODY = Path(os.environ["BENCH_BYTES"]).read_bytes() if "BENCH_BYTES" in os.environ else b"nothing"
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))]
empty = Flask("empty")
empty.add_url_rule("/", "nothing", lambda: "nothing")


def bare(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The same bytes for everybody."""
    start_response("200 OK", HEADERS)
    return [BODY]
