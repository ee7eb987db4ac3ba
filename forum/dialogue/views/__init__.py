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
from forum.dialogue.views.drafts import (
    begun_here,
    drafts_as_json,
    go_on_with_draft,
    keep_form,
    sent_form,
)
from forum.dialogue.views.lists import filter_from_query
from forum.dialogue.views.marks import latest_tried
from forum.dialogue.views.topics import discussion

__all__ = [
    "begun_here",
    "bp",
    "discussion",
    "drafts_as_json",
    "filter_from_query",
    "go_on_with_draft",
    "held",
    "is_for_organisation",
    "keep_form",
    "latest_tried",
    "lists",
    "marks",
    "offer_organisation",
    "own_organisation",
    "polls",
    "posting",
    "sent_form",
    "theme_boxes",
    "theme_ids",
    "topics",
    "versions",
    "writing",
]
