"""Deciding about one post, page, text or practice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from flask_babel import gettext as _

from forum.agendas import actions as agendas
from forum.claims.actions import end_claims
from forum.claims.queries import Key, refuse_claimed
from forum.db import action, topic_scope, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import before_approval
from forum.errors import Invalid
from forum.library import actions as library
from forum.markup import Written, write
from forum.moderation.actions._clearing import show_cleared
from forum.moderation.actions._reasons import NONE, Reasons, check_length, require_reasons
from forum.moderation.actions._record import Before, record, tell_author
from forum.moderation.actions._things import DECIDING, require_sense, state_before
from forum.moderation.actions._turns import in_turn, post_in_turn, refuse_own, require_change
from forum.moderation.models import RULE, Decision
from forum.moderation.queries import (
    TEXTS,
    WITHHOLDING,
    Thing,
    agenda_to_moderate,
    cleared_of,
    opening_of,
    take_turn,
    thing_taken_back,
)
from forum.permissions import Person, require

T = TypeVar("T")


@action
def decide(
    moderator: Person,
    kind: str,
    item_id: int,
    deed: str,
    reasons: Reasons = NONE,
    *,
    seen: int | None = None,
    read: str | None = None,
    shows_again: bool = False,
) -> Decision:
    """Keep, hide, remove or restore a thing; its open reports are answered with it, author and reporters are told.

    Hidden: readers see that there was something, and which rule it broke. Removed: they see nothing. `seen` is the latest decision that the moderator knew of; when there is a later one, nothing is done,
    as when the author of a note or a follow-up has changed it: `read` is the fingerprint of what was read.
    With `shows_again` what was cleared away of a member is shown again with the profile.
    """
    thing = in_turn(moderator, kind, item_id, seen, read)
    require_sense(thing, deed, reasons)
    if deed == "keep":
        require(moderator.can.judge(thing.author_id))
    elif thing.state in ("hidden", "removed"):
        refuse_own(moderator, thing, WITHHOLDING)
    before = state_before(thing)
    DECIDING[deed](moderator, thing, reasons)
    if shows_again and deed == "restore" and kind == "member":
        before |= show_cleared(moderator, cleared_of(moderator, item_id))
    return record(moderator, deed, thing, reasons, before=before)


@action
def decide_here(
    moderator: Person, keys: Sequence[Key], holders: Collection[int | None], deed: Callable[[], T]
) -> T:
    """Do a deed on the page of a thing, or of several, as the queue would: whoever was at one of them is so no longer.

    When another moderator is, and the page has not told so (`holders`), nothing is done.
    """
    take_turn()
    for kind, item_id in keys:
        thing_taken_back(moderator, kind, item_id)  # nobody else learns who is at it
    refuse_claimed(moderator, keys, holders)
    done = deed()
    end_claims(moderator, keys)
    return done


@action
def approve(
    moderator: Person,
    held_id: int,
    reasons: Reasons = NONE,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Publish a text that a rule holds back, or that was refused. `read` is the fingerprint of what was read."""
    thing = in_turn(moderator, "held", held_id, seen)
    refuse_own(moderator, thing, ["refuse"])
    check_length(reasons.facts, "reason")
    before = before_approval(thing.row)
    post = dialogue.approve(moderator, held_id, read)
    published = replace(thing, address=f"/posts/{post.id}")
    return record(moderator, "approve", published, reasons, before=before)


@action
def refuse(
    moderator: Person,
    held_id: int,
    reasons: Reasons,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Refuse a text that a rule holds back, and say why; it stays with its author, who may change it."""
    require_reasons("refuse", reasons)
    thing = in_turn(moderator, "held", held_id, seen)
    dialogue.refuse(moderator, held_id, reasons.facts, read)
    refused = replace(thing, address=f"/waiting/{held_id}")
    pointed_out = replace(reasons, is_automated=True)
    return record(moderator, "refuse", refused, pointed_out, source=RULE)


@action
def ask_to_edit(
    moderator: Person, kind: str, item_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Ask the author to change a post, or the one that opens a topic; until that is done nothing happens to it."""
    thing = in_turn(moderator, kind, item_id, seen)
    require_reasons("ask to edit", reasons)
    if thing.kind not in TEXTS:
        raise Invalid(_("Choose a decision."), "deed")
    require_change(thing.state not in ("merged", "gone"))
    post = opening_of(thing)
    touches(topic_scope(post.topic_id))  # visitors see nothing of it, the author does
    require_change(not post.edit_asked_at or post.edit_answered_at)
    dialogue.ask_to_edit(moderator, post.id)
    decision = record(moderator, "ask to edit", thing, reasons, is_told=False)
    tell_author(moderator, decision, f"/posts/{post.id}/edit")
    return decision


@action
def note(moderator: Person, post_id: int, text: Written) -> Decision:
    """Say something below a post, for all to read; what was said before gives way to it."""
    thing = post_in_turn(moderator, post_id)
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    refuse_own(moderator, thing, ["note"])
    require_change(text.source != thing.row.note_source)
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, text)
    return record(moderator, "note", thing, Reasons(text.source), before=before)


@action
def unnote(moderator: Person, post_id: int) -> Decision:
    """Take away what the moderators say below a post."""
    thing = post_in_turn(moderator, post_id)
    refuse_own(moderator, thing, ["note"])
    require_change(thing.row.note_source)
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, write(""))
    return record(moderator, "unnote", thing, before=before)


def _note_of(thing: Thing) -> Before:
    return {"note": thing.row.note_source, "language": thing.row.note_language}


@action
def publish(
    moderator: Person, practice_id: int, reasons: Reasons = NONE, *, seen: int | None = None
) -> Decision:
    """Publish a submitted practice."""
    thing = in_turn(moderator, "practice", practice_id, seen)
    refuse_own(moderator, thing, ["send back"])
    library.publish(moderator, practice_id)
    return record(moderator, "publish", thing, reasons)


@action
def send_back(
    moderator: Person, practice_id: int, reasons: Reasons, seen: int | None = None
) -> Decision:
    """Return a submitted practice to its author, and say what to change."""
    thing = in_turn(moderator, "practice", practice_id, seen)
    require_reasons("send back", reasons)
    library.send_back(moderator, practice_id, reasons.facts)
    return record(moderator, "send back", thing, reasons)


@action
def feature(moderator: Person, practice_id: int) -> Decision:
    """Put a published practice first in the library."""
    thing = in_turn(moderator, "practice", practice_id)
    require_change(not thing.row.featured_at)
    library.feature(moderator, practice_id)
    return record(moderator, "feature", thing)


@action
def unfeature(moderator: Person, practice_id: int) -> Decision:
    """Let a practice stand in the library like any other."""
    thing = in_turn(moderator, "practice", practice_id)
    require_change(thing.row.featured_at)
    library.unfeature(moderator, practice_id)
    return record(moderator, "unfeature", thing)


@action
def archive(moderator: Person, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Close an agenda: it can be read, not continued."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    require_change(not thing.row.archived_at)
    agendas.archive(moderator, agenda_id)
    return record(moderator, "archive", thing, reasons)


@action
def reopen(moderator: Person, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Open an archived agenda again."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    require_change(thing.row.archived_at)
    agendas.reopen(moderator, agenda_id)
    return record(moderator, "reopen", thing, reasons)
