"""Who waits for a lock, how long, and what is said then."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm.attributes import set_committed_value

from forum import deeds, engines
from forum.db import db
from forum.deeds import action
from forum.engines import without_waiting
from forum.errors import Busy
from forum.members.models import Member
from forum.permissions import SYSTEM
from tests.db.conftest import ana


@action
def rename(doer: Member, name: str) -> Member:
    doer.name = name
    return doer


def test_a_deed_waits_for_a_lock_and_then_says_busy(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection locks the database (SQLite) or the row (PostgreSQL) for longer than actions wait."""
    monkeypatch.setattr(deeds, "BUSY_TRIES", 2)
    member = ana()
    db.session.commit()
    shorten_the_wait()
    with db.engine.execution_options(is_writing=True).connect() as holder:
        holder.execute(Member.__table__.update().values(position="held"))
        with pytest.raises(Busy):
            rename(member, "Ana Prado")
        assert member.name == "Ana"
        holder.rollback()
    assert rename(ana(), "Ana Prado").name == "Ana Prado"


@pytest.mark.parametrize("kind", [psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected])
def test_a_lock_is_told_by_its_code_in_whatever_language_the_server_speaks(kind: Any) -> None:
    words = "storniere Anfrage wegen Zeitüberschreitung einer Sperre"
    assert engines.is_locked(OperationalError("UPDATE theme", {}, kind(words)))


def test_a_column_called_like_a_lock_is_none(own: Flask) -> None:
    @action
    def ask(_doer: Any) -> None:
        db.session.execute(text("SELECT locked_at FROM theme"))

    with pytest.raises(DBAPIError, match="locked_at"):
        ask(SYSTEM)
    away = psycopg.OperationalError("the database locked_out does not exist")
    assert not engines.is_locked(OperationalError("SELECT 1", {}, away))


def test_what_is_noted_in_passing_waits_for_nobody(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 60_000)
    member = ana()
    set_committed_value(member, "languages", [])
    db.session.commit()
    with db.engine.execution_options(is_writing=True).connect() as holder:
        holder.execute(Member.__table__.update().values(position="held"))
        began = time.monotonic()
        with pytest.raises(Busy), without_waiting():
            rename(member, "Ana Prado")
        assert time.monotonic() - began < 30
        # The page can still use the rows that it has loaded, with values that were set on them.
        assert (member.name, "languages" in member.__dict__) == ("Ana", True)
        holder.rollback()
    assert rename(ana(), "Ana Prado").name == "Ana Prado"


def test_what_is_noted_in_passing_does_not_wait_for_its_turn(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "LOCK_WAITER_SECONDS", 60.0)
    with ExitStack() as waiting:
        for _ in range(2):
            waiting.enter_context(deeds.LOCK_WAITERS)
        began = time.monotonic()
        with pytest.raises(Busy), without_waiting():
            rename(ana(), "Ana Prado")
        assert time.monotonic() - began < 30


def test_only_some_threads_wait_long_so_that_readers_find_one(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "LOCK_WAITER_SECONDS", 0.1)
    with ExitStack() as waiting:
        for _ in range(2):
            waiting.enter_context(deeds.LOCK_WAITERS)
        began = time.monotonic()
        with pytest.raises(Busy):
            rename(ana(), "Ana Prado")
        assert time.monotonic() - began < 20
    assert rename(ana(), "Ana Prado").name == "Ana Prado"


def shorten_the_wait() -> None:
    """Let the pooled connections give up waiting for locks after a moment."""
    raw = db.engine.raw_connection()
    words = (
        "PRAGMA busy_timeout=30" if db.engine.dialect.name == "sqlite" else "SET lock_timeout=30"
    )
    raw.driver_connection.execute(words)  # type: ignore[union-attr]
    raw.driver_connection.commit()  # type: ignore[union-attr]
    raw.close()


def test_connections_give_up_waiting_after_some_seconds(own: Flask) -> None:
    db.engine.dispose()
    words = "PRAGMA busy_timeout" if db.engine.dialect.name == "sqlite" else "SHOW lock_timeout"
    with db.engine.connect() as connection:
        assert connection.scalar(text(words)) in (1_500, "1500ms")
