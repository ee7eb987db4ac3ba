"""A text that a rule holds back, and several people in the same moment: it appears once, or is gone, and nothing else.

The deeds run in threads over a database of their own, in which commits are real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, func, make_url, select, text

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.errors import Refusal
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.settings import Settings

PEOPLE = (("Mona Berg", "moderator"), ("Adam de Wit", "administrator"), ("Ana Prado", "member"))


@pytest.fixture
def own(database_url: str, tmp_path: Any) -> Iterator[Flask]:
    """The application over a database of its own, in which a rule holds a word back."""
    url = make_url(database_url).set(database="held_races")
    if url.drivername == "sqlite":
        url = url.set(database=str(tmp_path / "races.sqlite"))
    else:
        server = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS held_races"))
            connection.execute(text("CREATE DATABASE held_races"))
        server.dispose()
    address = url.render_as_string(hide_password=False)
    settings = Settings(
        tmp_path, address, "http://localhost", ("localhost",), "of the tests", limits=False
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
        for name, role in PEOPLE:
            members.add_member(SYSTEM, Joining(name, f"{role}@example.org", "-"), role)
        administrator = who("adam-de-wit")
        set_newness(administrator, 0, 0, 0)
        make_rule(administrator, RuleText("word", "casino", "We read this first."))
        agendas.write_agenda(administrator, agendas.AgendaText("Trams", write("Text.")))
        yield app
        db.session.remove()
        db.engine.dispose()


def who(handle: str) -> Member:
    return get_member(SYSTEM, handle)


def a_topic() -> int:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    return int(dialogue.open_topic(who("mona-berg"), 1, new).id)


def at_once(app: Flask, deeds: list[Callable[[], Any]]) -> list[str]:
    """Do deeds in the same moment; says of each whether it was done, or why not."""
    barrier = Barrier(len(deeds))

    def done(deed: Callable[[], Any]) -> str:
        with app.app_context():
            barrier.wait(10)
            try:
                deed()
                return "done"
            except Refusal as error:
                return error.message or type(error).__name__
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(done, deeds))


def number_of(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_it_is_approved_or_taken_back_and_once(own: Flask) -> None:
    topic_id = a_topic()
    for number in range(4):
        held = dialogue.reply(who("ana-prado"), topic_id, write(f"A casino of {number}."))
        held_id = held.id
        db.session.remove()
        before = number_of(Post)
        said = at_once(
            own,
            [
                lambda n=held_id: moderation.approve(who("mona-berg"), n),
                lambda n=held_id: moderation.approve(who("adam-de-wit"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
                lambda n=held_id: dialogue.take_back(who("ana-prado"), n),
            ],
        )
        assert said.count("done") == 1, said
        db.session.remove()
        is_published = "done" in said[:2]
        assert number_of(Post) - before == is_published
        assert who("ana-prado").waiting_count == 0


def test_a_form_that_is_sent_several_times_at_once_waits_once(own: Flask) -> None:
    topic_id = a_topic()
    db.session.remove()
    send = [
        lambda: dialogue.reply(who("ana-prado"), topic_id, write("A casino."), "the key")
        for _time in range(4)
    ]
    said = at_once(own, send)
    assert "done" in said and number_of(Held) == 1, said
    assert who("ana-prado").waiting_count == 1
