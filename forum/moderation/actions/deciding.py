"""Decisions about one post, page, held text, practice or agenda."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from flask_babel import gettext as _

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_to_change
from forum.claims.actions import end_claims
from forum.claims.models import EntryKey
from forum.claims.queries import refuse_claimed
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import lock_held, state_before_approval
from forum.errors import Conflict, Invalid
from forum.library import actions as library
from forum.library.queries import practice_to_change
from forum.markup import NO_TEXT, NO_TEXTS, Written
from forum.moderation.actions._concurrency import (
    post_to_decide,
    refuse_after_own_report,
    refuse_in_own_case,
    refuse_to_publish_own,
    refuse_unread,
    require_change,
    thing_to_decide,
)
from forum.moderation.actions._reasons import NO_REASONS, Reasons, check_length, require_reasons
from forum.moderation.actions._record import notify_author, record, record_quietly
from forum.moderation.actions._visibility import (
    VISIBILITY_ACTIONS,
    require_applicable,
    state_before,
)
from forum.moderation.models import (
    RULE,
    ApprovalBefore,
    Decision,
    Deed,
    NoteBefore,
    OpeningBefore,
)
from forum.moderation.queries import (
    EDITABLE_KINDS,
    WITHHOLDING_DEEDS,
    Thing,
    agenda_to_delete,
    agenda_to_moderate,
    decisions_about,
    note_read,
    post_of_thing,
    serialize_decisions,
    standing_on,
    thing_to_review,
    things_on,
)
from forum.parallels import actions as parallels
from forum.permissions import Person, require
from forum.versions import topic_scope

T = TypeVar("T")


@action
def decide(
    moderator: Person,
    kind: str,
    item_id: int,
    deed: str,
    reasons: Reasons = NO_REASONS,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Keep, hide, remove or restore a thing; answer its open reports, and notify its author and the reporters.

    In place of something hidden readers see which rule it broke; of something removed they see nothing. `seen` and
    `read` as in `thing_to_decide`. `restore_profile` also restores what was cleared of a member.
    """
    thing = thing_to_decide(moderator, kind, item_id, seen, read)
    require_applicable(thing, deed, reasons)
    if deed == Deed.KEEP:
        require(moderator.can.judge(thing.author_id))
    elif thing.state in ("hidden", "removed"):
        refuse_in_own_case(moderator, thing, WITHHOLDING_DEEDS)
    else:
        refuse_after_own_report(moderator, thing)
    before = state_before(thing)
    VISIBILITY_ACTIONS[deed](moderator, thing, reasons)
    return record(moderator, deed, thing, reasons, before=before)


@action
def decide_here(
    moderator: Person,
    keys: Sequence[EntryKey],
    holders: Collection[int | None],
    deed: Callable[[Person], T],
) -> T:
    """Run a deed on the page of one or several things, as the queue would do it: claims on them end.

    `deed` gets the moderator as read afresh, so that a right that was just withdrawn does not count. `holders` are
    the ids of the members whose claims the page showed. Raises `Conflict` when another moderator has claimed one of
    the things and the page did not say so.
    """
    serialize_decisions(moderator, keys)
    for kind, item_id in keys:
        # So that only moderators learn who has claimed it
        thing_to_review(moderator, kind, item_id)
    refuse_claimed(moderator, keys, holders)
    done = deed(moderator)
    end_claims(moderator, keys)
    return done


@action
def approve(
    moderator: Person,
    held_id: int,
    reasons: Reasons = NO_REASONS,
    *,
    seen: int | None = None,
    read: str | None = None,
    texts: Mapping[str, Written] = NO_TEXTS,
) -> Decision:
    """Publish a text that a rule holds back, or that was refused.

    `seen` and `read` as in `thing_to_decide`, `texts` as in `dialogue.approve`.
    """
    thing = thing_to_decide(moderator, "held", held_id, seen)
    refuse_in_own_case(moderator, thing, [Deed.REFUSE])
    refuse_to_publish_own(moderator, thing)
    check_length(reasons.facts, "reason")
    before = ApprovalBefore(state_before_approval(thing.row))
    post = dialogue.approve(moderator, held_id, read, texts)
    published = replace(thing, address=f"/posts/{post.id}")
    return record(moderator, Deed.APPROVE, published, reasons, before=before)


