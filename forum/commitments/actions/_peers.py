"""Ending the following of a commitment, and counting who follows it."""

from __future__ import annotations

from forum.commitments.models import Commitment
from forum.commitments.queries import count_peers, peer_to_end
from forum.db import db, flush_unique


def end_following(commitment: Commitment, member_id: int) -> None:
    """Let a member follow a commitment no longer, if they do."""
    if row := peer_to_end(commitment.id, member_id):
        db.session.delete(row)
    count_followers(commitment)


def count_followers(commitment: Commitment) -> None:
    """Store how many members follow a commitment, after they were added or removed."""
    flush_unique()
    commitment.peers_count = count_peers(commitment.id)
