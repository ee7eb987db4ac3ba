"""Topics and posts, their earlier versions, polls, texts that rules hold back, and what readers mark, mention, quote and read."""

from __future__ import annotations

from forum.dialogue.models._shared import MARKS, SAME_HERE, TRIED, USEFUL
from forum.dialogue.models.drafts import (
    DRAFTS_KEPT,
    MAX_DRAFT_LENGTH,
    MAX_DRAFTS,
    TYPED,
    WINDOW,
    Draft,
)
from forum.dialogue.models.held import EDIT, OPEN, REPLY, Held
from forum.dialogue.models.marks import OUTCOMES, TAKEN_BACK, Mark
from forum.dialogue.models.polls import (
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_QUESTION,
    POLL_LASTS,
    Poll,
    PollMixin,
    PollOption,
    PollText,
    PollVote,
)
from forum.dialogue.models.posts import (
    MAX_MENTIONED,
    POSTS_PER_PAGE,
    Mention,
    Post,
    PostMixin,
    Quote,
    Revision,
    Trace,
)
from forum.dialogue.models.reading import AllRead, Place
from forum.dialogue.models.topics import (
    CHOSEN_KINDS,
    KINDS,
    MAX_THEMES,
    PACES,
    POSTS_ON_LONG_PAGE,
    Pace,
    Topic,
    TopicCount,
    TopicMixin,
    TopicTheme,
)

__all__ = [
    "CHOSEN_KINDS",
    "DRAFTS_KEPT",
    "EDIT",
    "KINDS",
    "MARKS",
    "MAX_DRAFTS",
    "MAX_DRAFT_LENGTH",
    "MAX_MENTIONED",
    "MAX_OPTION",
    "MAX_OPTIONS",
    "MAX_QUESTION",
    "MAX_THEMES",
    "OPEN",
    "OUTCOMES",
    "PACES",
    "POLL_LASTS",
    "POSTS_ON_LONG_PAGE",
    "POSTS_PER_PAGE",
    "REPLY",
    "SAME_HERE",
    "TAKEN_BACK",
    "TRIED",
    "TYPED",
    "USEFUL",
    "WINDOW",
    "AllRead",
    "Draft",
    "Held",
    "Mark",
    "Mention",
    "Pace",
    "Place",
    "Poll",
    "PollMixin",
    "PollOption",
    "PollText",
    "PollVote",
    "Post",
    "PostMixin",
    "Quote",
    "Revision",
    "Topic",
    "TopicCount",
    "TopicMixin",
    "TopicTheme",
    "Trace",
]
