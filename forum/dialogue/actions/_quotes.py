"""Withholding quotations in other posts when the quoted post becomes invisible, and showing them again when it returns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import (
    quoting_posts,
    render_with_mentions,
    withheld_quotes,
)
from forum.markup import Written
from forum.quotes import cited_in_html, quoted_posts, withheld_in_html, withhold_in_html

BATCH_SIZE = 200  # posts
MAX_RENDERED = 100_000  # characters of Markdown that one action renders: about a second


def quoted_in(text: Written) -> set[int]:
    """The ids of the posts that a text quotes.

    They and their topics are locked before anything is counted, as whoever changes one of them does.
    """
    return cited_in_html(text.html).union(quoted_posts(text.source))


def refresh_quotes(which: ColumnElement[bool], *, is_back: bool = False) -> None:
    """Withhold, in all posts with quotes that meet the condition `which`, the quotations that their readers may not see.

    With `is_back`, quotations may also become visible again: then the HTML of these posts has to be rendered again,
    because only the source still contains them. That takes a hundred times as long, so at most `MAX_RENDERED`
    characters are rendered; `flask check --fix` does the rest.
    """
    db.session.flush()
    left = MAX_RENDERED if is_back else 0
    posts = quoting_posts(which, 0, BATCH_SIZE)
    while posts:
        left = refresh_quotes_in(posts, budget=left)
        # Even when nothing more may be rendered, hidden words must disappear everywhere.
        more = len(posts) == BATCH_SIZE
        posts = quoting_posts(which, posts[-1].id, BATCH_SIZE) if more else []


def refresh_quotes_in(posts: Sequence[Post], *, budget: int = 0) -> int:
    """Withhold or show quotations in these posts, rendering at most `budget` characters; returns the rest of the budget."""
    withheld = withheld_quotes([post.id for post in posts])
    for post in posts:
        html, hidden = post.html, withheld.get(post.id, ())
        if budget > 0 and withheld_in_html(html).difference(hidden):
            budget -= len(post.source)
            html = render_with_mentions(post.source, post.language).html
        post.html = withhold_in_html(html, hidden)
    return budget
