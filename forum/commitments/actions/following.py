"""Members of other organisations, who follow a commitment to compare notes."""

from __future__ import annotations

from forum.clock import now
from forum.commitments.actions._peers import count_followers, end_following
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import commitment_to_change, peer_to_end
from forum.db import db
from forum.deeds import action
from forum.members.queries import lock_writer
from forum.permissions import Person, require


@action
def follow_commitment(member: Person, commitment_id: int) -> Commitment:
    """Follow the commitment of another organisation, to compare notes; its page shows who follows it."""
    lock_writer(member)
    commitment = commitment_to_change(member, commitment_id)
    require(member.can.follow_commitment(commitment))
    if peer_to_end(commitment.id, member.id) is None:
        row = Peer(commitment_id=commitment.id, member_id=member.id, followed_at=now())
        db.session.add(row)
    count_followers(commitment)
    return commitment


@action
def unfollow_commitment(member: Person, commitment_id: int) -> Commitment:
    """Stop following a commitment."""
    require(member.can.watch())
    commitment = commitment_to_change(member, commitment_id)
    end_following(commitment, member.id)
    return commitment
