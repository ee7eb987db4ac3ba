"""Looking up whose an identity is, and which a member has."""

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
    """The member who signs in with an account of elsewhere; nobody when they have left."""
    found = select(Identity).where(Identity.issuer == issuer, Identity.subject == subject)
    here = found.where(Identity.member.has(Member.left_at.is_(None)))
    identity = db.session.scalar(here.options(joinedload(Identity.member)))
    return identity.member if identity else None


def is_known(issuer: str, subject: str) -> bool:
    """Whether an account of elsewhere is linked with anybody here, even with somebody who has left."""
    found = select(Identity.id).where(Identity.issuer == issuer, Identity.subject == subject)
    return db.session.scalar(found) is not None


def identities_of(member: Person) -> Sequence[Identity]:
    """The accounts of elsewhere with which somebody signs in, also while the account is closed."""
    require(member.can.take_data())
    found = select(Identity).where(Identity.member_id == member.id)
    return db.session.scalars(found.order_by(Identity.id)).all()


def my_identity(member: Person, identity_id: int) -> Identity:
    """One of one's own identities; else `NotFound`."""
    for identity in identities_of(member):
        if identity.id == identity_id:
            return identity
    raise NotFound()
