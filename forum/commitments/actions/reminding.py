"""What the worker does: reminding organisations to report, and ending what must not be followed any more."""

from __future__ import annotations

from forum.clock import now
from forum.commitments.actions._peers import end_following
from forum.commitments.models import Milestone
from forum.commitments.queries import (
    commitments_by_id,
    commitments_with_own_peers,
    ids_to_remind,
    milestones_near,
    milestones_over,
)
from forum.deeds import action, touches
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require
from forum.sentences import Sentence, sentence

BATCH_SIZE = 200  # commitments and milestones that one transaction handles


@action
def look_after_commitments(system: Person) -> int:
    """Remind organisations of milestones that are near or overdue; returns how many.

    Followers who now belong to the organisation itself stop following. Rows that are due are locked and updated in
    the transaction that writes the events, so each reminder is sent once. If nobody could report on the commitment
    now, the reminder waits until somebody can.
    """
    require(system.can.administer())
    if not _end_own_peers():
        touches()
    today = now().date()
    near, over = milestones_near(today, BATCH_SIZE), milestones_over(today, BATCH_SIZE)
    for milestone in near:
        milestone.reminded_before_at = now()
        _remind(system, milestone, sentence("Its day is %(day)s.", day=milestone.day.isoformat()))
    for milestone in over:
        milestone.reminded_before_at = milestone.reminded_after_at = now()
        said = sentence(
            "Its day is over: %(day)s. What became of it?", day=milestone.day.isoformat()
        )
        _remind(system, milestone, said)
    return len(near) + len(over)


def _end_own_peers() -> bool:
    """End the following of members who belong to the organisation themselves by now; returns whether there were any."""
    own = commitments_with_own_peers(BATCH_SIZE)
    found = commitments_by_id({commitment_id for commitment_id, _member_id in own})
    commitments = {commitment.id: commitment for commitment in found}
    for commitment_id, member_id in own:
        end_following(commitments[commitment_id], member_id)
    return bool(own)


def _remind(system: Person, milestone: Milestone, said: Sentence) -> None:
    commitment, title = milestone.commitment, milestone.words
    notice = NoticeText(
        "milestone",
        milestone.told_at,
        title,
        commitment.title,
        before=[said],
        language=commitment.language,
    )
    note_event(system, notice, ids_to_remind(commitment), is_named=False)
