"""Hostile and malformed form values, with which every route is tested."""

from __future__ import annotations

# Values of `next` that lead to another site in some browsers, pass a careless check, or are no paths.
OPEN_REDIRECTS = [
    "//e.example", "///e.example", "////e.example", "/\\e.example", "\\\\e.example", "/%09/e.example\t",
    "/\t/e.example", "http:///e.example", "https:e.example", "http://e.example", "/..//e.example",
    "/./\\e.example", "//e.example@localhost", "localhost.e.example", "javascript:alert(1)", " //e.example",
    "/\n/e.example", "", "e.example", "/a//e.example", "data:text/html,x", "?q=1",
]  # fmt: skip
LONG_TEXT = "x" * 5_000
ODD_VALUES = [
    LONG_TEXT,
    "\x00",
    "\ud800",
    "a\x00b",
    "💥" * 300,
    "-1",
    str(2**63),
    "<script>alert(1)</script>",
    "{{7*7}}",
]
