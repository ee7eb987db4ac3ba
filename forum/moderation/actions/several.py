"""Decisions about several topics of one agenda at once: those that can be are decided about, the others stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import or_

from forum.agendas.queries import agenda_by_id, themes_by_id
from forum.columns import possible_ids
from forum.deeds import action
from forum.dialogue.actions import counting_last
from forum.dialogue.queries import lock_quoting_posts, lock_topics, quotes_around_topic
from forum.errors import Conflict, Invalid
from forum.moderation.actions._reasons import NO_REASONS, Reasons, check_length, require_reasons
from forum.moderation.actions._record import group_as_lot, notify_authors, record_quietly
from forum.moderation.actions._topics import (
    check_last_day,
    is_given,
    is_moved,
    last_day,
    lock_topic,
    move_topic,
    theme_topic,
)
from forum.moderation.models import Decision, Deed
from forum.moderation.queries import (
    Chosen,
    Same,
    Thing,
    chosen_topics,
    decided_before,
    serialize_decisions,
)
from forum.permissions import Person, require
from forum.sentences import kept

MAX_TOPICS_AT_ONCE = 50  # topics


class Outcome(NamedTuple):
    """The decisions that were made, and what was chosen and stays as it is."""

    decisions: Sequence[Decision]
    left: Sequence[Chosen]


@action
def lock_several(
    moderator: Person,
    agenda_id: int,
    topic_ids: Collection[int],
    reasons: Reasons,
    until: date | None = None,
) -> Outcome:
    """Lock those of some topics of an agenda that are open; the reason and the last day are as in `lock`."""
    chosen = _to_decide(moderator, agenda_id, topic_ids, Deed.LOCK)
    require_reasons(Deed.LOCK, reasons)
    check_last_day(until)

    def lock(thing: Thing) -> Decision:
        return lock_topic(moderator, thing, reasons, until, record=record_quietly)

    said = last_day(until).get("sentences")
    return _decide_each(moderator, chosen, lock, Same(Deed.LOCK, agenda_id, reasons.facts, said))


@action
def move_several(
    moderator: Person,
    agenda_id: int,
    topic_ids: Collection[int],
    target_id: int,
    reasons: Reasons = NO_REASONS,
) -> Outcome:
    """Move those of some topics of an agenda that are on no page of their own to the agenda `target_id`, as `move` does."""
    chosen = _to_decide(moderator, agenda_id, topic_ids, Deed.MOVE)
    target = agenda_by_id(moderator, target_id)
    if target_id == agenda_id:
        raise Invalid(_("The topics are on this agenda already."), "agenda")
    check_length(reasons.facts, "reason")
    rows = [choice.thing.row for choice in chosen if choice.thing and not choice.why]
    require(moderator.can.move(agenda_id, target))
    # What quotes them, and what they quote, appears
    if any(topic.agenda.opened_at is None for topic in rows):
        lock_quoting_posts(or_(*(quotes_around_topic(topic) for topic in rows)))

    def move(thing: Thing) -> Decision:
        return move_topic(moderator, thing, target, reasons, record=record_quietly)

    said = kept([is_moved(target)])
    return _decide_each(moderator, chosen, move, Same(Deed.MOVE, agenda_id, reasons.facts, said))


@action
def theme_several(
    moderator: Person,
    agenda_id: int,
    topic_ids: Collection[int],
    theme_id: int,
    reasons: Reasons = NO_REASONS,
) -> Outcome:
    """Give a theme to those of some topics of an agenda that do not have it and can have one more."""
    chosen = _to_decide(moderator, agenda_id, topic_ids, Deed.RETITLE, theme_id)
    theme = next(iter(themes_by_id([theme_id])), None)
    if theme is None:
        raise Invalid(_("Choose a theme."), "theme")
    check_length(reasons.facts, "reason")

    def give(thing: Thing) -> Decision:
        return theme_topic(moderator, thing, theme, reasons, record=record_quietly)

    said = kept([is_given(theme)])
    return _decide_each(moderator, chosen, give, Same(Deed.RETITLE, agenda_id, reasons.facts, said))


def _to_decide(
    moderator: Person,
    agenda_id: int,
    topic_ids: Collection[int],
    deed: str,
    theme_id: int | None = None,
) -> list[Chosen]:
    """The topics that were chosen, all locked, in the order of their ids."""
    serialize_decisions(moderator)
    require(moderator.can.moderate(agenda_id))
    if not topic_ids:
        raise Invalid(_("Choose at least one topic."), "topic")
    if len(topic_ids) > MAX_TOPICS_AT_ONCE:
        raise Invalid(
            _("Choose at most %(most)s topics at once.", most=MAX_TOPICS_AT_ONCE), "topic"
        )
    lock_topics(possible_ids(topic_ids))
    return chosen_topics(moderator, agenda_id, sorted(topic_ids), deed, theme_id)


def _decide_each(
    moderator: Person, chosen: Sequence[Chosen], decide: Callable[[Thing], Decision], same: Same
) -> Outcome:
    """Decide about what can be decided about; each author is notified once. Raises `Conflict` when nothing can be.

    When nothing is left because the same was sent before, as by a button that is pressed twice, that is the outcome.
    """
    things = [choice.thing for choice in chosen if choice.thing and not choice.why]
    if not things:
        if earlier := decided_before(moderator, [choice.topic_id for choice in chosen], same):
            decided = {decision.item_id for decision in earlier}
            return Outcome(earlier, [choice for choice in chosen if choice.topic_id not in decided])
        raise Conflict(_("None of these topics can be changed so. Nothing was changed."))
    with counting_last(moderator):
        decisions = [decide(thing) for thing in things]
    notify_authors(moderator, group_as_lot(decisions))
    return Outcome(decisions, [choice for choice in chosen if choice.why])
