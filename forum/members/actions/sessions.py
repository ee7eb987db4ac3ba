"""Beginning, using and ending sessions."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, update

from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.members import queries
from forum.members.models import Credentials, Member, Session
from forum.permissions import Person, require
from forum.plaintext import single_line

MAX_SESSIONS = 50
SESSION_RETENTION = timedelta(days=30)  # how long a session is kept after its end


@action
def sign_in(
    member: Member,
    device: str = "",
    how: str = "",
    *,
    verified: Credentials | None = None,
    is_proved: bool = True,
    proved_at: datetime | None = None,
    instead_of: str = "",
) -> str:
    """Begin a session and return its token. The caller has authenticated the member.

    The session of the token `instead_of`, which the browser had before, ends, even if it belonged to somebody else
    (ASVS 5.0, 7.2.4). With `verified`, the credentials that were checked, it raises `Conflict` when they have changed
    since, so that nobody signs in with the former password after a reset. `how` names the factors that were shown, as
    in `Session.how`. `is_proved` says whether they were shown just now, so that the member need not show them again
    before changing credentials; if not, `proved_at` is when they last were, if ever.
    """
    touches()
    if verified:
        queries.lock_credentials(member, verified)
    require(member.can.sign_in())
    if instead_of:
        _end_sessions(Session.token_hash == queries.token_hash(instead_of))
    _limit_sessions(member)
    token = secrets.token_urlsafe(32)
    session = Session(member_id=member.id, token_hash=queries.token_hash(token))
    session.device, session.created_at, session.seen_at = single_line(device)[:200], now(), now()
    session.how, session.proved_at = how, now() if is_proved else proved_at
    db.session.add(session)
    return token


def _limit_sessions(member: Member) -> None:
    """Delete a member's closed sessions, and the oldest open ones beyond the limit."""
    open_ones = [session.id for session in queries.sessions_of(member)][: MAX_SESSIONS - 1]
    over = delete(Session).where(Session.member_id == member.id, Session.id.not_in(open_ones))
    db.session.execute(over)


@action
def note_seen(member: Member, session_id: int) -> None:
    """Record that a session is in use, so that it does not end through inactivity."""
    touches()
    mine = Session.id == session_id, Session.member_id == member.id
    db.session.execute(update(Session).where(*mine).values(seen_at=now()))


@action
def note_proof(member: Member, session_id: int) -> str:
    """Record that a session's member has just authenticated again; returns its new token (ASVS 5.0, 7.2.4)."""
    touches()
    token = secrets.token_urlsafe(32)
    mine = Session.id == session_id, Session.member_id == member.id
    values = {"proved_at": now(), "token_hash": queries.token_hash(token)}
    db.session.execute(update(Session).where(*mine).values(values))
    return token


@action
def sign_out(member: Member, token: str) -> None:
    """End the session with a token."""
    touches()
    _end_sessions_of(member, Session.token_hash == queries.token_hash(token))


@action
def end_session(member: Member, session_id: int) -> None:
    """End one of one's own sessions."""
    touches()
    _end_sessions_of(member, Session.id == session_id)


@action
def end_sessions(member: Member, except_token: str | None = None) -> None:
    """End all sessions of a member, except the one with a token."""
    touches()
    _end_sessions_of(member, Session.token_hash != queries.token_hash(except_token or ""))


def _end_sessions_of(member: Member, which: ColumnElement[bool]) -> None:
    _end_sessions(Session.member_id == member.id, which)


def _end_sessions(*which: ColumnElement[bool]) -> None:
    ended = update(Session).where(*which, Session.ended_at.is_(None))
    db.session.execute(ended.values(ended_at=now()))


@action
def forget_sessions(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` sessions that ended `SESSION_RETENTION` ago; returns how many."""
    require(system.can.administer())
    touches()
    is_over = or_(
        Session.ended_at < now() - SESSION_RETENTION,
        Session.seen_at < now() - queries.SESSION_IDLE_LIMIT - SESSION_RETENTION,
        Session.created_at < now() - queries.SESSION_MAX_AGE - SESSION_RETENTION,
    )
    return len(delete_batch(Session, limit, is_over))
