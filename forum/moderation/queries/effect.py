"""Whether decisions are in effect, until when, and whether they can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from forum.agendas.models import Agenda
from forum.agendas.queries import ids_in_preparation
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Topic
from forum.errors import NotFound
from forum.moderation.models import LAST_DAY, Decision, Deed, MoveBefore
from forum.moderation.queries._deeds import (
    DEEDS,
    UNDO_PERIOD,
    UNDOABLE_DEEDS,
    WITHHOLDING_DEEDS,
    deeds_ended_by,
)
from forum.moderation.queries._shared import is_about
from forum.moderation.queries.decisions import is_of_a_clearing, latest_of
from forum.moderation.queries.things import thing_to_review
from forum.permissions import Person, require


def is_in_effect(decision: Decision) -> bool:
    """Whether a decision is neither reversed nor ended by a later one (see `DeedKind.ended_by`)."""
    later = select(Decision.id).where(Decision.id > decision.id)
    same = (Decision.kind == decision.kind) & (Decision.item_id == decision.item_id)
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    ended = same & Decision.deed.in_(DEEDS[decision.deed].ended_by) & ~is_undone
    over = later.where(or_(Decision.undoes_id == decision.id, ended))
    return not db.session.scalar(select(over.exists()))


def present_end(decision: Decision) -> datetime | None:
    """Until when a decision is in effect: as decided or, for a lock, as its last day was changed since; None for no end."""
    if decision.deed == Deed.LOCK and is_in_effect(decision):
        chosen = latest_of(decision.kind, decision.item_id, (Deed.LOCK, Deed.SET_LOCK_END))
        return chosen.until if chosen else None
    return decision.until


def has_brought_to_light(decision: Decision) -> bool:
    """Whether a decision moved a topic from an agenda in preparation to an open one, where it stays visible."""
    in_preparation = ids_in_preparation() if decision.deed == Deed.MOVE else []
    if not in_preparation or MoveBefore.from_json(decision.kept).agenda_id not in in_preparation:
        return False
    is_there = select(Topic.agenda_id).where(Topic.id == decision.item_id)
    return db.session.scalar(is_there) not in in_preparation


def has_lost_place(decision: Decision) -> bool:
    """Whether a decision moved a topic from an agenda that was deleted since, so that it cannot be moved back."""
    if decision.deed != Deed.MOVE:
        return False
    former_id = MoveBefore.from_json(decision.kept).agenda_id
    is_gone = select(Agenda.id).where(Agenda.id == former_id, Agenda.deleted_at.is_not(None))
    return db.session.scalar(is_gone) is not None


def is_reversible(moderator: Person, decision: Decision) -> bool:
    """Whether a decision can be reversed: it is in effect and its thing still exists (authors may withdraw held texts).

    What was published by a move stays there. For a topic that was merged into another, only the merger and the answer
    to its reports can be reversed.
    """
    try:
        thing = thing_to_review(moderator, decision.kind, decision.item_id)
    except NotFound:
        return False
    is_possible = thing.state != "merged" or decision.deed in (Deed.MERGE, Deed.KEEP)
    is_possible = is_possible and not has_brought_to_light(decision)
    return is_possible and not has_lost_place(decision) and is_in_effect(decision)


def end_of_other_restriction(decision: Decision, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted by the latest other decision in effect with one of these deeds; None for none."""
    query = select(Decision).where(
        *is_about(Decision, decision.kind, decision.item_id),
        Decision.id != decision.id,
        Decision.deed.in_(deeds),
        Decision.until > now(),
    )
    others = db.session.scalars(query.order_by(Decision.id.desc())).all()
    return next((other.until for other in others if is_in_effect(other)), None)


def latest_undoable_decision(reader: Person) -> Decision | None:
    """The moderator's latest decision that can still be undone: within `UNDO_PERIOD`, without a later one about its thing."""
    require(reader.can.see_queue())
    later = aliased(Decision)
    is_same = (later.kind == Decision.kind) & (later.item_id == Decision.item_id)
    query = select(Decision).where(
        Decision.moderator_id == reader.id,
        Decision.decided_at > now() - UNDO_PERIOD,
        Decision.deed.in_(UNDOABLE_DEEDS),
        Decision.source != LAST_DAY,  # made by the worker in their name
        ~is_of_a_clearing(),
        ~select(later.id).where(is_same, later.id > Decision.id).exists(),
    )
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def decision_to_offer(reader: Person) -> Decision | None:
    """`latest_undoable_decision` for a page that offers to undo it; None for members who no longer moderate anything."""
    latest = latest_undoable_decision(reader) if reader.can.see_queue() else None
    is_kept = latest is None or has_brought_to_light(latest) or has_lost_place(latest)
    return None if is_kept else latest


def ids_ended_by(decision: Decision) -> Sequence[int]:
    """The ids of earlier decisions about the same thing that a decision ends, undoes or (hiding or removing) replaces.

    Decisions of a lot are left out unless the whole lot is undone: their notices are about other things, too.
    """
    deeds = deeds_ended_by(decision.deed)
    deeds += WITHHOLDING_DEEDS if decision.deed in WITHHOLDING_DEEDS else ()
    if not deeds and decision.undoes_id is None:
        return []
    is_earlier = (*is_about(Decision, decision.kind, decision.item_id), Decision.id < decision.id)
    is_ended = or_(Decision.deed.in_(deeds), Decision.id == decision.undoes_id)
    if decision.deed != Deed.UNDO:
        is_ended = and_(is_ended, Decision.lot_id.is_(None))
    return db.session.scalars(select(Decision.id).where(*is_earlier, is_ended)).all()
