"""Claiming and releasing entries of the queue. The calling actions have checked that the moderator may decide about them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete

from forum.claims.models import Claim, EntryKey
from forum.claims.queries import active_claim, refuse_claimed, stored_claim
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.permissions import Person, require


@action
def claim(moderator: Person, key: EntryKey, holder: int | None = None) -> None:
    """Claim an entry; raises `Conflict` when another moderator has claimed it, unless that is `holder`."""
    touches()
    require(moderator.can.see_queue())
    refuse_claimed(moderator, [key], [holder])
    row = stored_claim(key) or Claim(kind=key[0], item_id=key[1])
    row.member_id, row.claimed_at = moderator.id, now()
    db.session.add(row)


@action
def release(moderator: Person, key: EntryKey) -> None:
    """Release one's claim on an entry; nothing happens without one."""
    touches()
    require(moderator.can.see_queue())
    claimed = active_claim(key)
    if claimed and claimed.member_id == moderator.id:
        db.session.delete(claimed)


@action
def end_claims(moderator: Person, keys: Collection[EntryKey]) -> None:
    """End all claims on entries that have been decided."""
    touches()
    require(moderator.can.see_queue())
    for kind, item_id in keys:
        db.session.execute(delete(Claim).where(Claim.kind == kind, Claim.item_id == item_id))


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the claims of a member who leaves."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Claim).where(Claim.member_id == member_id))
