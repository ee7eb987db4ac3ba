"""The text of a message in HTML."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import nh3

MAX_DEPTH = 4  # of quotations within each other
MAX_LINK = 2_000  # characters of a link in HTML
DROPPED_TAGS = {"blockquote", "style", "script", "head", "title"}
TAG = re.compile(r"<(/?)([a-z][^\s/>]{0,20})", re.IGNORECASE)
# Elements within each other: the sanitiser takes a time that grows with their square
MAX_OPEN = 500
# Elements that are empty, or end where another of their kind begins
NEVER_DEEP = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"),
    *("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
BLOCK_TAGS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"}


class _TextExtractor(HTMLParser):
    """Collects the text of HTML, one line per block; quotations begin with `>`, and links are followed by their address."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.depth = 0
        self.link, self.link_start = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.link, self.link_start = dict(attrs).get("href") or "", len(self.words)
            return
        self.depth += tag == "blockquote"
        self._begin_line()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
            return
        self.depth -= tag == "blockquote"
        if tag != "br":
            self._begin_line()

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split("\n")))

    def _begin_line(self) -> None:
        self.words.append("\n" + "> " * min(self.depth, MAX_DEPTH))

    def _end_link(self) -> None:
        words = "".join(self.words[self.link_start :]).strip()
        is_whole = len(self.link) <= MAX_LINK and not re.search(r"[\s<>]", self.link)
        if self.link and words and is_whole and _bare(words) != _bare(self.link):
            self.words.append(f" <{self.link}>")
        self.link = ""


def _bare(link: str) -> str:
    """A link as people write it: without its scheme."""
    return link.removeprefix("https://").removeprefix("http://").rstrip("/")


def text_of_html(html: str) -> str:
    """The text of an HTML message, without quotations.

    The HTML is sanitised first, because on malformed HTML the parser can take hours.
    """
    return _extracted(
        nh3.clean(_shallow(html), tags=BLOCK_TAGS, clean_content_tags=DROPPED_TAGS, attributes={})
    )


def whole_text_of_html(html: str) -> str:
    """The text of an HTML message with its quotations, as such, and the addresses of its links."""
    return _extracted(
        nh3.clean(
            _shallow(html),
            tags=BLOCK_TAGS | {"a", "blockquote"},
            clean_content_tags=DROPPED_TAGS - {"blockquote"},
            attributes={"a": {"href"}},
            url_schemes={"http", "https"},
            link_rel=None,
        )
    )


def _shallow(html: str) -> str:
    """The HTML up to where more elements are open than in any message that somebody wrote."""
    is_open: Counter[str] = Counter()
    depth = 0
    for tag in TAG.finditer(html):
        name = tag[2].lower()
        if name in NEVER_DEEP:
            continue
        step = 1 if not tag[1] else -1 if is_open[name] else 0
        is_open[name] += step
        depth += step
        if depth > MAX_OPEN:
            return html[: tag.start()]
    return html


def _extracted(html: str) -> str:
    """The text of sanitised HTML, with at most one empty line between others."""
    extractor = _TextExtractor()
    extractor.feed(html)
    extractor.close()
    kept: list[str] = []
    has_gap = False
    for line in map(str.strip, "".join(extractor.words).split("\n")):
        if line.strip("> ") and has_gap and kept:
            kept.append(">" if line[0] == kept[-1][0] == ">" else "")
        if line.strip("> "):
            kept.append(line)
        has_gap = not line.strip("> ")
    return "\n".join(kept)
