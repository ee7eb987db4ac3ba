"""What became of a milestone: reached, moved, given up, or open again."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from forum.clock import day_in_words, now
from forum.commitments.actions._rows import _reminded_already, keep_former, locked_commitment
from forum.commitments.actions._telling import tell_of_milestone
from forum.commitments.actions._texts import checked_words, refuse_caught_words
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import milestone_in
from forum.deeds import action
from forum.errors import Conflict, Invalid
from forum.permissions import Person, require
from forum.sentences import sentence

REACHED = sentence("A milestone is reached.")
GIVEN_UP = sentence("A milestone is given up.")
REOPENED = sentence("What was told of a milestone is taken back.")


@action
def reach_milestone(
    member: Person, commitment_id: int, milestone_id: int, words: str = ""
) -> Milestone:
    """Mark a milestone as reached, with an optional sentence; followers are told."""
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    words = checked_words(words, "sentence", is_needed=False)
    refuse_caught_words(member, commitment, words, "sentence")
    keep_former(member, commitment)
    milestone.reached_at, milestone.reached_words = now(), words
    tell_of_milestone(member, commitment, milestone, REACHED, words)
    return milestone


@action
def move_milestone(
    member: Person,
    commitment_id: int,
    milestone_id: int,
    day: date,
    reason: str,
    *,
    seen: str | None = None,
) -> Milestone:
    """Move a milestone to another day, with the reason; the earlier day stays visible, and followers are told.

    Raises `Conflict` unless `seen`, the day that the page has shown (none skips the check), is still its day.
    """
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    if seen and seen != milestone.day.isoformat():
        is_on = day_in_words(milestone.day)
        raise Conflict(_("It was moved to %(day)s meanwhile. Move it again?", day=is_on))
    reason = checked_words(reason, "note")
    if day == milestone.day:
        raise Invalid(_("This is its day already. Choose another one."), "day")
    if commitment.last_day < now().date():
        raise Invalid(
            _("The last day of the commitment is over. Give it a later one first."), "day"
        )
    if not now().date() <= day <= commitment.last_day:
        last = day_in_words(commitment.last_day)
        raise Invalid(_("Choose a day from today on and until %(last)s.", last=last), "day")
    refuse_caught_words(member, commitment, reason, "note")
    keep_former(member, commitment)
    moved = [milestone.day.isoformat(), now().date().isoformat(), reason]
    milestone.kept_moves = [*milestone.kept_moves, moved]
    milestone.day = day
    milestone.reminded_before_at, milestone.reminded_after_at = _reminded_already(day), None
    said = sentence("A milestone has another day now: %(day)s.", day=day.isoformat())
    tell_of_milestone(member, commitment, milestone, said, reason)
    return milestone


@action
def give_milestone_up(
    member: Person, commitment_id: int, milestone_id: int, reason: str
) -> Milestone:
    """Give a milestone up, with the reason, while the commitment goes on; followers are told."""
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    reason = checked_words(reason, "reason")
    refuse_caught_words(member, commitment, reason, "reason")
    keep_former(member, commitment)
    milestone.given_up_at, milestone.given_up_reason = now(), reason
    tell_of_milestone(member, commitment, milestone, GIVEN_UP, reason)
    return milestone


@action
def reopen_milestone(member: Person, commitment_id: int, milestone_id: int) -> Milestone:
    """Reopen a milestone, as after a mistake; followers are told, and the history keeps its former state."""
    commitment = locked_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    milestone = milestone_in(commitment, milestone_id)
    if milestone.is_open:
        raise Conflict(_("Nothing is told of this milestone."))
    keep_former(member, commitment)
    milestone.reached_at = milestone.given_up_at = None
    milestone.reached_words = milestone.given_up_reason = ""
    tell_of_milestone(member, commitment, milestone, REOPENED, milestone.words)
    return milestone


def _milestone_to_tell(
    member: Person, commitment_id: int, milestone_id: int
) -> tuple[Commitment, Milestone]:
    commitment = locked_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    milestone = milestone_in(commitment, milestone_id)
    if not milestone.is_open:
        raise Conflict(_("What became of this milestone is told already."))
    return commitment, milestone
