"""The views of moderation: reporting, decisions, the log, the statement of reasons, notes about members."""

from __future__ import annotations

from forum.moderation.views import (
    batches,
    deciding,
    flaggers,
    members,
    orders,
    record,
    reporting,
    several,
    topics,
)
from forum.moderation.views._answers import (
    bp,
    fill_from_ready_text,
    is_rewording,
    offer_no_undo,
    show_claims_on,
)

__all__ = [
    "batches",
    "bp",
    "deciding",
    "fill_from_ready_text",
    "flaggers",
    "is_rewording",
    "members",
    "offer_no_undo",
    "orders",
    "record",
    "reporting",
    "several",
    "show_claims_on",
    "topics",
]
