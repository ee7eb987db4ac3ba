"""Which pages of this forum the links of a text lead to: topics, posts, cases and practices."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from forum.illustrations import beginning_of
from forum.markdown import is_hostile, tokens_of
from forum.pastedlinks import addresses_in
from forum.plaintext import tidy

MAX_PAGES = 50  # of one text
FOLDERS = ("/topics/", "/posts/", "/cases/", "/practices/")
# Forms and lists, which are no pages of a thing
NO_PAGES = ("/practices/new", "/cases/new")
PAGE = r"(?P<page>/(?:topics|posts)/[1-9]\d{0,9}(?=$|[-?#])|/(?:cases|practices)/[^/?#\s\x00-\x1f]{1,200}(?=$|[?#]|/in/))"


def pages_linked(source: str, home: str) -> tuple[str, ...]:
    """The addresses of the pages to which a text links, each once, outside of quotes; those of topics without their titles.

    `home` is the URL of the forum: links may also be absolute.
    """
    source = tidy(source)
    if not may_link(source) or is_hostile(source):
        return ()
    pattern = _page_at(home)
    found = dict.fromkeys(
        match["page"]
        for typed, kind in addresses_in(tokens_of(source))
        if kind != "image" and (match := pattern.match(unquote(typed)))
    )
    return tuple(page for page in found if page not in NO_PAGES)[:MAX_PAGES]


def may_link(source: str) -> bool:
    """Whether a text may link to such pages, which only parsing tells for certain."""
    return any(folder in source for folder in FOLDERS)


@lru_cache(1)
def _page_at(home: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?i:{beginning_of(home)}))?{PAGE}")
