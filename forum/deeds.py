"""`@action`: makes a function one transaction, which reads rows afresh and counts up the versions of the scopes it touches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session

from forum.clock import one_moment
from forum.columns import Base
from forum.db import Deed, StartedAgain, db, running_deed
from forum.engines import is_impatient, is_locked
from forum.errors import Busy
from forum.versions import EVERYTHING, commit_announcers, count_up

P = ParamSpec("P")
R = TypeVar("R")
BUSY_TRIES = 2
MAX_STARTS = 3  # of an action that `start_again` begins anew
RETRY_SECONDS = 0.02
# At most so many threads of a process wait for a locked database for long; the others go on serving readers.
LOCK_WAITERS = threading.BoundedSemaphore(2)
LOCK_WAITER_SECONDS = 1.5


def action(deed: Callable[P, R]) -> Callable[P, R]:
    """Make a function of an `actions.py` one transaction: committed when it returns, rolled back when it raises.

    An action may call others: only the outermost begins a write transaction (`BEGIN IMMEDIATE` on SQLite) and
    commits. Inside it every row is read again from the database, so that decisions are made on the present state.
    That includes the doer, its first argument, so that rights that were withdrawn a moment ago no longer count.
    `clock.now` returns one moment in it: that of the first question, after the locks that it takes before.
    Raises `Busy`, with nothing saved, when the database stays locked for too long.
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
    """Name, inside an action, the scopes that it changes for visitors; without arguments: none.

    An action that never calls this touches `EVERYTHING`, on which every cached page depends. So a new action is
    correct from the start, and only the most frequent ones need to be precise. Scopes named by nested actions are
    added to those of the outermost one, but only if that one calls this itself.
    """
    state = running_deed(db.session())
    if state and state.depth == 1:
        state.touched = (state.touched or frozenset()) | set(scopes)
    elif state:
        state.touched_within |= set(scopes)


def has_acted() -> bool:
    """Whether this session (of a request) has executed an action, so that rows read before may be outdated."""
    return bool(db.session().info.get("has_acted"))


def _run_nested(state: Deed, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    state.depth += 1
    try:
        return deed(*args, **kwargs)
    finally:
        state.depth -= 1


def _run_outermost(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    before = [(row, dict(row.__dict__)) for row in session.identity_map.values()]
    # What the caller has read is detached when everything is rolled back: only the doer is read again
    others = (*args[1:], *kwargs.values())
    starts = 1 if any(isinstance(value, Base) for value in others) else MAX_STARTS
    for start in range(1, starts):
        with suppress(StartedAgain):
            state = Deed(start, is_last_start=False)
            return _run_from_start(session, state, deed, args, kwargs, before=before)
    return _run_from_start(session, Deed(starts), deed, args, kwargs, before=before)


def _run_from_start(
    session: Session,
    state: Deed,
    deed: Callable[..., R],
    args: Any,
    kwargs: Any,
    *,
    before: Sequence[tuple[Any, dict[str, Any]]],
) -> R:
    try:
        _begin_write(session)
    finally:
        # The rollback after a failed try has expired the rows that the session had read
        _restore_rows(before)
    session.info["deed"] = state
    try:
        # Its rows are of one moment, and it saves what it decided by
        with one_moment():
            result = deed(*_with_fresh_doer(session, args), **kwargs)
            _commit(session, _touched(state))
        session.info["has_acted"] = True
        if is_impatient():
            # The page goes on with the rows and relationships that it had loaded
            _restore_rows(before)
        return result
    except BaseException as error:
        # Rows that the page has already read are detached first, because the rollback would expire them.
        session.expunge_all()
        session.rollback()
        _restore_rows(before)
        # In `without_waiting`, a full disk counts as busy too, so that the page is shown all the same.
        if isinstance(error, OperationalError) and (is_locked(error) or is_impatient()):
            raise Busy() from error
        raise
    finally:
        session.info["deed"] = None


def leave_failed_transaction() -> None:
    """Go on after an error: PostgreSQL ignores every statement after one that it refused, to the end of the transaction.

    Rows that were read keep what they say, and belong to no session any more.
    """
    db.session.expunge_all()
    db.session.rollback()


def _begin_write(session: Session) -> None:
    session.commit()  # ends the request's read transaction; outside of an action nothing is pending
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
                raise  # the database is unavailable
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
