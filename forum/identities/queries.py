"""The owner of an identity, and the identities of a member."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.errors import NotFound
from forum.identities.models import Identity
from forum.members.models import Member
from forum.permissions import Person, require


def member_of(issuer: str, subject: str) -> Member | None:
    """The member who signs in with an account at the provider; None when there is none, or they have left."""
    found = select(Identity).where(Identity.issuer == issuer, Identity.subject == subject)
    here = found.where(Identity.member.has(Member.left_at.is_(None)))
    identity = db.session.scalar(here.options(joinedload(Identity.member)))
    return identity.member if identity else None


def is_known(issuer: str, subject: str) -> bool:
    """Whether an account at the provider is linked with anybody, even somebody who has left."""
    found = select(Identity.id).where(Identity.issuer == issuer, Identity.subject == subject)
    return db.session.scalar(found) is not None


def identities_of(member: Person) -> Sequence[Identity]:
    """A member's identities, even while the account is closed. Raises `Forbidden` for visitors."""
    require(member.can.take_data())
    found = select(Identity).where(Identity.member_id == member.id)
    return db.session.scalars(found.order_by(Identity.id)).all()


def my_identity(member: Person, identity_id: int) -> Identity:
    """One of one's own identities. Raises `NotFound`."""
    for identity in identities_of(member):
        if identity.id == identity_id:
            return identity
    raise NotFound()
