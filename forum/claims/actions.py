"""Being at an entry and leaving it. The deeds that call these have found that one may decide about it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete

from forum.claims.models import Claim
from forum.claims.queries import Key, claim_of, claim_row, refuse_claimed
from forum.db import action, db, now, touches
from forum.permissions import Person, require


@action
def claim(moderator: Person, key: Key, holder: int | None = None) -> None:
    """Be at an entry. When somebody else is, that raises `Conflict`, unless one knows (`holder` is that member)."""
    touches()
    require(moderator.can.see_queue())
    refuse_claimed(moderator, [key], [holder])
    row = claim_row(key) or Claim(kind=key[0], item_id=key[1])
    row.member_id, row.claimed_at = moderator.id, now()
    db.session.add(row)


@action
def release(moderator: Person, key: Key) -> None:
    """Be at an entry no longer; who is not, changes nothing."""
    touches()
    require(moderator.can.see_queue())
    claimed = claim_of(key)
    if claimed and claimed.member_id == moderator.id:
        db.session.delete(claimed)


@action
def end_claims(moderator: Person, keys: Collection[Key]) -> None:
    """Let nobody be at entries any longer, because they are decided."""
    touches()
    require(moderator.can.see_queue())
    for kind, item_id in keys:
        db.session.execute(delete(Claim).where(Claim.kind == kind, Claim.item_id == item_id))


@action
def forget_member(system: Person, member_id: int) -> None:
    """Let somebody who leaves be at nothing."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Claim).where(Claim.member_id == member_id))
