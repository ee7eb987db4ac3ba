"""Quotations in other posts are withheld when the quoted post goes out of sight, and shown again when it comes back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import quoting_posts, render_with_mentions, withheld_quotes
from forum.quotes import withheld_in_html, withhold_in_html

BATCH_SIZE = 200  # posts
MAX_RENDERED = 100_000  # characters of Markdown rendered in one action: about a second


def refresh_quotes(which: ColumnElement[bool], *, is_back: bool = False) -> None:
    """Withhold from the HTML of all posts with such quotes (a condition on `Quote`) what their readers may not see.

    With `is_back`, quotations that were withheld may be shown again: then the HTML of these posts has to be rendered anew,
    because only the source still contains them. That takes a hundred times as long, so at most `MAX_RENDERED` characters
    are rendered; `flask check --fix` does the rest.
    """
    db.session.flush()
    left = MAX_RENDERED if is_back else 0
    posts = quoting_posts(which, 0, BATCH_SIZE)
    while posts:
        left = refresh_quotes_in(posts, budget=left)
        # Also when nothing more may be rendered: what goes out of sight has to go everywhere.
        more = len(posts) == BATCH_SIZE
        posts = quoting_posts(which, posts[-1].id, BATCH_SIZE) if more else []


def refresh_quotes_in(posts: Sequence[Post], *, budget: int = 0) -> int:
    """Withhold quotations in these posts, or show them again while `budget` characters may be rendered; returns how many are left."""
    withheld = withheld_quotes([post.id for post in posts])
    for post in posts:
        html, hidden = post.html, withheld.get(post.id, ())
        if budget > 0 and withheld_in_html(html).difference(hidden):
            budget -= len(post.source)
            html = render_with_mentions(post.source, post.language).html
        post.html = withhold_in_html(html, hidden)
    return budget
