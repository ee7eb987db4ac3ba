"""The upper bounds of throughput: the same bytes from a bare WSGI callable, and an empty Flask view.

granian runs `bare` and `empty` as it runs the forum. `bare` answers, headers and all, what is in the file of JSON that
BENCH_ANSWER names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask

ANSWER = (
    json.loads(Path(os.environ["BENCH_ANSWER"]).read_text()) if "BENCH_ANSWER" in os.environ else {}
)
BODY = ANSWER.get("body", "nothing").encode()
HEADERS = [(name, value) for name, value in ANSWER.get("headers", [])]
empty = Flask("empty")
empty.add_url_rule("/", "nothing", lambda: "nothing")


def bare(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The same bytes for everybody."""
    start_response("200 OK", HEADERS)
    return [BODY]
