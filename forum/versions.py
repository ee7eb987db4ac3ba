"""Versions of scopes, by which caches know what has changed, and a cache of values read from the database.

A *scope* is a name for what a cached page or value depends on. Each action counts up the versions of the scopes that
it touches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from flask import current_app
from sqlalchemy import BigInteger, Column, Engine, String, Table, bindparam, select
from sqlalchemy.orm import Session

from forum.columns import Base
from forum.db import INSERTS, db, read_state, running_deed

R = TypeVar("R")
# Counted up by actions that never call `deeds.touches`; all cached pages depend on it
EVERYTHING = "everything"
ANY_CHANGE = "anything"  # counted up together with every other scope
FEDERATION = "federation"  # the forum's name, which is on every page
MEETINGS = "meetings"  # who attends meetings
PICTURES = "pictures"  # which of the pictures and files to which texts lead exist
# All topics share so many scopes, and all members as many: this keeps the table small
SCOPE_BUCKETS = 1_024
PAGE_VERSIONS = Table(
    "page_version",
    Base.metadata,
    Column("scope", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)


def topic_scope(topic_id: int) -> str:
    """The scope of a topic: its posts, their marks, who wrote them."""
    return f"topic {topic_id % SCOPE_BUCKETS}"


def theme_scope(theme_id: int) -> str:
    """The scope of a theme: the topics that were opened on it. Other changes of what shows a theme touch `EVERYTHING`."""
    return f"theme {theme_id % SCOPE_BUCKETS}"


def member_scope(member_id: int) -> str:
    """The scope of a member's profile: what they wrote, how others reacted to it, what they tried."""
    return f"member {member_id % SCOPE_BUCKETS}"


def member_scopes(*member_ids: int | None) -> set[str]:
    """The scopes of the profiles of several members; None stands for the system, which has none."""
    return {member_scope(member_id) for member_id in member_ids if member_id}


SELECT_VERSIONS = select(PAGE_VERSIONS.c.scope, PAGE_VERSIONS.c.number).where(
    PAGE_VERSIONS.c.scope.in_(bindparam("scopes", expanding=True))
)


class ReadCache:
    """Values that a process has read from the database, each valid until an action touches a scope it depends on.

    `current_versions` returns the current versions of scopes, or None when it does not know them. It is called at
    each use, so that no outdated value is returned. At most `max_size` values are kept, the most recently read ones.
    """

    def __init__(
        self,
        current_versions: Callable[[tuple[str, ...]], Mapping[str, int] | None],
        max_size: int,
    ) -> None:
        self._current_versions, self._max_size = current_versions, max_size
        self._entries: dict[Hashable, tuple[Mapping[str, int], Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, scopes: tuple[str, ...], read: Callable[[], R]) -> R:
        """The value under a key if it is still valid, else what `read` returns."""
        current, entry = self._current_versions(scopes), self._entries.get(key)
        if entry and current == entry[0]:
            value: R = entry[1]
            return value
        versions = _versions_for_read(scopes, current)
        value = read()
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = versions, value
            while len(self._entries) > self._max_size:
                del self._entries[next(iter(self._entries))]  # the one that was read longest ago
        return value


def _versions_for_read(
    scopes: tuple[str, ...], current: Mapping[str, int] | None
) -> Mapping[str, int]:
    """Versions of scopes that are no newer than the rows that the session reads next.

    Without a transaction, and at the beginning of one, the next statement reads the present rows, so the current
    versions are right. A transaction that has already read something may see an older state, so the versions are read
    inside it; once is enough, because its later statements never see an older state than its earlier ones.
    """
    session = db.session()
    has_read = session.in_transaction()
    reading = read_state(session)
    if current is not None and reading.connection.info.get("is_autocommit"):
        return current
    if current is not None and not has_read:
        reading.versions[scopes] = current
    if scopes not in reading.versions:
        rows = reading.connection.execute(SELECT_VERSIONS, {"scopes": scopes})
        reading.versions[scopes] = {row.scope: row.number for row in rows}
    return reading.versions[scopes]


def cached(key: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """The result of `read`, cached by this process until an action touches `EVERYTHING` or one of `scopes`.

    It is for values that many pages need and few actions change. Threads share the value, so nobody may modify it.
    Inside an action nothing is cached, because what the action has written may be rolled back; nor in an application
    without such a cache (see `pagecache.init_app`).
    """
    cache: ReadCache | None = current_app.extensions.get("read_cache")
    if cache is None or running_deed(db.session()):
        return read()
    return cache.get(key, (EVERYTHING, *scopes), read)


def current_version(scope: str) -> int | None:
    """The current version of a scope; None where this process cannot know it without a query.

    It is for a value that depends on this scope alone and is cached elsewhere together with the version.
    """
    current_versions = current_app.extensions.get("current_versions")
    versions = current_versions((scope,)) if current_versions else None
    return None if versions is None else versions.get(scope, 0)


# By engine: a context manager around each commit that touches scopes, which announces it to the other processes of
# this machine (`writelog`). Engines without one announce nothing.
commit_announcers: WeakKeyDictionary[
    Engine, Callable[[Sequence[str]], AbstractContextManager[None]]
] = WeakKeyDictionary()


def count_up(session: Session, scopes: Collection[str]) -> Sequence[str]:
    """Count up the versions of scopes, as the last statement of an action; returns the scopes counted up."""
    if not scopes:
        return ()
    counted = sorted({*scopes, ANY_CHANGE})  # always in the same order, which prevents deadlocks
    connection = session.connection()
    rows = [{"scope": scope, "number": 1} for scope in counted]
    connection.execute(UPSERTS[connection.dialect.name], rows)
    return counted


def _upsert(insert: Any) -> Any:
    counted_up = {"number": PAGE_VERSIONS.c.number + 1}
    return insert.on_conflict_do_update(index_elements=[PAGE_VERSIONS.c.scope], set_=counted_up)


UPSERTS = {dialect: _upsert(insert(PAGE_VERSIONS)) for dialect, insert in INSERTS.items()}
