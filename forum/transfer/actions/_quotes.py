"""How a reply in a file quotes an earlier post of its topic: `> #2`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from forum.quotes import quote_label

QUOTED_NUMBER = re.compile(r"^> #([0-9]+)[ \t]*$", re.M)
# With a backslash before it, the line is text and names no post
ESCAPED_NUMBER = re.compile(r"^\\(\\*> #[0-9]+[ \t]*)$", re.M)


class LoadedPost(NamedTuple):
    """What is kept of a post: its id, and the name of its author.

    The post itself is not kept, because each action that changes posts would examine all of those in memory.
    """

    id: int
    author: str


def link_quotes(text: str, posts: Sequence[LoadedPost]) -> str:
    """Replace `> #2` by a link to the second post, as the button “Quote” writes it, and `\\> #2` by `> #2`."""

    def linked(found: re.Match[str]) -> str:
        post = posts[int(found[1]) - 1]
        return f"> [{quote_label(post.author)}](/posts/{post.id})\n>"

    return ESCAPED_NUMBER.sub(r"\1", QUOTED_NUMBER.sub(linked, text))
