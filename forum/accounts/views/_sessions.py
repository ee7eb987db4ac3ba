"""Beginning the session of a browser and recognising it in later requests."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from flask import g, request, session
from flask_login import current_user, login_user

from forum.clock import now
from forum.engines import without_waiting
from forum.errors import Busy
from forum.members import actions as members
from forum.members import queries
from forum.members.models import (
    A_BROWSER,
    A_BROWSER_ON_SYSTEM,
    BROWSER_ON_SYSTEM,
    Credentials,
    Member,
)
from forum.notifications.queries import unread_beside_session
from forum.sentences import Sentence
from forum.web import SessionUser

SEEN_INTERVAL = timedelta(hours=1)
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def load_user(token: str) -> SessionUser | None:
    """The member of a session's token, for Flask-Login; records at most once an hour that the session is in use."""
    found = queries.session_by_token(token, unread_beside_session())
    if found and found.seen_at < now() - SEEN_INTERVAL:
        with suppress(Busy), without_waiting():  # otherwise the next request records it
            members.note_seen(found.member, found.id)
    if found is None:
        return None
    return SessionUser(found.member, token, found.id, found.proved_at, found.how, found.extra)


def begin_session(
    member: Member,
    how: str,
    verified: Credentials,
    *,
    is_proved: bool = True,
    proved_at: datetime | None = None,
) -> None:
    """Sign a member in with a new token. The browser's former session ends, with all its data.

    `verified`, `is_proved` and `proved_at` are passed to `members.sign_in`, which may raise `Conflict`.
    """
    proof: dict[str, Any] = {"verified": verified, "is_proved": is_proved, "proved_at": proved_at}
    before = current_user._get_current_object()
    former = before.token if isinstance(before, SessionUser) else ""
    token = members.sign_in(member, device().in_english, how, **proof, instead_of=former)
    session.clear()
    g.pop("csrf_token", None)
    session.permanent = True
    begun = load_user(token)
    if begun:
        login_user(begun)


def device() -> Sentence:
    """The browser and operating system of the request, as the list of sessions shows them."""
    agent = request.user_agent.string
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    if not system:
        return Sentence(browser) if browser else A_BROWSER
    if not browser:
        return A_BROWSER_ON_SYSTEM.put_in(system=system)
    return BROWSER_ON_SYSTEM.put_in(browser=browser, system=system)


def renew_proof(member: Member) -> None:
    """Record that the member has just authenticated again; the session goes on under a new token."""
    renewed = load_user(members.note_proof(member, cast(SessionUser, current_user).session_id))
    if renewed:
        login_user(renewed)
