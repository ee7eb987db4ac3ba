"""The views of the dialogue: lists of topics, the pages of a topic, and forms for writing."""

from __future__ import annotations

from forum.dialogue.views import held, lists, marks, polls, topics, versions, writing
from forum.dialogue.views._shared import (
    bp,
    is_for_organisation,
    offer_organisation,
    own_organisation,
    posting,
    theme_boxes,
    theme_ids,
)
from forum.dialogue.views.topics import discussion

__all__ = [
    "bp",
    "discussion",
    "held",
    "is_for_organisation",
    "lists",
    "marks",
    "offer_organisation",
    "own_organisation",
    "polls",
    "posting",
    "theme_boxes",
    "theme_ids",
    "topics",
    "versions",
    "writing",
]
