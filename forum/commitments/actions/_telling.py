"""Telling those who follow a commitment what became of it."""

from __future__ import annotations

from forum.commitments.actions._rows import note_next_day
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import ids_of_reminded, milestones_of, peer_ids
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import Person
from forum.sentences import Sentence


def tell_of_milestone(
    member: Person, commitment: Commitment, milestone: Milestone, said: Sentence, text: str
) -> None:
    """Note what became of a milestone, which ends its reminders, and tell those who follow the commitment."""
    note_next_day(commitment)
    read_outdated(member, "milestone", [milestone.told_at], ids_of_reminded(commitment))
    _tell_peers(
        member, commitment, said, f"{milestone.words} – {text}" if text else milestone.words
    )


def tell_end(member: Person, commitment: Commitment, said: Sentence, text: str) -> None:
    """As `tell_of_milestone`, for a commitment that is over."""
    note_next_day(commitment)
    addresses = [milestone.told_at for milestone in milestones_of(commitment)]
    read_outdated(member, "milestone", addresses, ids_of_reminded(commitment))
    _tell_peers(member, commitment, said, text)


def _tell_peers(member: Person, commitment: Commitment, said: Sentence, text: str) -> None:
    notice = NoticeText(
        "commitment",
        commitment.told_at,
        commitment.title,
        text,
        before=[said],
        language=commitment.language,
    )
    note_event(member, notice, peer_ids(commitment.id))
