"""Deleting letters after their time, and those of members and visitors who are forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete

from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.mail.models import Delivery
from forum.permissions import Person, require

KEPT, KEPT_FAILED = timedelta(days=30), timedelta(days=90)


@action
def forget_letters(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete letters that were sent or dropped before `KEPT`, or given up before `KEPT_FAILED`; returns how many.

    At most `limit` of each.
    """
    require(system.can.administer())
    touches()
    conditions = (
        Delivery.sent_at < now() - KEPT,
        Delivery.dropped_at < now() - KEPT,
        Delivery.given_up_at < now() - KEPT_FAILED,
    )
    return sum(len(delete_batch(Delivery, limit, is_old)) for is_old in conditions)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete every letter to a member who has left, sent or not."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.member_id == member_id))


@action
def forget_addresses(system: Person, addresses: Collection[str], until: datetime) -> None:
    """Delete letters to addresses (for example of candidates) written until a moment, except letters to members."""
    require(system.can.administer())
    touches()
    theirs = (Delivery.address.in_(addresses), Delivery.member_id.is_(None))
    db.session.execute(delete(Delivery).where(*theirs, Delivery.created_at <= until))


@action
def forget_by_ids(system: Person, ids: Sequence[int]) -> None:
    """Delete letters by id, for rooms that keep them for a shorter time."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
