"""Several topics of one agenda to decide about, and why some of them cannot be decided about so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.columns import possible_ids
from forum.db import db
from forum.dialogue.models import MAX_THEMES, Topic
from forum.dialogue.queries import visible_topics
from forum.errors import Forbidden, NotFound
from forum.moderation.models import Decision, Deed
from forum.moderation.queries._deeds import UNDO_PERIOD
from forum.moderation.queries._kinds import Thing, from_topic
from forum.moderation.queries.decisions import (
    OF_SEVERAL_TOPICS,
    decisions_in_lot,
    get_decision,
    latest_decision_id,
    undoings_of,
)
from forum.moderation.queries.effect import is_reversible
from forum.moderation.queries.things import thing_to_review
from forum.permissions import Person, require
from forum.sentences import Kept

# Why a topic stays as it is; the pages say it in words
NOT_THERE, LOCKED, ON_PAGE, THEMED, FULL = "gone", "locked", "home", "themed", "full"
# Why a decision stays when others that were made with it are taken back
DECIDED, LOST, TITLED, HELD = "decided", "lost", "titled", "held"


class Chosen(NamedTuple):
    """A topic that was chosen. `thing` is None when it is not on the agenda (any more); `why` is empty unless it stays as it is."""

    topic_id: int
    thing: Thing | None
    why: str


def chosen_topics(
    moderator: Person,
    agenda_id: int,
    topic_ids: Sequence[int],
    deed: str,
    theme_id: int | None = None,
) -> list[Chosen]:
    """Topics of an agenda for its moderator, each once, in the given order, with why they would stay as they are.

    `theme_id` is the theme that they would be given.
    """
    require(moderator.can.see_queue())
    require(moderator.can.moderate(agenda_id))
    ids = possible_ids(topic_ids)
    query = visible_topics(moderator).where(Topic.id.in_(ids), Topic.agenda_id == agenda_id)
    query = query.options(joinedload(Topic.agenda), selectinload(Topic.themes))
    found = {topic.id: topic for topic in db.session.scalars(query)} if ids else {}
    return [
        Chosen(topic_id, from_topic(topic), _why_not(topic, deed, theme_id))
        if (topic := found.get(topic_id))
        else Chosen(topic_id, None, NOT_THERE)
        for topic_id in dict.fromkeys(topic_ids)
    ]


def _why_not(topic: Topic, deed: str, theme_id: int | None) -> str:
    if deed == Deed.LOCK:
        return LOCKED if topic.locked_at else ""
    if topic.home:  # it follows its page
        return ON_PAGE
    if deed == Deed.RETITLE and theme_id in [theme.id for theme in topic.themes]:
        return THEMED
    return FULL if deed == Deed.RETITLE and len(topic.themes) >= MAX_THEMES else ""


def decided_together(moderator: Person, agenda_id: int, decision_id: int) -> Sequence[Decision]:
    """A decision about a topic of an agenda and those that were made with it there, in their order, for its moderator.

    Removals of a clearing, which are of any agenda, are in one lot, too; it is no deed over several topics.
    """
    decision = get_decision(moderator, decision_id)
    require(moderator.can.see_decision(decision))
    if not is_of_several_topics(decision) or decision.agenda_id != agenda_id:
        raise NotFound()
    return decisions_in_lot(decision.lot_id) if decision.lot_id else [decision]


def is_of_several_topics(decision: Decision) -> bool:
    """Whether a decision is one that can be made about several topics at once, each for itself."""
    return decision.kind == "topic" and decision.deed in OF_SEVERAL_TOPICS


def page_of_part(moderator: Person, undoing: Decision) -> str:
    """The address of the page about several topics where only a part of what was decided is taken back; else empty."""
    if not undoing.undoes_id:
        return ""
    decision = get_decision(moderator, undoing.undoes_id)
    if not decision.lot_id or not decision.agenda or not is_of_several_topics(decision):
        return ""
    lot = decisions_in_lot(decision.lot_id)
    is_part = len(undoings_of(lot)) < len(lot)
    return f"/agendas/{decision.agenda.slug}/topics/decided/{decision.lot_id}" if is_part else ""


def left_when_undone(
    moderator: Person, decisions: Collection[Decision], undoings: Mapping[int, Decision]
) -> dict[int, str]:
    """By their ids, those decisions of a lot that were left when its moderator took it back, with why; empty for none.

    `undoings` is what took the others back (`undoings_of`).
    """
    if not any(undoing.deed == Deed.UNDO for undoing in undoings.values()):
        return {}
    return {
        decision.id: why_kept(moderator, decision)
        for decision in decisions
        if decision.id not in undoings
    }


def why_kept(moderator: Person, decision: Decision) -> str:
    """Why a decision about one of several topics cannot be taken back by itself; empty if it can."""
    if latest_decision_id(decision.kind, decision.item_id) != decision.id:
        return DECIDED
    try:
        thing = thing_to_review(moderator, decision.kind, decision.item_id)
    except (NotFound, Forbidden):
        return LOST
    if decision.deed == Deed.RETITLE and thing.title != decision.kept.get("made"):
        return TITLED
    return "" if is_reversible(moderator, decision) else HELD


class Same(NamedTuple):
    """By what a deed over several topics of an agenda is known when it is sent once more: what was done, and what was said of it."""

    deed: str
    agenda_id: int
    reason: str
    sentences: Kept | None


def decided_before(moderator: Person, topic_ids: Collection[int], same: Same) -> Sequence[Decision]:
    """The decisions that the moderator has just made by the same deed over these topics, none of them taken back; empty for none."""
    query = select(Decision).where(
        Decision.moderator_id == moderator.id,
        Decision.deed == same.deed,
        Decision.kind == "topic",
        Decision.agenda_id == same.agenda_id,
        Decision.item_id.in_(possible_ids(topic_ids)),
        Decision.decided_at > now() - UNDO_PERIOD,
    )
    latest = db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()
    if latest is None or (latest.reason, latest.sentences) != (same.reason, same.sentences):
        return []
    decisions = decisions_in_lot(latest.lot_id) if latest.lot_id else [latest]
    is_all = {decision.item_id for decision in decisions} <= set(topic_ids)
    return decisions if is_all and not undoings_of(decisions) else []


def agenda_of_topics(moderator: Person, slug: str) -> Agenda:
    """The agenda with this slug, for a moderator who decides about its topics."""
    require(moderator.can.see_queue())
    agenda = get_agenda(moderator, slug)
    require(moderator.can.moderate(agenda.id))
    return agenda
