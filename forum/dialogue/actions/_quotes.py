"""What others quote of a post goes out of sight with it, and comes back with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import quoting_posts, render_with_mentions, withheld_quotes
from forum.markup import withhold

PORTION = 200
MOST_MADE_ANEW = 100_000  # characters in one deed: about a second


def settle_quotes(which: ColumnElement[bool], *, is_back: bool = False) -> None:
    """Let all posts with such quotes show no more of others than readers may see.

    With `is_back` what is withheld now may come back: the HTML is made anew, because only the source still has it. That
    takes a hundred times as long, so a deed does it for some posts, and `flask check --fix` for those that are left.
    """
    db.session.flush()
    left = MOST_MADE_ANEW if is_back else 0
    posts = quoting_posts(which, 0, PORTION)
    while posts:
        left = settle_quotes_in(posts, made_anew=left)
        # Also when no more is made anew: what goes out of sight goes everywhere.
        more = len(posts) == PORTION
        posts = quoting_posts(which, posts[-1].id, PORTION) if more else []


def settle_quotes_in(posts: Sequence[Post], *, made_anew: int = 0) -> int:
    """The same for some posts, of which so many characters may be made anew; hands back how many are left."""
    withheld = withheld_quotes([post.id for post in posts])
    for post in posts:
        html = post.html
        if made_anew > 0:
            made_anew -= len(post.source)
            html = render_with_mentions(post.source, post.language).html
        post.html = withhold(html, withheld.get(post.id, ()))
    return made_anew
