"""What topics, posts and texts that wait have in common."""

from __future__ import annotations

import re

from forum.plaintext import excerpt, without_markdown

USEFUL, SAME_HERE, TRIED = MARKS = ("useful", "same here", "tried it")
QUOTED_OR_IN_TABLE = re.compile(r"^[>|].*$", re.MULTILINE)
VISIBILITY_COLUMNS = ["hidden_at", "deleted_at"]


def gist(source: str, length: int = 160) -> str:
    """The first words of a Markdown text, without markup, quotations and tables: at most `length` characters."""
    words = without_markdown(QUOTED_OR_IN_TABLE.sub("", source[:1_000])).split()
    # A single line end does not end a paragraph in Markdown
    return excerpt(" ".join(words), length)


class SubmissionMixin:
    """What a member submits by a form: a `Topic`, a `Post`, or a `Held` text.

    `is_duplicate` is an attribute, not a column: an action sets it when it returns what was submitted before instead
    of adding the same again.
    """

    is_duplicate = False
