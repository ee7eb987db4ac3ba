"""Keeping, hiding, removing and restoring, whatever kind of thing it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from forum.advice import actions as advice
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Invalid
from forum.library import actions as library
from forum.members import actions as members
from forum.moderation.actions._reasons import Reasons, ground_in_words, require_reasons
from forum.moderation.actions._turns import require_change
from forum.moderation.queries import (
    ADDED,
    REMOVABLE,
    Thing,
    has_open_reports,
    is_emptied,
    is_first_post,
)
from forum.permissions import Person
from forum.search import actions as search

Deed = Callable[[Person, int, str], Any]


def require_sense(thing: Thing, deed: str, reasons: Reasons) -> None:
    """Raises `Invalid` for a deed that this thing knows not, and `Conflict` for one that changes nothing."""
    if deed not in DECIDING or (deed == "remove" and thing.kind not in REMOVABLE):
        raise Invalid(_("Choose a decision."), "deed")
    if deed == "restore" and is_emptied(thing):
        raise Conflict(
            _(
                "None of its posts is shown. Show one of them again, and the topic comes back with it."
            )
        )
    require_reasons(deed, reasons)
    require_change(
        has_open_reports(thing.kind, thing.item_id) or is_first_post(thing)
        if deed == "keep"
        else thing.state in FROM[deed]
    )


# From which states a thing is hidden, removed or shown again
FROM = {"hide": ("shown",), "remove": ("shown", "hidden"), "restore": ("hidden", "removed")}


def keep_thing(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    """Nothing changes but the reports, and that somebody has looked at a first post."""
    if is_first_post(thing):
        dialogue.look_at(moderator, thing.item_id)


def hide_thing(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    """Readers are told the rule; the facts are for the author."""
    withhold(moderator, thing, ground_in_words(reasons), is_removed=False)


def remove_thing(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    """Take a thing out of all readers' sight."""
    withhold(moderator, thing, ground_in_words(reasons), is_removed=True)


def withhold(moderator: Person, thing: Thing, words: str, *, is_removed: bool) -> None:
    """Hide a thing, or remove it, with the words for its place."""
    HOW[thing.kind][is_removed](moderator, thing.item_id, words)


def hide_profile(moderator: Person, member_id: int) -> None:
    """Hide what members wrote about themselves."""
    members.hide_profile(moderator, member_id)
    search.hide(moderator, "member", member_id)


def restore_thing(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    """Show again what was hidden or removed."""
    deeds: dict[str, Callable[[Person, int], Any]] = {
        "post": dialogue.restore,
        "topic": dialogue.restore_topic,
        "case": library.restore_case,
        "practice": library.restore_practice,
        "member": _restore_profile,
        "mark": dialogue.restore_note,
        "followup": advice.restore_follow_up,
    }
    deeds[thing.kind](moderator, thing.item_id)


def _hide_profile(moderator: Person, member_id: int, _words: str) -> None:
    hide_profile(moderator, member_id)


# How each kind of thing is hidden, and how it is removed
HOW: dict[str, tuple[Deed, Deed]] = {
    "post": (dialogue.hide, dialogue.remove),
    "topic": (dialogue.hide_topic, dialogue.remove_topic),
    "case": (library.hide_case, library.remove_case),
    "practice": (library.hide_practice, library.remove_practice),
    "member": (_hide_profile, _hide_profile),
    "mark": (dialogue.hide_note, dialogue.hide_note),
    "followup": (advice.hide_follow_up, advice.hide_follow_up),
}
DECIDING: dict[str, Callable[[Person, Thing, Reasons], None]] = {
    "keep": keep_thing,
    "hide": hide_thing,
    "remove": remove_thing,
    "restore": restore_thing,
}


def _restore_profile(moderator: Person, member_id: int) -> None:
    members.restore_profile(moderator, member_id)
    search.restore(moderator, "member", member_id)


def state_before(thing: Thing) -> dict[str, Any]:
    """What has to be known of a thing to let it be as it was."""
    row = thing.row
    if thing.kind == "member":
        until = {"silenced_until": row.silenced_until, "suspended_until": row.suspended_until}
        ends = {name: at.isoformat() if at else None for name, at in until.items()}
        return {**ends, "state": thing.state}
    has_words = thing.kind in (*REMOVABLE, *ADDED) and row is not None
    words = {"words": row.hidden_reason} if has_words else {}
    emptied = {"emptied": True} if is_emptied(thing) else {}
    return {**words, **emptied, "state": thing.state}
