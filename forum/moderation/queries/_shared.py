"""Page sizes, and small expressions that these queries share."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from forum.moderation.models import Decision, Report
from forum.plaintext import excerpt, without_markdown

MAX_STAFF_NOTES = 100
REPORTS_PER_PAGE = 20  # in the list of one's own reports
# Reported things in the queue, and reports of one thing; the oldest first
MAX_OPEN_REPORTS = 500
LOG_PAGE_SIZE = 50
MAX_RELATED_DECISIONS = 20  # of each sort, beside an opened entry


def first_words(source: str) -> str:
    """The first 90 characters of a text without its quotations and markup; an ellipsis when nothing is left.

    Headings count only when there is nothing else, because the forum itself offers some.
    """
    own = [line for line in source.split("\n") if not line.startswith(">")]
    told = [line for line in own if not line.startswith("#")]
    plain = (" ".join(without_markdown("\n".join(lines)).split("\n")) for lines in (told, own))
    return next((excerpt(text, 90) for text in plain if text.strip()), "…")


def is_about(
    model: type[Decision] | type[Report], kind: str, item_id: int
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """SQL conditions: the decision or report is about this thing."""
    return model.kind == kind, model.item_id == item_id
