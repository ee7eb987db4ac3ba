"""The stored texts of posts, for actions that need them again without rendering."""

from __future__ import annotations

from collections.abc import Sequence

from forum.dialogue.actions._telling import with_poll_words
from forum.dialogue.models import Post
from forum.markup import Written, plain
from forum.search.queries import texts_of


def stored_text(post: Post) -> Written:
    """The text of a post. Its HTML may lack withheld quotations."""
    words = plain_texts([post])[post.id]
    return Written(post.source, post.html, post.html_version, words, post.language)


def plain_texts(posts: Sequence[Post]) -> dict[int, str]:
    """The plain texts of posts by id, from their search documents; that of an opening post is in its topic's document.

    Search has no text for an opening post that was invisible, or that is on a page of the library.
    """
    opened = texts_of("topic", [post.topic_id for post in posts if post.number == 1])
    replied = texts_of("post", [post.id for post in posts if post.number > 1])
    known = {
        post.id: opened.get(post.topic_id) if post.number == 1 else replied.get(post.id)
        for post in posts
    }
    return {post.id: _without_poll_words(post, known[post.id]) or _plain(post) for post in posts}


def _without_poll_words(post: Post, found: str | None) -> str | None:
    """The text in a post's search document without the words of its poll; None if it does not end with them."""
    if not found or not post.has_poll:
        return found
    added = with_poll_words(post, "")
    return found.removesuffix(added) if found.endswith(added) else None


def _plain(post: Post) -> str:
    return plain(post.source) if post.source else ""