@action
def refuse(
    moderator: Person,
    held_id: int,
    reasons: Reasons,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Refuse a text that a rule holds back, with reasons; its author keeps it and may change it."""
    require_reasons(Deed.REFUSE, reasons)
    thing = thing_to_decide(moderator, "held", held_id, seen)
    # Locked before its notices, in the same order as in its author's actions
    lock_held(moderator, held_id)
    refused = replace(thing, address=f"/waiting/{held_id}")
    pointed_out = replace(reasons, is_automated=True)
    decision = record(moderator, Deed.REFUSE, refused, pointed_out, source=RULE)
    dialogue.refuse(moderator, held_id, reasons.facts, read, decision_id=decision.id)
    return decision


@action
def ask_to_edit(
    moderator: Person, kind: str, item_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Ask the author to change a post, or the opening post of a topic; otherwise nothing happens to it."""
    thing = thing_to_decide(moderator, kind, item_id, seen)
    require_reasons(Deed.ASK_TO_EDIT, reasons)
    if thing.kind not in EDITABLE_KINDS:
        raise Invalid(_("Choose a decision."), "deed")
    require_change(thing.state not in ("merged", "gone"))
    post = post_of_thing(thing)
    touches(topic_scope(post.topic_id))  # visitors do not see the request, but its author does
    require_change(not post.edit_asked_at or post.edit_answered_at)
    dialogue.ask_to_edit(moderator, post.id)
    decision = record_quietly(moderator, Deed.ASK_TO_EDIT, thing, reasons)
    notify_author(moderator, decision, f"/posts/{post.id}/edit")
    return decision


@action
def note(moderator: Person, post_id: int, text: Written, *, read: str | None = None) -> Decision:
    """Add a moderators' note below a post, which everybody can read; it replaces an earlier one.

    `read` is the fingerprint of the note that the page showed: `Conflict` when another moderator has changed it since.
    """
    thing = post_to_decide(moderator, post_id)
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    refuse_in_own_case(moderator, thing, [Deed.NOTE])
    now_there = thing.row.note_source, thing.row.note_language
    require_change((text.source, text.language) != now_there)
    if read and read != note_read(thing):
        raise Conflict(
            _(
                "Another moderator has changed the note since you opened the form. If you save, your note takes its place."
            )
        )
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, text)
    return record(moderator, Deed.NOTE, thing, Reasons(text.source), before=before)


@action
def unnote(moderator: Person, post_id: int) -> Decision:
    """Remove the moderators' note below a post."""
    thing = post_to_decide(moderator, post_id)
    refuse_in_own_case(moderator, thing, [Deed.NOTE])
    require_change(thing.row.note_source)
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, NO_TEXT)
    return record(moderator, Deed.UNNOTE, thing, before=before)


def _note_of(thing: Thing) -> NoteBefore:
    return NoteBefore(thing.row.note_source, thing.row.note_language)


@action
def publish(
    moderator: Person,
    practice_id: int,
    reasons: Reasons = NO_REASONS,
    *,
    seen: int | None = None,
    read: str | None = None,
    texts: Mapping[str, Written] = NO_TEXTS,
) -> Decision:
    """Publish a submitted practice; `seen` and `read` as in `thing_to_decide`, `texts` as in `library.submit`."""
    thing = _practice_to_decide(moderator, practice_id, seen, read)
    refuse_in_own_case(moderator, thing, [Deed.SEND_BACK])
    refuse_to_publish_own(moderator, thing)
    decision = record(moderator, Deed.PUBLISH, thing, reasons)
    library.publish(moderator, practice_id, texts, decision_id=decision.id)
    parallels.find_again(moderator, practice_id)
    return decision


