"""Clearing away what an advertiser wrote, showing it again, and clearing it away once more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forum.dialogue import actions as dialogue
from forum.moderation.actions._reasons import NONE
from forum.moderation.actions._record import Before, record, tell_others
from forum.moderation.actions._things import (
    hide_thing,
    remove_thing,
    restore_thing,
    state_before,
)
from forum.moderation.models import Decision
from forum.moderation.queries import (
    REMOVABLE,
    Cleared,
    Thing,
    cleared_with_others,
    decided_since,
    others_in_topic,
    shown_things_of,
    texts_waiting,
    things_there,
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


def tell_of_cleared(moderator: Person, decision: Decision, shown: Iterable[Thing]) -> None:
    """Write down of each topic or page that others wrote in that it was removed, and tell them: they may read why, and appeal."""
    for one in shown:
        if one.kind != "post" and one.topic_id and others_in_topic(one.topic_id, one.author_id):
            more: dict[str, Any] = {"before": state_before(one), "lot_id": decision.id}
            more["is_excused"] = True
            made = record(moderator, "remove", one, is_told=False, **more)
            tell_others(moderator, made, one)


def _withhold(moderator: Person, things: Iterable[Thing]) -> None:
    for one in things:
        (remove_thing if one.kind in REMOVABLE else hide_thing)(moderator, one, NONE)


def show_cleared(moderator: Person, cleared: Cleared) -> Before:
    """Show again what was cleared away, and let wait again what was refused with it; says what, to take it back."""
    for text in cleared.things:
        restore_thing(moderator, text, NONE)
        if removal := cleared_with_others(text.kind, text.item_id, "remove"):
            record(moderator, "restore", text, is_told=False, lot_id=removal.lot_id)
    for held in cleared.held:
        dialogue.reconsider(moderator, held.item_id)
    return {
        "shown": [[text.kind, text.item_id] for text in cleared.things],
        "waiting": [held.item_id for held in cleared.held],
    }


def clear_again(moderator: Person, decision: Decision) -> None:
    """Take away once more what a decision has shown again, but for what somebody decided about since."""
    before: dict[str, Any] = decision.before or {}
    keys = [(kind, item_id) for kind, item_id in before.get("shown", ())]
    since = decided_since(decision, keys)
    for thing in things_there(moderator, [key for key in keys if key not in since]):
        if thing.state == "shown":
            _withhold(moderator, [thing])
            _end_return(moderator, thing)
    for held in things_there(moderator, [("held", one) for one in before.get("waiting", ())]):
        if held.state == "waiting":
            dialogue.refuse(moderator, held.item_id, "")


def _end_return(moderator: Person, thing: Thing) -> None:
    """Take back that a topic or page in which others wrote was shown again, so that its removal holds again."""
    if shown_again := cleared_with_others(thing.kind, thing.item_id, "restore"):
        which: dict[str, Any] = {"undoes_id": shown_again.id, "lot_id": shown_again.lot_id}
        record(moderator, "undo", thing, is_told=False, **which)
