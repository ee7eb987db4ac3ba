"""The sessions by which members are signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, inspect, null, select

from forum.clock import now
from forum.columns import Base, Moment
from forum.db import db, detached, execute_core
from forum.members.models import City, Member, Organisation, Session
from forum.permissions import Person
from forum.reach import may_sign_in

SESSION_IDLE_LIMIT = timedelta(days=30)
SESSION_MAX_AGE = timedelta(days=180)


def token_hash(token: str) -> str:
    """The hash of a session's token, as `Session.token_hash` holds it."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


class OpenSession(NamedTuple):
    """An open session and its member; `extra` is the value of the extra column, see `session_by_token`."""

    id: int
    seen_at: datetime
    proved_at: datetime | None
    how: str
    member: Member
    extra: Any


def session_by_token(token: str, extra: ColumnElement[Any] | None = None) -> OpenSession | None:
    """The open session of a token, with its member and the member's city and organisation; None when there is none.

    A session is closed when it has ended, was idle for `SESSION_IDLE_LIMIT`, is older than `SESSION_MAX_AGE`, or when
    the member may not sign in now. The member is detached: when an action fails, the page still has the person as
    read before. Columns that no page needs of its reader are not loaded (`_COLUMNS_LEFT_OUT`). `extra` is one more
    column to select; pass the same object each time, because the statement is cached by it.
    """
    row = execute_core(
        _open_session_query(extra), {"token_hash": token_hash(token), **_deadlines()}
    ).first()
    if row is None:
        return None
    member, city, organisation = (
        dict(zip(keys, row[start:], strict=False)) for start, keys in _member_slices()
    )
    member["city"] = detached(City, city) if city["id"] else None
    member["organisation"] = detached(Organisation, organisation) if organisation["id"] else None
    return OpenSession._make((*row[: len(_SESSION_COLUMNS)], detached(Member, member), row[-1]))


_SESSION_COLUMNS = (Session.id, Session.seen_at, Session.proved_at, Session.how)
_LOADED_MODELS: tuple[type[Base], ...] = (Member, City, Organisation)
# Columns that no page needs of its reader. Each column costs 0.5 % of the time of a page.
_COLUMNS_LEFT_OUT = {
    *("about", "about_html", "html_version", "folded", "sort_key", "helps_with", "leaving_how"),
    *("name_skeleton", "handle_skeleton", "latitude", "longitude", "population", "website"),
    *("representative_id", "seats", "kind", "created_at"),
}


@cache
def _member_slices() -> list[tuple[int, tuple[str, ...]]]:
    """For each of `_LOADED_MODELS`: the position of its first column in the row, and the names of its columns."""
    keys = [_column_keys(kind) for kind in _LOADED_MODELS]
    starts = accumulate((len(names) for names in keys), initial=len(_SESSION_COLUMNS))
    return list(zip(starts, keys, strict=False))


@cache
def _column_keys(kind: type[Base]) -> tuple[str, ...]:
    return tuple(
        attribute.key
        for attribute in inspect(kind).column_attrs
        if attribute.key not in _COLUMNS_LEFT_OUT
    )


@cache
def _open_session_query(extra: ColumnElement[Any] | None) -> Select[Any]:
    columns = [getattr(kind, key) for kind in _LOADED_MODELS for key in _column_keys(kind)]
    found = (
        select(*_SESSION_COLUMNS, *columns, null() if extra is None else extra)
        .join(Session.member)
        .outerjoin(Member.city)
        .outerjoin(Member.organisation)
        .where(Session.token_hash == bindparam("token_hash"))
    )
    return found.where(_is_open(), may_sign_in(Member, bindparam("now", type_=Moment())))


def sessions_of(member: Person) -> list[Session]:
    """The open sessions of a member, the most recently used first."""
    found = select(Session).where(Session.member_id == member.id, _is_open())
    newest_first = found.order_by(Session.seen_at.desc(), Session.id.desc())
    return list(db.session.scalars(newest_first, _deadlines()))


def _deadlines() -> dict[str, datetime]:
    """The values of the moments with which the cached statements compare."""
    return {
        "idle_since": now() - SESSION_IDLE_LIMIT,
        "open_since": now() - SESSION_MAX_AGE,
        "now": now(),
    }


def _is_open() -> ColumnElement[bool]:
    return and_(
        Session.ended_at.is_(None),
        Session.seen_at > bindparam("idle_since", type_=Moment()),
        Session.created_at > bindparam("open_since", type_=Moment()),
    )
