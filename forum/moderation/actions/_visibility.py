"""Keeping, hiding, removing and restoring a thing of any kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from forum.advice import actions as advice
from forum.commitments import actions as commitments
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import last_hidden_post
from forum.errors import Conflict, Invalid
from forum.library import actions as library
from forum.members import actions as members
from forum.moderation.actions._concurrency import require_change
from forum.moderation.actions._reasons import Reasons, ground_in_words, require_reasons
from forum.moderation.models import Deed, MemberBefore, ThingBefore
from forum.moderation.queries import (
    REMOVABLE_KINDS,
    Thing,
    has_open_reports,
    is_emptied,
    is_first_post,
    needs_ground,
)
from forum.parallels import actions as parallels
from forum.permissions import Person


def require_applicable(thing: Thing, deed: str, reasons: Reasons) -> None:
    """Raise `Invalid` if a deed is not possible for this thing or lacks its reasons, `Conflict` if it would change nothing."""
    if deed not in VISIBILITY_ACTIONS or (
        deed == Deed.REMOVE and thing.kind not in REMOVABLE_KINDS
    ):
        raise Invalid(_("Choose a decision."), "deed")
    if deed == Deed.RESTORE and is_emptied(thing):
        raise Conflict(_how_to_refill(thing))
    if deed != Deed.KEEP and thing.kind in REMOVABLE_KINDS and thing.state == "gone":
        raise Conflict(_("Its author has deleted it."))
    require_reasons(deed, reasons, needs_ground=needs_ground(thing, deed))
    require_change(
        has_open_reports(thing.kind, thing.item_id) or is_first_post(thing)
        if deed == Deed.KEEP
        else thing.state in ALLOWED_STATES[deed]
    )


def _how_to_refill(thing: Thing) -> str:
    """What brings back a topic that is hidden only because it has no visible post, if anything does."""
    if last_hidden_post(thing.row) is None:
        return _("Nothing of it is left to be shown. Its posts were moved or deleted.")
    return _(
        "None of its posts is shown. Show one of them again, and the topic comes back with it."
    )


# The states in which a thing can be hidden, removed or restored
ALLOWED_STATES: dict[str, tuple[str, ...]] = {
    Deed.HIDE: ("shown",),
    Deed.REMOVE: ("shown", "hidden"),
    Deed.RESTORE: ("hidden", "removed"),
}


def keep_thing(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    """Leave a thing as it is; a first post no longer waits for a look."""
    if is_first_post(thing):
        dialogue.look_at(moderator, thing.item_id)


def hide_thing(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    """Hide a thing; in its place readers see which rule it broke, while the facts are for the author."""
    withhold(moderator, thing, ground_in_words(reasons), is_removed=False)


def remove_thing(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    """Remove a thing: readers see nothing of it."""
    withhold(moderator, thing, ground_in_words(reasons), is_removed=True)


def withhold(moderator: Person, thing: Thing, words: str, *, is_removed: bool) -> None:
    """Hide or remove a thing; `words` is what readers see in its place."""
    of_kind = VISIBILITY[thing.kind]
    deed = of_kind.remove if is_removed else of_kind.hide
    deed(moderator, thing.item_id, words)


def restore_thing(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    """Show a hidden or removed thing again."""
    VISIBILITY[thing.kind].restore(moderator, thing.item_id)


def _hide_profile(moderator: Person, member_id: int, _words: str) -> None:
    members.hide_profile(moderator, member_id)


def _restore_case(moderator: Person, case_id: int) -> None:
    library.restore_case(moderator, case_id)
    parallels.hide_told_of_gone(moderator, "case", case_id)


def _restore_practice(moderator: Person, practice_id: int) -> None:
    library.restore_practice(moderator, practice_id)
    parallels.hide_told_of_gone(moderator, "practice", practice_id)


@dataclass(frozen=True)
class Visibility:
    """The actions that hide, remove and restore things of a kind; `remove` is `hide` where hidden things leave no trace."""

    hide: Callable[[Person, int, str], Any]
    remove: Callable[[Person, int, str], Any]
    restore: Callable[[Person, int], Any]


VISIBILITY = {
    "post": Visibility(dialogue.hide, dialogue.remove, dialogue.restore),
    "topic": Visibility(dialogue.hide_topic, dialogue.remove_topic, dialogue.restore_topic),
    "case": Visibility(library.hide_case, library.remove_case, _restore_case),
    "practice": Visibility(library.hide_practice, library.remove_practice, _restore_practice),
    "member": Visibility(_hide_profile, _hide_profile, members.restore_profile),
    "mark": Visibility(dialogue.hide_note, dialogue.hide_note, dialogue.restore_note),
    "reservation": Visibility(
        declarations.hide_reservation,
        declarations.hide_reservation,
        declarations.restore_reservation,
    ),
    "commitment": Visibility(
        commitments.hide_commitment,
        commitments.hide_commitment,
        commitments.restore_commitment,
    ),
    "translation": Visibility(
        parallels.hide_translation,
        parallels.hide_translation,
        parallels.restore_translation,
    ),
    "followup": Visibility(advice.hide_follow_up, advice.hide_follow_up, advice.restore_follow_up),
}
VISIBILITY_ACTIONS: dict[str, Callable[[Person, Thing, Reasons], None]] = {
    Deed.KEEP: keep_thing,
    Deed.HIDE: hide_thing,
    Deed.REMOVE: remove_thing,
    Deed.RESTORE: restore_thing,
}


def state_before(thing: Thing) -> ThingBefore | MemberBefore:
    """The state of a thing before a decision: what is needed to undo it."""
    return member_before(thing) if thing.kind == "member" else thing_before(thing)


def thing_before(thing: Thing) -> ThingBefore:
    """The state of a thing other than a member, before a decision."""
    has_words = thing.kind in VISIBILITY and thing.row is not None
    words = thing.row.hidden_reason if has_words else ""
    before = ThingBefore(thing.state, words, is_emptied(thing))
    if thing.kind != "post" or thing.row is None:
        return before
    topic, is_answer = thing.row.topic, thing.row.topic.answer_id == thing.item_id
    return replace(
        before,
        unseen_at=thing.row.unseen_at,
        question_id=topic.id if is_answer else None,
        answered_at=topic.answered_at if is_answer else None,
    )


def member_before(thing: Thing) -> MemberBefore:
    """The state of a member before a decision, with the ends of restrictions."""
    member = thing.row
    ends = member.silenced_until, member.suspended_until, member.reports_suspended_until
    return MemberBefore(thing.state, *ends)
