"""What lives long is read once, and again when a deed touches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from forum import versions
from forum.agendas.models import Theme
from forum.db import db, execute_core
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.permissions import SYSTEM
from forum.versions import ReadCache, cached
from tests.db.conftest import name_look_and_refuse, name_theme, page


@action
def name_quietly(doer: Any, name: str, scope: str) -> None:
    touches(scope)
    db.session.add(Theme(slug=name, name=name))


@pytest.fixture
def themes(own: Flask) -> Iterator[Callable[[], Any]]:
    """A function that reads the names of the themes through `cached`; `themes.read` counts the real reads."""

    def read() -> tuple[str, ...]:
        look.read += 1
        return tuple(execute_core(select(Theme.name).order_by(Theme.name)).scalars())

    def look() -> tuple[str, ...]:
        db.session.rollback()
        return cached("themes", read, "topic 1")

    look.read = 0
    own.extensions["read_cache"] = ReadCache(numbers_now, 5)
    yield look
    del own.extensions["read_cache"]


def numbers_now(scopes: tuple[str, ...]) -> dict[str, int]:
    """The version numbers that another connection reads."""
    with db.engine.connect() as connection:
        rows = connection.execute(
            select(versions.PAGE_VERSIONS).where(versions.PAGE_VERSIONS.c.scope.in_(scopes))
        )
        return {row.scope: row.number for row in rows}


def test_what_lives_long_is_read_again_when_a_deed_touches_it(themes: Any) -> None:
    name_theme(SYSTEM, "floods")
    assert [themes(), themes(), themes()] == [("floods",)] * 3 and themes.read == 1
    name_quietly(SYSTEM, "drains", "topic 2")
    assert themes() == ("floods",) and themes.read == 1, "that deed says that it touches less"
    name_quietly(SYSTEM, "kerbs", "topic 1")
    assert themes() == themes() == ("drains", "floods", "kerbs") and themes.read == 2
    name_theme(SYSTEM, "parking")
    assert themes() == ("drains", "floods", "kerbs", "parking") and themes.read == 3


def test_a_deed_reads_what_lives_long_anew_and_leaves_no_trace(themes: Any) -> None:
    def look() -> tuple[str, ...]:
        return cached("themes", lambda: tuple(execute_core(select(Theme.name)).scalars()))

    assert themes() == ()
    with pytest.raises(Invalid):
        name_look_and_refuse(SYSTEM, "floods", look)
    assert themes() == () and themes.read == 1


@pytest.mark.parametrize("is_page", [False, True])
def test_what_is_changed_while_it_is_read_is_read_again(
    own: Flask, themes: Any, is_page: bool
) -> None:
    """Another process writes after the version was read: the value belongs to the former version, and is not cached."""

    def read() -> tuple[str, ...]:
        with db.engine.begin() as connection:
            connection.execute(Theme.__table__.insert().values(slug="late", name="late"))
            more = {"scope": versions.EVERYTHING, "number": 1}
            connection.execute(versions.UPSERTS[connection.dialect.name], more)
        return tuple(execute_core(select(Theme.name)).scalars())

    with page(own) if is_page else nullcontext():
        found = cached("themes", read, "topic 1")
        # SQLite reads from the snapshot of its transaction, PostgreSQL from one of the statement
        assert found in ((), ("late",))
        assert themes() == ("late",)


@pytest.mark.parametrize("is_page", [False, True])
def test_numbers_are_asked_for_once(own: Flask, themes: Any, is_page: bool) -> None:
    """And not at all on pages over PostgreSQL: their statements read the present state, which the present versions describe."""
    made: list[str] = []
    with page(own) if is_page else nullcontext():
        execute_core(select(Theme.name))  # the snapshot begins
        event.listen(db.engine, "before_cursor_execute", lambda *told: made.append(told[2]))
        present = {"everything": 3, "topic 1": 4}
        own.extensions["read_cache"] = ReadCache(lambda _scopes: present, 5)
        for key in ("one", "two"):
            assert cached(key, lambda key=key: key, "topic 1") == key
        is_apart = is_page and db.engine.dialect.name == "postgresql"
        assert len([words for words in made if "page_version" in words]) == (0 if is_apart else 1)


def test_who_has_read_nothing_yet_asks_for_no_numbers(own: Flask, themes: Any) -> None:
    """Its snapshot begins after the versions are read: after a write in between they are outdated."""
    made: list[str] = []

    def present_before_others_write(scopes: tuple[str, ...]) -> dict[str, int]:
        numbers = numbers_now(scopes)
        with db.engine.begin() as connection:
            connection.execute(Theme.__table__.insert().values(slug="late", name="late"))
            more = {"scope": versions.EVERYTHING, "number": 1}
            connection.execute(versions.UPSERTS[connection.dialect.name], more)
        # From here on, statements of the reader are recorded
        event.listen(db.engine, "before_cursor_execute", lambda *told: made.append(told[2]))
        return numbers

    own.extensions["read_cache"] = known = ReadCache(present_before_others_write, 5)
    assert themes() == ("late",) and not [words for words in made if "page_version" in words]
    with db.engine.begin() as connection:
        connection.execute(Theme.__table__.delete())
    known._current_versions = numbers_now
    assert themes() == (), "what was read with the older numbers is not taken for true"


@pytest.mark.sqlite_only  # on PostgreSQL each statement has a snapshot of its own
def test_what_an_older_moment_reads_is_not_taken_for_the_present(own: Flask, themes: Any) -> None:
    """A page whose snapshot began before an action reads a cached value after it."""
    assert execute_core(select(Theme.name)).all() == []  # the snapshot of this session begins
    with db.engine.begin() as connection:
        connection.execute(Theme.__table__.insert().values(slug="late", name="late"))
        more = {"scope": versions.EVERYTHING, "number": 1}
        connection.execute(versions.UPSERTS[connection.dialect.name], more)
    read = cached("themes", lambda: tuple(execute_core(select(Theme.name)).scalars()), "topic 1")
    assert read == () and themes() == ("late",)


def test_the_read_cache_holds_few_values(own: Flask, themes: Any) -> None:
    read: list[int] = []

    def look(number: int) -> int:
        return cached(number, lambda: read.append(number) or number)

    for number in (*range(9), 8, 4):
        assert look(number) == number
    assert read == [*range(9)], "the five newest are known"
    assert look(3) == 3 and read[-1] == 3


def test_without_numbers_things_are_read(own: Flask, themes: Any) -> None:
    """If the versions cannot be read, values are read without the cache."""
    own.extensions["read_cache"] = ReadCache(lambda _scopes: None, 5)
    assert [cached("a thing", lambda n=n: n) for n in range(3)] == [0, 1, 2]


def test_what_cannot_be_read_is_not_remembered(own: Flask, themes: Any) -> None:
    def fail() -> None:
        raise Invalid("no")

    with pytest.raises(Invalid):
        cached("a thing", fail)
    assert cached("a thing", lambda: 1) == 1
