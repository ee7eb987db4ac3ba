"""`@action`, which makes a deed whole: one transaction, with the rows as they are now, and the scopes that it touches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session

from forum.columns import Base
from forum.db import Deed, db, running_deed
from forum.engines import is_impatient, is_locked
from forum.errors import Busy
from forum.versions import EVERYTHING, commit_announcers, count_up

P = ParamSpec("P")
R = TypeVar("R")
BUSY_TRIES = 2
RETRY_SECONDS = 0.02
# No more threads of a process than these wait long for a locked database; the others go on serving readers.
LOCK_WAITERS = threading.BoundedSemaphore(2)
LOCK_WAITER_SECONDS = 1.5


def action(deed: Callable[P, R]) -> Callable[P, R]:
    """Make a function of an `actions.py` one transaction: committed when it returns, rolled back when it raises.

    An action may call others: the outermost begins a write transaction (`BEGIN IMMEDIATE` on SQLite), in which every row is
    read afresh, and commits once. The doer, its first argument, is read afresh too, so that rights that were withdrawn a
    moment ago are gone. Raises `Busy` when the database is locked for too long; nothing is saved then.
    """

    @wraps(deed)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        session = db.session()
        if state := running_deed(session):
            return _run_nested(state, deed, args, kwargs)
        return _run_outermost(session, deed, args, kwargs)

    run.__dict__["is_action"] = True
    return run


def touches(*scopes: str) -> None:
    """Say, inside an action, which scopes it changes for visitors: some, or none.

    An action that never calls this touches `EVERYTHING`, on which every cached page depends. So a new action is correct
    from the first day, and only the most frequent ones need to say less. The scopes of nested actions are added to those
    of the outermost one. If the outermost one never calls this, what the nested ones say does not count.
    """
    state = running_deed(db.session())
    if state and state.depth == 1:
        state.touched = (state.touched or frozenset()) | set(scopes)
    elif state:
        state.touched_within |= set(scopes)


def has_acted() -> bool:
    """Whether this session (in a page: this request) has executed an action, so that what was read before may be outdated."""
    return bool(db.session().info.get("has_acted"))


def _run_nested(state: Deed, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    state.depth += 1
    try:
        return deed(*args, **kwargs)
    finally:
        state.depth -= 1


def _run_outermost(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    before = [(row, dict(row.__dict__)) for row in session.identity_map.values()]
    try:
        _begin_write(session)
    finally:
        _restore_rows(before)  # a rollback between two tries has expired what the session had read
    session.info["deed"] = state = Deed()
    try:
        result = deed(*_with_fresh_doer(session, args), **kwargs)
        _commit(session, _touched(state))
        session.info["has_acted"] = True
        if is_impatient():
            # The page goes on with the rows and relationships that it has loaded
            _restore_rows(before)
        return result
    except BaseException as error:
        # Rows that the page has already read are detached before the rollback, which would expire them.
        session.expunge_all()
        session.rollback()
        _restore_rows(before)
        # A page that only wanted to note something is shown even when the disk is full.
        if isinstance(error, OperationalError) and (is_locked(error) or is_impatient()):
            raise Busy() from error
        raise
    finally:
        session.info["deed"] = None


def _begin_write(session: Session) -> None:
    session.commit()  # ends the request's read transaction; nothing is pending outside a deed
    if not LOCK_WAITERS.acquire(timeout=0 if is_impatient() else LOCK_WAITER_SECONDS):
        raise Busy()
    try:
        _take_write_lock(session)
    finally:
        LOCK_WAITERS.release()


def _take_write_lock(session: Session) -> None:
    tries = 1 if is_impatient() else BUSY_TRIES
    for attempt in range(1, tries + 1):
        try:
            session.connection(execution_options={"is_writing": True})
            return
        except OperationalError as error:
            session.rollback()
            if not (is_locked(error) or is_impatient()):
                raise  # the database is unavailable, and a page that says so must not need it
            if not is_locked(error) or attempt == tries:
                raise Busy() from error
            time.sleep(RETRY_SECONDS * attempt)


def _with_fresh_doer(session: Session, args: tuple[Any, ...]) -> tuple[Any, ...]:
    if not args or not isinstance(args[0], Base):
        return args
    doer = session.get(type(args[0]), inspect(args[0]).identity, populate_existing=True)
    return (doer, *args[1:])


def _touched(state: Deed) -> Collection[str]:
    return {EVERYTHING} if state.touched is None else state.touched | state.touched_within


def _commit(session: Session, touched: Collection[str]) -> None:
    session.flush()
    scopes = count_up(session, touched)
    announced = commit_announcers.get(db.engine)
    with announced(scopes) if announced and scopes else nullcontext():
        session.commit()


def _restore_rows(before: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    for row, values in before:
        row.__dict__.update(values)


@event.listens_for(Session, "do_orm_execute")
def _refresh_rows_in_deed(state: ORMExecuteState) -> None:
    if running_deed(state.session) and state.is_select and not state.is_relationship_load:
        state.update_execution_options(populate_existing=True)
