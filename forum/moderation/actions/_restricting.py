"""Restricting a member for some time: reasons, the deed itself, and the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Unpack

from forum.moderation.actions._reasons import Reasons, require_reasons
from forum.moderation.actions._record import Columns, record
from forum.moderation.actions._visibility import member_before
from forum.moderation.models import Decision
from forum.moderation.queries import Thing
from forum.permissions import Person


def restrict(
    word: str,
    deed: Callable[[Person, int, datetime], None],
    moderator: Person,
    thing: Thing,
    reasons: Reasons,
    **more: Unpack[Columns],
) -> Decision:
    """Restrict a member by a `deed` of the members room, and record it; `more` as in `record`, with `until`."""
    require_reasons(word, reasons)
    more["before"] = member_before(thing)
    deed(moderator, thing.item_id, more["until"])
    return record(moderator, word, thing, reasons, **more)
