"""The tokens of letters that can still be used, and the members whose bylines in search are out of date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from forum.accounts.models import Renaming, Token
from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Member
from forum.members.queries import normalised_email
from forum.tokens import kept_hash

# The purposes of secrets sent by mail, and for how long each is valid
JOIN, SIGN_IN, RESET, ADDRESS, UNDO = "join", "sign-in", "password", "address", "undo"
LIFETIMES = {
    JOIN: timedelta(days=3),
    SIGN_IN: timedelta(minutes=15),  # it signs in without a password (ASVS 5.0, 6.5.5)
    RESET: timedelta(hours=1),
    ADDRESS: timedelta(days=1),
    UNDO: timedelta(days=14),
}


def usable_token(purpose: str, secret: str, *, for_update: bool = False) -> Token:
    """The token of a secret that can still be used, with its member or candidate. `for_update` locks it for the action.

    Raises `NotFound` for every other secret: used, expired, for another purpose, or never made.
    """
    wanted = select(Token).where(
        Token.token_hash == kept_hash(secret),
        Token.purpose == purpose,
        Token.used_at.is_(None),
        Token.expires_at > now(),
    )
    # The member may have left since, or changed credentials.
    is_still_valid = or_(
        Token.purpose == UNDO,
        Member.credentials_at.is_(None),
        Member.credentials_at <= Token.created_at,
    )
    is_here = and_(Member.left_at.is_(None), is_still_valid)
    here = or_(Token.member_id.is_(None), Token.member.has(is_here))
    loaded = joinedload(Token.member), joinedload(Token.candidate)
    found = wanted.where(here).options(*loaded)
    return or_not_found(db.session.scalar(found.with_for_update(of=Token) if for_update else found))


def undo_token_to(member: Member, address: str) -> Token | None:
    """The oldest token with which an address can still undo a change of a member's address, if there is one."""
    undoing = select(Token).where(Token.member_id == member.id, Token.purpose == UNDO)
    to_address = Token.address == normalised_email(address)
    usable = undoing.where(to_address, Token.used_at.is_(None), Token.expires_at > now())
    return db.session.scalar(usable.order_by(Token.id).limit(1))


@dataclass(frozen=True)
class RenamingState:
    """A renaming as the worker has read it: actions continue it only while it is still in this state."""

    member_id: int
    step: str
    position: int


def next_renaming() -> RenamingState | None:
    """The state of one renaming that is not finished; None when there is none."""
    columns = Renaming.member_id, Renaming.step, Renaming.position
    row = db.session.execute(select(*columns).order_by(Renaming.member_id).limit(1)).first()
    return RenamingState(*row) if row else None


def renaming_in_state(state: RenamingState) -> Renaming | None:
    """The renaming, locked, if it is still in this state; None when it is not, or locked by another worker."""
    found = select(Renaming).where(Renaming.member_id == state.member_id)
    renaming = db.session.scalar(found.with_for_update(skip_locked=True))
    is_there = renaming and (renaming.step, renaming.position) == (state.step, state.position)
    return renaming if is_there else None
