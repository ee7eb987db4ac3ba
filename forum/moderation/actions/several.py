"""Deciding about several posts at once."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _

from forum.db import action, at, now
from forum.errors import Conflict, Invalid
from forum.moderation.actions._reasons import NONE, Reasons, require_reasons
from forum.moderation.actions._record import as_lot, record, tell_authors
from forum.moderation.actions._things import DECIDING, FROM, state_before
from forum.moderation.actions._turns import refuse_own
from forum.moderation.models import Decision
from forum.moderation.queries import WITHHOLDING, Thing, posts_to_moderate, take_turn
from forum.permissions import Person

MOST_AT_ONCE = 100  # posts


@action
def decide_all(
    moderator: Person, topic_id: int, post_ids: Collection[int], deed: str, reasons: Reasons = NONE
) -> list[Decision]:
    """Hide, remove or show again several posts of a topic for the same reasons: all of them, or nothing happens.

    Each has a decision of its own, which its author can appeal against; each author is told once.
    """
    things = _posts_in_turn(moderator, topic_id, post_ids)
    if deed not in FROM:
        raise Invalid(_("Choose a decision."), "deed")
    require_reasons(deed, reasons)
    for thing in things:
        if thing.state not in FROM[deed]:
            raise Conflict(
                _("Number %(number)s is so already. Nothing was changed.", number=thing.row.number)
            )
    with at(
        now()
    ):  # in one moment, by which a topic that is hidden with its last post comes back with any
        decisions = [_decide_one(moderator, deed, thing, reasons) for thing in things]
    tell_authors(moderator, as_lot(decisions))
    return decisions


def _decide_one(moderator: Person, deed: str, thing: Thing, reasons: Reasons) -> Decision:
    if deed != "keep" and thing.state in ("hidden", "removed"):
        refuse_own(moderator, thing, WITHHOLDING)
    before = state_before(thing)
    DECIDING[deed](moderator, thing, reasons)
    return record(moderator, deed, thing, reasons, before=before, is_told=False)


def _posts_in_turn(moderator: Person, topic_id: int, post_ids: Collection[int]) -> list[Thing]:
    """Posts of a topic; one that is of another topic, or that there is not, and nothing is done to any."""
    take_turn()
    if not post_ids:
        raise Invalid(_("Choose at least one post."), "post")
    if len(post_ids) > MOST_AT_ONCE:
        raise Invalid(_("Choose at most %(most)s posts at once.", most=MOST_AT_ONCE), "post")
    return posts_to_moderate(moderator, topic_id, post_ids)
