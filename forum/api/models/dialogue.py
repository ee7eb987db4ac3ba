"""Topics, posts and polls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from forum.api.models.members import Author, Reference
from forum.dialogue.models import KINDS


@dataclass(frozen=True)
class Topic:
    """One discussion on an agenda. `posts_url` is the address of its posts here. A locked one takes no more replies.

    In one that moderators have made slow at `slowed_at`, each member can write once in `slow_minutes`, until `slow_until`, which
    may be over, or until they end it, if that is null.

    `active_at` is when the latest of the posts that can be read there was written. The author is null for somebody who has left.
    """

    id: int
    kind: Annotated[str, KINDS]
    title: str
    language: str
    url: str
    api_url: str
    posts_url: str
    agenda: Reference
    author: Author | None
    organisation: Reference | None
    themes: list[Reference]
    replies: int
    is_answered: bool
    created_at: datetime
    active_at: datetime
    locked_at: datetime | None
    slowed_at: datetime | None
    slow_until: datetime | None
    slow_minutes: int | None


@dataclass(frozen=True)
class Marks:
    """How many readers found a post useful, face the same, or tried what it says."""

    useful: int
    same_here: int
    tried_it: int


@dataclass(frozen=True)
class Option:
    """An option of a poll, and how many members chose it."""

    words: str
    votes: int


@dataclass(frozen=True)
class Poll:
    """A question below a post, and how many members have voted; who chose what is told to nobody.

    Votes are counted until `closes_at`, which may be over, or for as long as nobody closes it, if that is null; `closed_at` is
    when somebody did. With `is_multiple` a member can choose several options.
    """

    question: str
    is_multiple: bool
    options: list[Option]
    voters: int
    closes_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Post:
    """One text in a topic. Number 1 opens it. Numbers that are missing were deleted or hidden, or moderators have not seen them.

    `organisation` is the one for which it was written, null for its author alone; the author is null for somebody who has
    left. `poll` is below the first post of some topics. `note_html` is a note of the moderators below it. `paragraph` is the key of the paragraph of a case that it comments
    on.
    """

    id: int
    topic_id: int
    number: int
    url: str
    api_url: str
    author: Author | None
    organisation: Reference | None
    language: str
    html: str
    note_html: str | None
    paragraph: str | None
    is_answer: bool
    marks: Marks
    poll: Poll | None
    created_at: datetime
    edited_at: datetime | None
