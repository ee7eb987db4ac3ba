"""Deleting secrets and tokens that are over, and those of members who leave."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from forum.accounts.models import Token
from forum.accounts.queries import UNDO
from forum.candidates import actions as candidates
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.members.models import Member
from forum.permissions import Person, require

TOKEN_RETENTION = timedelta(days=1)  # after a token has expired


@action
def forget_tokens(member: Member) -> None:
    """Void every link that was sent to a member, because credentials have changed.

    Links that undo a change of address stay valid; otherwise a thief who changed the address could void them first.
    """
    touches()
    db.session.execute(delete(Token).where(Token.member_id == member.id, Token.purpose != UNDO))


@action
def forget_old(system: Person) -> int:
    """Delete expired tokens, and the candidates that `candidates.forget_old` deletes; returns the number of rows."""
    require(system.can.administer())
    touches()
    expired = delete(Token).where(Token.expires_at < now() - TOKEN_RETENTION)
    deleted = db.session.scalars(expired.returning(Token.id)).all()
    return len(deleted) + candidates.forget_old(system)


@action
def forget_member(system: Person, member: Member) -> None:
    """Delete the tokens of a member who leaves, and candidates with the same address."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Token).where(Token.member_id == member.id))
    candidates.forget_member(system, member)
