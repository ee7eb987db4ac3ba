"""The active claims, and refusing an action on an entry that another moderator has claimed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import joinedload

from forum.claims.models import Claim, EntryKey
from forum.clock import in_words, now
from forum.db import db
from forum.errors import Conflict
from forum.permissions import Person

CLAIM_DURATION = timedelta(minutes=30)


def active_claims() -> Sequence[Claim]:
    """All active claims, with their members."""
    query = select(Claim).where(_is_active()).options(joinedload(Claim.member))
    return db.session.scalars(query).all()


def _is_active() -> ColumnElement[bool]:
    return Claim.claimed_at > now() - CLAIM_DURATION


def active_claim(key: EntryKey) -> Claim | None:
    """The active claim on an entry, with its member; None for none."""
    query = select(Claim).where(Claim.kind == key[0], Claim.item_id == key[1], _is_active())
    return db.session.scalar(query.options(joinedload(Claim.member)))


def claims_of_others(moderator: Person, keys: Collection[EntryKey]) -> Sequence[Claim]:
    """The active claims of other moderators on the entries, the earliest first."""
    is_others = Claim.member_id != moderator.id, tuple_(Claim.kind, Claim.item_id).in_(list(keys))
    query = select(Claim).where(*is_others, _is_active()).options(joinedload(Claim.member))
    return db.session.scalars(query.order_by(Claim.claimed_at, Claim.member_id)).all()


def stored_claim(key: EntryKey) -> Claim | None:
    """The stored claim on an entry, expired or not; None for none."""
    return db.session.get(Claim, key)


def refuse_claimed(
    moderator: Person, keys: Collection[EntryKey], holders: Collection[int | None]
) -> None:
    """Raise `Conflict` when another moderator, who is not among `holders`, has claimed one of the entries.

    `holders` are the ids of the members whose claims the page showed.
    """
    for claim in claims_of_others(moderator, keys):
        if claim.member_id not in holders:
            raise Conflict(
                _(
                    "%(name)s has been working on this since %(time)s. Nothing was changed; press once more to go on anyway.",
                    name=claim.member.name,
                    time=in_words(claim.claimed_at, "HH:mm"),
                )
            )
