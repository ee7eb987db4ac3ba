"""Who is at what now, and the word to whoever comes second."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import joinedload

from forum.claims.models import Claim
from forum.db import db, now
from forum.errors import Conflict
from forum.permissions import Person

CLAIMED = timedelta(minutes=30)
Key = tuple[str, int]


def claims() -> Sequence[Claim]:
    """All that hold, with who is at it."""
    query = select(Claim).where(_is_alive()).options(joinedload(Claim.member))
    return db.session.scalars(query).all()


def _is_alive() -> ColumnElement[bool]:
    return Claim.claimed_at > now() - CLAIMED


def claim_of(key: Key) -> Claim | None:
    """Who is at an entry now."""
    query = select(Claim).where(Claim.kind == key[0], Claim.item_id == key[1], _is_alive())
    return db.session.scalar(query.options(joinedload(Claim.member)))


def claims_of_others(moderator: Person, keys: Collection[Key]) -> Sequence[Claim]:
    """Who else is at one of some entries now, the earliest first."""
    theirs = Claim.member_id != moderator.id, tuple_(Claim.kind, Claim.item_id).in_(list(keys))
    query = select(Claim).where(*theirs, _is_alive()).options(joinedload(Claim.member))
    return db.session.scalars(query.order_by(Claim.claimed_at, Claim.member_id)).all()


def claim_row(key: Key) -> Claim | None:
    """The row of an entry's claim, over or not."""
    return db.session.get(Claim, key)


def refuse_claimed(
    moderator: Person, keys: Collection[Key], holders: Collection[int | None]
) -> None:
    """Raise `Conflict` when somebody else is at one of some entries, unless the page has told so: it names the `holders`."""
    for claim in claims_of_others(moderator, keys):
        if claim.member_id not in holders:
            raise Conflict(
                _(
                    "%(name)s has been working on this since %(time)s. Nothing was changed; press once more to go on all the same.",
                    name=claim.member.name,
                    time=claim.since,
                )
            )
