"""Concurrency: actions in several threads, on a database of its own in which commits are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
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


@contextmanager
def own_forum(database_url: str, folder: Path, name: str) -> Iterator[Flask]:
    """An application in its context, with a new database of its own that has all migrations."""
    address = new_database(database_url, name, folder, has_tables=True)
    settings = Settings(
        folder, address, "http://localhost", ("localhost",), "of the tests", limits=False
    )
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def at_once(app: Flask, deeds: list[Callable[[], Any]]) -> list[str]:
    """Run actions at the same moment in threads; returns for each “done”, or the message of its refusal."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> str:
        with app.test_request_context():
            barrier.wait(10)
            try:
                deed()
                return "done"
            except Refusal as error:
                return error.message or type(error).__name__
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(deeds)) as threads:
        outcomes = list(threads.map(run, deeds))
    db.session.commit()  # so that the session reads what they have written
    return outcomes


def slowly(deed: Callable[..., Any], doer: Any, *args: Any, **kwargs: Any) -> None:
    """Run an action and hold its transaction open for a while, so that another one comes in between."""

    @action
    def whole(doer: Any) -> None:
        deed(doer, *args, **kwargs)
        db.session.flush()
        time.sleep(0.3)

    whole(doer)


# A forum whose rule holds a word back

PEOPLE = (("Mona Berg", "moderator"), ("Adam de Wit", "administrator"), ("Ana Prado", "member"))


@pytest.fixture
def own(database_url: str, tmp_path: Any) -> Iterator[Flask]:
    """The application over a database of its own, in which a rule holds a word back."""
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
