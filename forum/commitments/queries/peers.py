"""Members elsewhere who follow a commitment (“peers”)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from forum.commitments.models import Commitment, Peer
from forum.db import db
from forum.members.models import City, Member
from forum.permissions import Person

MAX_PEERS = 500  # on the page of a commitment


def is_peer(member: Person, commitment_id: int) -> bool:
    """Whether a member follows a commitment."""
    if not member.is_member:
        return False
    mine = _peers().where(Peer.commitment_id == commitment_id, Peer.member_id == member.id)
    return bool(db.session.scalar(select(mine.exists())))


def _peers() -> Select[Any]:
    """(member id, commitment) of followers; members who belong to its organisation by now are left out."""
    is_elsewhere = Member.organisation_id.is_distinct_from(Commitment.organisation_id)
    found = select(Peer.member_id).join(Peer.member)
    return found.join(Commitment, Commitment.id == Peer.commitment_id).where(is_elsewhere)


def commitments_with_own_peers(limit: int) -> list[tuple[int, int]]:
    """(commitment id, member id) of followers who belong to its organisation by now."""
    is_own = Member.organisation_id == Commitment.organisation_id
    found = select(Peer.commitment_id, Peer.member_id).join(Peer.member)
    found = found.join(Commitment, Commitment.id == Peer.commitment_id).where(is_own)
    ordered = found.order_by(Peer.commitment_id, Peer.member_id).limit(limit)
    return [(commitment_id, member_id) for commitment_id, member_id in db.session.execute(ordered)]


def peers_of(commitment: Commitment) -> Sequence[Peer]:
    """The followers of a commitment, with member and city, by city; without hidden profiles, at most `MAX_PEERS`."""
    mine = Peer.commitment_id == commitment.id, Member.hidden_at.is_(None), Member.left_at.is_(None)
    is_elsewhere = Member.organisation_id.is_distinct_from(commitment.organisation_id)
    query = select(Peer).join(Peer.member).outerjoin(Member.city).where(*mine, is_elsewhere)
    people = contains_eager(Peer.member)
    query = query.options(
        people.contains_eager(Member.city), people.joinedload(Member.organisation)
    )
    order = (City.name.is_(None), City.name, Peer.followed_at, Peer.member_id)
    return db.session.scalars(query.order_by(*order).limit(MAX_PEERS)).all()


def peer_ids(commitment_id: int) -> list[int]:
    """The ids of all members of other organisations who follow a commitment."""
    return sorted(db.session.scalars(_peers().where(Peer.commitment_id == commitment_id)))


def count_peers(commitment_id: int) -> int:
    """How many members follow a commitment."""
    query = select(func.count()).where(Peer.commitment_id == commitment_id)
    return db.session.scalar(query) or 0


def peer_to_end(commitment_id: int, member_id: int | None) -> Peer | None:
    """The row of a member's following, for a commitment that is locked; None if there is none."""
    mine = Peer.commitment_id == commitment_id, Peer.member_id == member_id
    return db.session.scalar(select(Peer).where(*mine))


def followed_by(member_id: int) -> list[int]:
    """The ids of the commitments that a member follows, in order."""
    return sorted(db.session.scalars(select(Peer.commitment_id).where(Peer.member_id == member_id)))
