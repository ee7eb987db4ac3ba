"""Half sessions: between the first factor and the second."""

from __future__ import annotations

import secrets

from sqlalchemy import delete

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.factors import queries
from forum.factors.actions._shared import notify_owner
from forum.factors.models import HalfSession
from forum.members.models import Credentials, Member
from forum.members.queries import lock_credentials
from forum.permissions import Person, require
from forum.tokens import kept_hash


@action
def begin_half_session(_visitor: Person, member: Member, how: str, verified: Credentials) -> str:
    """Record that a member has shown the first factor (`how`); returns the key with which their browser continues.

    `verified` is passed on to `members.sign_in`, which may raise `Conflict`.
    """
    touches()
    lock_credentials(member, verified)
    require(member.can.sign_in())
    key = secrets.token_urlsafe(32)
    half = HalfSession(key_hash=kept_hash(key), member_id=member.id, how=how)
    half.created_at, half.expires_at = now(), now() + queries.HALF_SESSION_LIFETIME
    db.session.add(half)
    return key


@action
def forget_half_sessions(member: Member) -> None:
    """End the half sessions of a member whose first factor has changed, also those of this very second."""
    touches()
    db.session.execute(delete(HalfSession).where(HalfSession.member_id == member.id))


@action
def warn_owner(member: Member) -> None:
    """Warn the owner that the second step of signing in was refused repeatedly: somebody has the first factor."""
    touches()
    notify_owner(member, "many refused")
