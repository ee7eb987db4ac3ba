"""Deciding about a topic: its lock, its place, its posts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import ngettext

from forum.advice.queries import is_advice_awaited
from forum.agendas.queries import agenda_by_id
from forum.db import action
from forum.dialogue import actions as dialogue
from forum.errors import Invalid
from forum.moderation.actions._reasons import NONE, Reasons, check_length, require_reasons
from forum.moderation.actions._record import Before, record, tell_moved
from forum.moderation.actions._turns import refuse_own, require_change, topic_in_turn
from forum.moderation.models import Decision
from forum.permissions import Person


@action
def lock(
    moderator: Person, topic_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Let a topic take no more replies, and tell all who read it why."""
    thing = topic_in_turn(moderator, topic_id, seen)
    require_reasons("lock", reasons)
    require_change(not thing.row.locked_at)
    dialogue.lock(moderator, topic_id, reasons.facts)
    return record(moderator, "lock", thing, reasons)


@action
def unlock(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a topic take replies again."""
    thing = topic_in_turn(moderator, topic_id)
    require_change(thing.row.locked_at)
    refuse_own(moderator, thing, ["lock"])
    before = {"reason": thing.row.locked_reason}
    dialogue.unlock(moderator, topic_id)
    return record(moderator, "unlock", thing, reasons, before=before)


@action
def pin(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Keep a topic at the top of its agenda's dialogue."""
    thing = topic_in_turn(moderator, topic_id)
    require_change(not thing.row.pinned_at)
    dialogue.pin(moderator, topic_id)
    return record(moderator, "pin", thing, reasons)


@action
def unpin(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a topic stand where its latest post puts it."""
    thing = topic_in_turn(moderator, topic_id)
    require_change(thing.row.pinned_at)
    dialogue.unpin(moderator, topic_id)
    return record(moderator, "unpin", thing, reasons)


@action
def move(moderator: Person, topic_id: int, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Put a topic on another agenda; what waits for a decision in it waits there then."""
    thing = topic_in_turn(moderator, topic_id)
    agenda = agenda_by_id(moderator, agenda_id)
    if thing.agenda_id == agenda_id:
        raise Invalid(_("The topic is on this agenda already."), "agenda")
    check_length(reasons.facts, "reason")
    before = {"agenda": thing.agenda_id}
    dialogue.move(moderator, topic_id, agenda_id)
    moved = _("Moved to “%(agenda)s”.", agenda=agenda.title)
    said = replace(reasons, facts=f"{moved} {reasons.facts}".strip())
    return record(moderator, "move", thing, said, before=before)


@action
def split(
    moderator: Person,
    topic_id: int,
    post_ids: Collection[int],
    part: dialogue.Part,
    reasons: Reasons = NONE,
) -> Decision:
    """Let posts of a topic be a topic of their own. Who wrote them is told where they are."""
    thing = topic_in_turn(moderator, topic_id)
    check_length(reasons.facts, "reason")
    moved = dialogue.split(moderator, topic_id, post_ids, part)
    gone = ngettext(
        "%(num)s post went to “%(title)s”.",
        "%(num)s posts went to “%(title)s”.",
        len(moved.numbers),
        title=moved.target.title,
    )
    said = replace(reasons, facts=f"{gone} {reasons.facts}".strip())
    decision = record(moderator, "split", thing, said, before=_way_back(moved))
    tell_moved(moderator, moved.numbers, moved.target, reasons)
    return decision


@action
def merge(moderator: Person, topic_id: int, target_id: int, reasons: Reasons = NONE) -> Decision:
    """Put a topic into another, whose readers find its posts at the end; its address leads there for ever."""
    thing = topic_in_turn(moderator, topic_id)
    check_length(reasons.facts, "reason")
    if is_advice_awaited(topic_id):
        raise Invalid(
            _(
                "Members were asked for advice on this topic, and look for it here. Put the other into it."
            ),
            "target",
        )
    moved = dialogue.merge(moderator, topic_id, target_id)
    now_in = _("Put into “%(title)s”.", title=moved.target.title)
    said = replace(reasons, facts=f"{now_in} {reasons.facts}".strip())
    decision = record(moderator, "merge", thing, said, before=_way_back(moved))
    tell_moved(moderator, moved.numbers, moved.target, reasons, but=thing.author_id)
    return decision


def _way_back(moved: dialogue.Moved) -> Before:
    post_id, at = moved.answer or (None, None)
    return {
        "target": moved.target.id,
        "posts": list(moved.numbers.items()),
        "last": moved.before,
        "held": list(moved.held),
        "answer": post_id,
        "answered_at": at.isoformat() if at else None,
    }
