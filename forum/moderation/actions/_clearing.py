"""Clearing away what an advertiser wrote, showing it again, and clearing it away once more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forum.dialogue import actions as dialogue
from forum.moderation.actions._reasons import NONE
from forum.moderation.actions._record import Before
from forum.moderation.actions._things import hide_thing, remove_thing, restore_thing
from forum.moderation.models import Decision
from forum.moderation.queries import (
    REMOVABLE,
    Cleared,
    Thing,
    is_there_still,
    latest_decision,
    shown_things_of,
    texts_waiting,
    thing_taken_back,
)
from forum.permissions import Person


def clear(moderator: Person, member_id: int) -> tuple[list[Thing], list[int]]:
    """Remove all that a member wrote, or hide what cannot be removed, and refuse what waits; hands both back."""
    shown = shown_things_of(moderator, member_id)
    waiting = list(texts_waiting(moderator, member_id))
    _withhold(moderator, shown)
    for held_id in waiting:
        dialogue.refuse(moderator, held_id, "")
    return shown, waiting


def _withhold(moderator: Person, things: Iterable[Thing]) -> None:
    for one in things:
        (remove_thing if one.kind in REMOVABLE else hide_thing)(moderator, one, NONE)


def show_cleared(moderator: Person, cleared: Cleared) -> Before:
    """Show again what was cleared away, and let wait again what was refused with it; says what, to take it back."""
    for text in cleared.things:
        restore_thing(moderator, text, NONE)
    for held in cleared.held:
        dialogue.reconsider(moderator, held.item_id)
    return {
        "shown": [[text.kind, text.item_id] for text in cleared.things],
        "waiting": [held.item_id for held in cleared.held],
    }


def clear_again(moderator: Person, decision: Decision) -> None:
    """Take away once more what a decision has shown again, but for what somebody decided about since."""
    before: dict[str, Any] = decision.before or {}
    for kind, item_id in before.get("shown", ()):
        if latest_decision(kind, item_id) < decision.id and is_there_still(
            moderator, kind, item_id
        ):
            thing = thing_taken_back(moderator, kind, item_id)
            _withhold(moderator, [thing] if thing.state == "shown" else [])
    for held_id in before.get("waiting", ()):
        is_there = is_there_still(moderator, "held", held_id)
        if is_there and thing_taken_back(moderator, "held", held_id).state == "waiting":
            dialogue.refuse(moderator, held_id, "")
