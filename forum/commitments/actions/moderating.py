"""Hiding commitments, and showing them again."""

from __future__ import annotations

from forum.clock import now
from forum.commitments.models import Commitment
from forum.commitments.queries import commitment_to_change, milestones_of
from forum.deeds import action
from forum.notifications.actions import hide_told, restore_told
from forum.permissions import Person, require
from forum.search import actions as search


@action
def hide_commitment(moderator: Person, commitment_id: int, reason: str) -> Commitment:
    """Hide a commitment: only moderators of its agenda and its author find it; notices about it are hidden, too."""
    commitment = commitment_to_change(moderator, commitment_id)
    require(moderator.can.moderate(commitment.agenda_id))
    if commitment.hidden_at is None:
        commitment.hidden_at, commitment.hidden_reason = now(), reason.strip()
        search.hide(moderator, "commitment", commitment.id)
        for kind, address in _told(commitment):
            hide_told(moderator, kind, address)
    return commitment


@action
def restore_commitment(moderator: Person, commitment_id: int) -> Commitment:
    """Show a commitment again."""
    commitment = commitment_to_change(moderator, commitment_id)
    require(moderator.can.moderate(commitment.agenda_id))
    if commitment.hidden_at is not None:
        commitment.hidden_at, commitment.hidden_reason = None, ""
        search.restore(moderator, "commitment", commitment.id)
        for kind, address in _told(commitment):
            restore_told(moderator, kind, address, commitment.published_at)
    return commitment


def _told(commitment: Commitment) -> list[tuple[str, str]]:
    """The kinds and paths of all notices about a commitment."""
    reminders = [("milestone", milestone.told_at) for milestone in milestones_of(commitment)]
    return [("commitment", commitment.told_at), *reminders]
