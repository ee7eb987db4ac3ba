"""Decisions about several posts at once."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _

from forum.deeds import action
from forum.dialogue.actions import counting_last
from forum.dialogue.queries import lock_posts_to_withhold, lock_topics
from forum.errors import Conflict, Invalid
from forum.moderation.actions._concurrency import refuse_after_own_report, refuse_in_own_case
from forum.moderation.actions._reasons import NO_REASONS, Reasons, require_reasons
from forum.moderation.actions._record import group_as_lot, notify_authors, record_quietly
from forum.moderation.actions._visibility import ALLOWED_STATES, VISIBILITY_ACTIONS, state_before
from forum.moderation.models import Decision
from forum.moderation.queries import (
    WITHHOLDING_DEEDS,
    Thing,
    posts_to_moderate,
    serialize_decisions,
)
from forum.permissions import Person

MAX_POSTS_AT_ONCE = 100  # posts


@action
def decide_all(
    moderator: Person,
    topic_id: int,
    post_ids: Collection[int],
    deed: str,
    reasons: Reasons = NO_REASONS,
) -> list[Decision]:
    """Hide, remove or restore several posts of a topic for the same reasons: all of them or none.

    Each post gets a decision of its own, which its author can appeal; each author is notified once.
    """
    things = _posts_to_decide(moderator, topic_id, post_ids)
    if deed not in ALLOWED_STATES:
        raise Invalid(_("Choose a decision."), "deed")
    require_reasons(deed, reasons)
    for thing in things:
        if thing.state not in ALLOWED_STATES[deed]:
            raise Conflict(
                _("Number %(number)s is so already. Nothing was changed.", number=thing.row.number)
            )
    lock_topics([topic_id])
    lock_posts_to_withhold([thing.item_id for thing in things])
    with counting_last(moderator):
        decisions = [_decide_one(moderator, deed, thing, reasons) for thing in things]
    notify_authors(moderator, group_as_lot(decisions))
    return decisions


def _decide_one(moderator: Person, deed: str, thing: Thing, reasons: Reasons) -> Decision:
    if thing.state in ("hidden", "removed"):
        refuse_in_own_case(moderator, thing, WITHHOLDING_DEEDS)
    else:
        refuse_after_own_report(moderator, thing)
    before = state_before(thing)
    VISIBILITY_ACTIONS[deed](moderator, thing, reasons)
    return record_quietly(moderator, deed, thing, reasons, before=before)


def _posts_to_decide(moderator: Person, topic_id: int, post_ids: Collection[int]) -> list[Thing]:
    """The posts to decide about; raises `NotFound` unless all ids are posts of the topic."""
    serialize_decisions(moderator)
    if not post_ids:
        raise Invalid(_("Choose at least one post."), "post")
    if len(post_ids) > MAX_POSTS_AT_ONCE:
        raise Invalid(_("Choose at most %(most)s posts at once.", most=MAX_POSTS_AT_ONCE), "post")
    return posts_to_moderate(moderator, topic_id, post_ids)