@action
def send_back(
    moderator: Person,
    practice_id: int,
    reasons: Reasons,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Return a submitted practice to its author, with what to change as the reason; `seen` and `read` as in `publish`."""
    thing = _practice_to_decide(moderator, practice_id, seen, read)
    require_reasons(Deed.SEND_BACK, reasons)
    decision = record(moderator, Deed.SEND_BACK, thing, reasons)
    library.send_back(moderator, practice_id, reasons.facts, decision_id=decision.id)
    return decision


def _practice_to_decide(
    moderator: Person, practice_id: int, seen: int | None, read: str | None
) -> Thing:
    """As `thing_to_decide`, with the practice locked: before what waits in the queue ends, as when its author deletes it."""
    thing = thing_to_decide(moderator, "practice", practice_id, seen)
    practice_to_change(moderator, practice_id)
    refuse_unread(thing, read)  # once nobody changes it any more
    return thing


@action
def feature(moderator: Person, practice_id: int) -> Decision:
    """Put a published practice first in the library."""
    thing = thing_to_decide(moderator, "practice", practice_id)
    require_change(not thing.row.featured_at)
    library.feature(moderator, practice_id)
    return record(moderator, Deed.FEATURE, thing)


@action
def unfeature(moderator: Person, practice_id: int) -> Decision:
    """End the featuring of a practice."""
    thing = thing_to_decide(moderator, "practice", practice_id)
    require_change(thing.row.featured_at)
    library.unfeature(moderator, practice_id)
    return record(moderator, Deed.UNFEATURE, thing)


@action
def open_agenda(moderator: Person, agenda_id: int, reasons: Reasons = NO_REASONS) -> Decision:
    """Open an agenda that is in preparation: everybody sees it, with all its content."""
    serialize_decisions(moderator)
    thing = agenda_to_moderate(moderator, agenda_id)
    require_change(not thing.row.opened_at)
    dialogue.open_agenda(moderator, agenda_id)
    before = OpeningBefore(things_on(agenda_id))
    return record(moderator, Deed.OPEN_AGENDA, thing, reasons, before=before)


@action
def archive(moderator: Person, agenda_id: int, reasons: Reasons = NO_REASONS) -> Decision:
    """Archive an agenda: it can be read, not continued."""
    serialize_decisions(moderator)
    thing = agenda_to_moderate(moderator, agenda_id)
    require_change(not thing.row.archived_at)
    agendas.archive(moderator, agenda_id)
    return record(moderator, Deed.ARCHIVE, thing, reasons)


@action
def reopen(moderator: Person, agenda_id: int, reasons: Reasons = NO_REASONS) -> Decision:
    """Reopen an archived agenda."""
    serialize_decisions(moderator)
    thing = agenda_to_moderate(moderator, agenda_id)
    require_change(thing.row.archived_at)
    agendas.reopen(moderator, agenda_id)
    return record(moderator, Deed.REOPEN, thing, reasons)


@action
def delete_agenda(moderator: Person, agenda_id: int, reasons: Reasons) -> Decision:
    """Delete an agenda that was made by mistake. Raises `Conflict` when it has any content."""
    serialize_decisions(moderator)
    # Members who are writing there now finish first
    thing = agenda_to_delete(moderator, agenda_to_change(moderator, agenda_id).id)
    require_reasons(Deed.DELETE_AGENDA, reasons)
    if standing_on(agenda_id):
        raise Conflict(
            _("Something stands on this agenda, so it cannot be deleted. You can archive it.")
        )
    agendas.delete_agenda(moderator, agenda_id, reasons.facts)
    decision = record(moderator, Deed.DELETE_AGENDA, thing, reasons)
    for earlier in decisions_about("agenda", agenda_id):
        earlier.address = agendas.LIST  # because the agenda's own address no longer exists
    return decision
