"""Removing factors that are lost, unsafe, or expired."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, NotFound
from forum.factors import queries
from forum.factors.actions._shared import notify_owner
from forum.factors.models import Authenticator, Challenge, HalfSession, Passkey, RecoveryCode
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import (
    lock_member,
    lock_rule_of_factors,
    member_by_id,
    members_by_handle,
)
from forum.permissions import Person, require


@action
def remove_factors(system: Person, handle: str) -> Member:
    """Remove every second factor of a member who has lost them; the operator has verified their identity.

    Raises `Conflict` when there is none.
    """
    require(system.can.administer())
    touches()
    found = members_by_handle([handle])
    if not found:
        raise NotFound(_("There is no member of this name."))
    member = found[0]
    lock_rule_of_factors()
    lock_member(member.id)  # first, as when members change theirs
    if not member.factor_at:
        raise Conflict(_("This member has no second factor."))
    for table in (Passkey, Authenticator, RecoveryCode, HalfSession):
        db.session.execute(delete(table).where(table.member_id == member.id))
    members.note_factor(member, is_there=False)
    members.end_sessions(member)
    notify_owner(member, "factors removed")
    return member


@action
def remove_factors_since(system: Person, member_id: int, moment: datetime) -> None:
    """Remove factors set up since a moment from which somebody else may have had access to the account."""
    require(system.can.administer())
    touches()
    lock_rule_of_factors()
    lock_member(member_id)
    member = member_by_id(system, member_id)
    gone = [
        db.session.scalars(
            delete(table)
            .where(table.member_id == member_id, table.created_at >= moment)
            .returning(table.id)
        ).all()
        for table in (Passkey, Authenticator, RecoveryCode)
    ]
    if any(gone):
        members.note_factor(member, is_there=queries.factors_of(member, for_update=True).are_any)


@action
def forget_old(system: Person) -> int:
    """Delete expired challenges and half sessions, and apps that were never confirmed; returns how many."""
    require(system.can.administer())
    touches()
    long_ago = now() - 6 * queries.HALF_SESSION_LIFETIME
    is_old = Authenticator.confirmed_at.is_(None), Authenticator.created_at < long_ago
    gone = (
        delete(Challenge).where(Challenge.expires_at < now()).returning(Challenge.id),
        delete(HalfSession).where(HalfSession.expires_at < now()).returning(HalfSession.id),
        delete(Authenticator).where(*is_old).returning(Authenticator.id),
    )
    return sum(len(db.session.scalars(rows).all()) for rows in gone)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete all factors of a member who has left."""
    require(system.can.administer())
    touches()
    for model in (Passkey, Authenticator, RecoveryCode, Challenge, HalfSession):
        db.session.execute(delete(model).where(model.member_id == member_id))
