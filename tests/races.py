"""Concurrency: actions in several threads, on a database of its own in which commits are real.

No thread waits for a fixed time, which may be too short on a busy machine: it waits until the others can go no
further (`let_others_come`), or until another has reached that point (`meanwhile`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from forum import deeds as acting
from forum import engines
from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import lock_topics, topic_to_change
from forum.errors import Refusal
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.settings import Settings
from tests.forums import new_database

PATIENCE_SECONDS = 30


@contextmanager
def patient_deeds() -> Iterator[None]:
    """Let applications that are created inside wait longer for a lock, for busy machines; PostgreSQL still ends deadlocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "BUSY_TIMEOUT_MS", PATIENCE_SECONDS * 1_000)
        patch.setattr(acting, "LOCK_WAITER_SECONDS", PATIENCE_SECONDS)
        yield


@contextmanager
def own_forum(database_url: str, folder: Path, name: str) -> Iterator[Flask]:
    """An application in its context, on a new database with all migrations; its actions wait longer for locks."""
    address = new_database(database_url, name, folder, has_tables=True)
    settings = Settings(
        folder, address, "http://localhost", ("localhost",), "of the tests", limits=False
    )
    with patient_deeds():
        app = create_app(settings)
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


class Crowd:
    """The threads of `at_once`: how many are running, wait for a database lock, or are in `let_others_come`."""

    def __init__(self, size: int) -> None:
        self.going = size
        self.beginning = 0  # for writing: on SQLite, a thread that waits for a lock waits there
        self.standing: list[threading.Event] = []
        self.has_stood = threading.Event()
        self.lock = threading.Lock()

    def stand(self) -> None:
        """Wait until each of the others waits for a lock, is in `let_others_come` too, or has ended."""
        may_go_on = threading.Event()
        with self.lock:
            self.standing.append(may_go_on)
        self.has_stood.set()
        until = time.monotonic() + PATIENCE_SECONDS
        while not may_go_on.wait(0.01):
            assert time.monotonic() < until, "the others do not come"
            waiting = self._waiting()
            with self.lock:
                if len(self.standing) + waiting >= self.going:
                    for waiter in self.standing:
                        waiter.set()
                    self.standing.clear()

    def _waiting(self) -> int:
        if db.engine.dialect.name == "sqlite":
            return self.beginning
        waiting = "datname = current_database() AND wait_event_type = 'Lock'"
        with db.engine.connect() as connection:
            count = text(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}")
            return int(connection.scalar(count) or 0)

    def begin_write(self, session: Any) -> None:
        """Begin to write as `deeds` does, and count the threads that wait for it."""
        with self.lock:
            self.beginning += 1
        try:
            BEGIN_WRITE(session)
        finally:
            with self.lock:
                self.beginning -= 1

    def end(self) -> None:
        with self.lock:
            self.going -= 1
        self.has_stood.set()  # otherwise a thread that waits for that would not get an error


BEGIN_WRITE = acting._begin_write
crowds: list[Crowd] = []  # the crowd of `at_once` while it runs


def at_once(app: Flask, deeds: Sequence[Callable[[], Any]]) -> list[str]:
    """Run actions at the same moment in threads; returns “done” for each, or the message of its refusal."""
    barrier, crowd = threading.Barrier(len(deeds)), Crowd(len(deeds))

    def run(deed: Callable[[], Any]) -> str:
        with app.test_request_context():
            barrier.wait(PATIENCE_SECONDS)
            try:
                deed()
                return "done"
            except Refusal as error:
                return error.message or type(error).__name__
            finally:
                db.session.remove()
                crowd.end()

    crowds.append(crowd)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(deeds)) as threads:
        patch.setattr(acting, "_begin_write", crowd.begin_write)
        outcomes = list(threads.map(run, deeds))
    crowds.remove(crowd)
    db.session.commit()  # so that the session reads what they have written
    return outcomes


def let_others_come() -> None:
    """Hold the locks of this thread of `at_once` until each of the others waits for a lock, or has ended."""
    crowds[-1].stand()


def meanwhile(deed: Callable[[], Any]) -> Callable[[], Any]:
    """A function for `at_once` that starts when another thread has reached `let_others_come`."""

    def later() -> Any:
        assert crowds[-1].has_stood.wait(PATIENCE_SECONDS)
        return deed()

    return later


def halting(
    patch: pytest.MonkeyPatch, module: Any, name: str, deed: Callable[[], Any]
) -> Callable[[], None]:
    """The deed, which lets others come whenever it calls the function `name` of a module; others call that as usual."""
    halts, usual = threading.local(), getattr(module, name)

    def halt(*given: Any, **more: Any) -> Any:
        if getattr(halts, "is_here", False):
            let_others_come()
        return usual(*given, **more)

    def run() -> None:
        halts.is_here = True
        deed()

    patch.setattr(module, name, halt)
    return run


def slowly(deed: Callable[..., Any], doer: Any, *args: Any, **kwargs: Any) -> None:
    """Run an action and hold its transaction open for a while, so that another one happens in between."""

    @action
    def whole(doer: Any) -> None:
        deed(doer, *args, **kwargs)
        db.session.flush()
        let_others_come()

    whole(doer)


@action
def lock_one_after_the_other(system: Any, older: int, newer: int) -> None:
    """Lock two topics as deeds do, but not before the others of `at_once` wait: who has the newer one then may not want the older."""
    topic_to_change(system, older)
    let_others_come()
    lock_topics([newer])


# A forum with a rule that holds back a word

PEOPLE = (("Mona Berg", "moderator"), ("Adam de Wit", "administrator"), ("Ana Prado", "member"))


@pytest.fixture
def own(database_url: str, tmp_path: Any) -> Iterator[Flask]:
    """The application on a database of its own, with a rule that holds back a word."""
    with own_forum(database_url, tmp_path, "held_races") as app:
        for name, role in PEOPLE:
            members.add_member(SYSTEM, Joining(name, f"{role}@example.org", "-"), role)
        administrator = who("adam-de-wit")
        set_newness(administrator, 0, 0, 0)
        make_rule(administrator, RuleText("word", "casino", "We read this first."))
        agendas.write_agenda(administrator, agendas.AgendaText("Trams", write("Text.")))
        yield app


def who(handle: str) -> Member:
    return get_member(SYSTEM, handle)


def a_topic(audience: str = "public") -> int:
    words = write("Trams are loud.")
    new = dialogue.NewTopic("question", "Why so loud?", words, audience=audience)
    return int(dialogue.open_topic(who("mona-berg"), 1, new).id)
