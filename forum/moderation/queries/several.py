"""Several topics of one agenda to decide about, and why some of them cannot be decided about so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.columns import possible_ids
from forum.db import db
from forum.dialogue.models import MAX_THEMES, Topic
from forum.dialogue.queries import visible_topics
from forum.errors import NotFound
from forum.moderation.models import Decision, Deed
from forum.moderation.queries._kinds import Thing, from_topic
from forum.moderation.queries.decisions import OF_SEVERAL_TOPICS, decisions_in_lot, get_decision
from forum.permissions import Person, require

# Why a topic stays as it is; the pages say it in words
NOT_THERE, LOCKED, ON_PAGE, THEMED, FULL = "gone", "locked", "home", "themed", "full"


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
    is_one_of_several = decision.kind == "topic" and decision.deed in OF_SEVERAL_TOPICS
    if not is_one_of_several or decision.agenda_id != agenda_id:
        raise NotFound()
    return decisions_in_lot(decision.lot_id) if decision.lot_id else [decision]


def agenda_of_topics(moderator: Person, slug: str) -> Agenda:
    """The agenda with this slug, for a moderator who decides about its topics."""
    require(moderator.can.see_queue())
    agenda = get_agenda(moderator, slug)
    require(moderator.can.moderate(agenda.id))
    return agenda
