"""What others quote of a post goes out of sight with it, and comes back with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import quoting_posts, withheld_quotes, written
from forum.markup import withhold

PORTION = 200


def settle_quotes(which: ColumnElement[bool], *, is_back: bool = False) -> None:
    """Let all posts with such quotes show no more of others than readers may see.

    With `is_back` what is withheld now may come back: the HTML is made anew, because only the source still has it.
    """
    db.session.flush()
    posts = quoting_posts(which, 0, PORTION)
    while posts:
        settle_quotes_in(posts, is_back=is_back)
        more = len(posts) == PORTION
        posts = quoting_posts(which, posts[-1].id, PORTION) if more else []


def settle_quotes_in(posts: Sequence[Post], *, is_back: bool = False) -> None:
    """The same for some posts."""
    withheld = withheld_quotes([post.id for post in posts])
    for post in posts:
        html = written(post.source, post.language).html if is_back else post.html
        post.html = withhold(html, post.source, withheld.get(post.id, ()))
