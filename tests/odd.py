"""What is typed and sent by whoever means no good; every door is tried with it."""

from __future__ import annotations

# Every variant leads elsewhere in some browser or some check (A11), or is not a path at all.
ELSEWHERE = [
    "//e.example", "///e.example", "////e.example", "/\\e.example", "\\\\e.example", "/%09/e.example\t",
    "/\t/e.example", "http:///e.example", "https:e.example", "http://e.example", "/..//e.example",
    "/./\\e.example", "//e.example@localhost", "localhost.e.example", "javascript:alert(1)", " //e.example",
    "/\n/e.example", "", "e.example", "/a//e.example", "data:text/html,x", "?q=1",
]  # fmt: skip
LONG = "x" * 5_000
ODD = [
    LONG,
    "\x00",
    "\ud800",
    "a\x00b",
    "💥" * 300,
    "-1",
    str(2**63),
    "<script>alert(1)</script>",
    "{{7*7}}",
]
