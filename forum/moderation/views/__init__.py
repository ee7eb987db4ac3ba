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
    is_preparing,
    offer_no_undo,
    offer_orders,
    show_claims_on,
)

__all__ = [
    "batches",
    "bp",
    "deciding",
    "fill_from_ready_text",
    "flaggers",
    "is_preparing",
    "members",
    "offer_no_undo",
    "offer_orders",
    "orders",
    "record",
    "reporting",
    "several",
    "show_claims_on",
    "topics",
]
