"""An action is one transaction: committed when it returns, rolled back when it raises, based on rows read afresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from weakref import ref

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from forum import deeds
from forum.agendas.models import Theme
from forum.clock import now
from forum.db import (
    KeyTaken,
    constant,
    db,
    execute_core,
    flush_unique,
    start_again,
    unique_keys,
)
from forum.deeds import action
from forum.engines import without_waiting
from forum.errors import Conflict, Forbidden, Invalid, Refusal
from forum.members.models import City, Member
from forum.permissions import SYSTEM
from tests.db.conftest import ana, elsewhere, name_look_and_refuse, name_theme, names, page


@action
def name_both(doer: Any, first: str, second: str) -> None:
    name_theme(doer, first)
    if second == "refused":
        raise Invalid("no")
    name_theme(doer, second)


@action
def require_not_silenced(doer: Member) -> None:
    if doer.is_silenced:
        raise Forbidden


@action
def take_key(doer: Any, refusal: Refusal | None, **columns: Any) -> None:
    db.session.add(Theme(**columns))
    flush_unique(refusal)


@action
def take_key_or(doer: Any, fallback: str, **columns: Any) -> None:
    try:
        with unique_keys():
            db.session.add(Theme(**columns))
    except KeyTaken:
        db.session.add(Theme(slug=fallback, name=fallback))


@pytest.mark.parametrize("refusal", [None, Invalid("Taken.")])
def test_who_comes_late_for_a_unique_key_is_refused(own: Flask, refusal: Refusal | None) -> None:
    name_theme(SYSTEM, "a")
    with own.test_request_context(), pytest.raises(type(refusal or Conflict())) as late:
        take_key(SYSTEM, refusal, slug="a", name="b")
    assert late.value is refusal or "at the same moment" in str(late.value)
    assert names() == ["a"]


def test_an_action_goes_on_after_a_savepoint_in_which_a_key_was_taken(own: Flask) -> None:
    name_theme(SYSTEM, "a")
    take_key_or(SYSTEM, "c", slug="a", name="b")
    assert names() == ["a", "c"]


def test_no_other_fault_is_taken_for_a_key(own: Flask) -> None:
    """Otherwise a bug of the forum would be reported as a mistake of the user."""
    with own.test_request_context():
        for late in (
            lambda **row: take_key(SYSTEM, None, **row),
            lambda **row: take_key_or(SYSTEM, "c", **row),
        ):
            with pytest.raises(IntegrityError):
                late(slug="a", name=None)
    assert names() == []


@pytest.fixture
def commits(own: Flask) -> Iterator[list[Any]]:
    """Records each COMMIT that the database gets after a write."""
    made: list[Any] = []
    wrote: list[Any] = []

    def note_write(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            wrote.append(statement)

    def note_commit(connection: Any) -> None:
        if wrote:
            made.append(list(wrote))
            wrote.clear()

    event.listen(db.engine, "before_cursor_execute", note_write)
    event.listen(db.engine, "commit", note_commit)
    yield made
    event.remove(db.engine, "before_cursor_execute", note_write)
    event.remove(db.engine, "commit", note_commit)


def test_a_deed_is_saved_once_when_it_returns(commits: list[Any]) -> None:
    name_theme(SYSTEM, "floods")
    assert names() == ["floods"] and len(commits) == 1


def test_deeds_in_a_deed_are_one_commit(commits: list[Any]) -> None:
    name_both(SYSTEM, "floods", "parking")
    assert names() == ["floods", "parking"]
    assert [len(statements) for statements in commits] == [3], "and the numbers for kept pages"


def test_a_deed_that_raises_has_done_nothing(commits: list[Any]) -> None:
    with pytest.raises(Invalid):
        name_both(SYSTEM, "floods", "refused")
    assert names() == [] and commits == []
    name_theme(SYSTEM, "parking")
    assert names() == ["parking"]


def test_whoever_reads_knows_whether_this_request_has_acted(own: Flask) -> None:
    assert not deeds.has_acted()
    with pytest.raises(Invalid):
        name_look_and_refuse(SYSTEM, "floods", lambda: ("floods",))
    assert not deeds.has_acted(), "that deed was undone"
    name_theme(SYSTEM, "floods")
    assert deeds.has_acted()
    with own.app_context():
        assert not deeds.has_acted(), "another request"


def test_a_deed_that_the_database_refuses_has_done_nothing(own: Flask) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        name_both(SYSTEM, "floods", "floods")
    assert names() == []


def test_being_interrupted_undoes_a_deed(own: Flask) -> None:
    @action
    def interrupted(doer: Any) -> None:
        name_theme(doer, "floods")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted(SYSTEM)
    assert names() == []
    name_theme(SYSTEM, "parking")  # the next action is complete again
    assert names() == ["parking"]


def test_what_the_page_has_read_stays_printable_after_a_failed_deed(own: Flask) -> None:
    member = ana()
    elsewhere(silenced_until=now() + timedelta(days=1))
    with pytest.raises(Forbidden):
        require_not_silenced(member)
    assert (member.name, member.handle) == ("Ana", "ana")
    assert member.city is not None and member.city.name == "A"


def test_the_doer_is_read_afresh(own: Flask) -> None:
    member = ana()
    require_not_silenced(member)
    elsewhere(silenced_until=now() + timedelta(days=1))
    assert not member.is_silenced  # the state that the request has loaded
    with pytest.raises(Forbidden):
        require_not_silenced(member)


@pytest.mark.usefixtures("no_collection")
def test_nobody_keeps_a_session_that_is_closed(own: Flask) -> None:
    """Sessions must be freed at once, without garbage collection, because each request has one."""
    execute_core(select(Member.name)).all()
    known = ref(db.session())
    db.session.remove()
    assert known() is None


def test_a_page_that_shows_the_doer_goes_on_after_what_it_notes(own: Flask) -> None:
    """Relationships loaded with the row stay loaded, although nothing else refers to them; an action reads everything afresh."""
    member = ana()
    db.session.expunge(member)
    shown = db.session.scalars(select(Member).options(joinedload(Member.city))).one()
    with without_waiting():
        require_not_silenced(member)
    assert shown.city is not None and shown.city.name == "A"


def test_rows_are_read_afresh_in_a_deed_and_kept_outside(own: Flask) -> None:
    member = ana()
    elsewhere(position="planner")

    @action
    def position_of(doer: Any) -> str:
        return db.session.scalars(select(Member)).one().position

    assert member.position == ""
    assert position_of(SYSTEM) == "planner"


def test_reading_afresh_loses_nothing_that_the_deed_has_written(own: Flask) -> None:
    @action
    def write_and_read(doer: Member) -> tuple[str, str]:
        doer.position = "engineer"
        found = db.session.scalars(select(Member)).one()
        return found.position, doer.position

    assert write_and_read(ana()) == ("engineer", "engineer")


@pytest.mark.parametrize("is_kept", [True, False], ids=["named by the deed", "read again"])
def test_a_foreign_key_that_a_deed_sets_leads_to_the_new_row(own: Flask, is_kept: bool) -> None:
    """Also on an entity that stays in the session, which the next query finds there."""
    with db.engine.begin() as connection:
        connection.execute(
            City.__table__.insert().values(
                id=2, slug="b", name="B", country="FI", latitude=1, longitude=2, population=3
            )
        )

    @action
    def move(doer: Member) -> None:
        if is_kept:
            doer.city = db.session.get_one(City, 2)
        doer.city_id = 2

    member = ana()
    assert member.city is not None and member.city.name == "A"
    move(member)
    assert ("city" in member.__dict__) is is_kept
    assert ana() is member
    assert member.city is not None and member.city.name == "B"


@pytest.mark.parametrize(
    ("value", "words"), [(8, "8"), ("case", "'case'"), ("o'clock 100%", "'o''clock 100%'")]
)
def test_a_constant_is_said_by_the_statement(own: Flask, value: int | str, words: str) -> None:
    statement = select(constant(value))
    assert db.session.scalar(statement) == value
    said = str(statement.compile(db.engine)).replace("%%", "%")
    assert words in said


def test_a_deed_without_a_person_is_the_systems(own: Flask) -> None:
    @action
    def nothing() -> str:
        return "done"

    assert nothing() == "done"
    assert nothing.__dict__["is_action"]


@pytest.mark.postgresql_only  # on SQLite each page has a transaction: one snapshot at no cost
def test_a_page_reads_without_a_transaction_and_a_deed_of_it_has_one(own: Flask) -> None:
    """In a transaction `now()` stays the same, which shows whether there is one."""
    is_apart = select(func.now() == func.statement_timestamp())

    @action
    def fail(_doer: Member) -> None:
        seen.append(db.session.scalar(is_apart))
        db.session.add(Theme(slug="half", name="Half"))
        db.session.flush()
        raise Forbidden()

    seen: list[bool | None] = []
    with page(own):
        ben = ana()
        seen.append(db.session.scalar(is_apart))
        with pytest.raises(Forbidden):
            fail(ben)
        seen.append(db.session.scalar(is_apart))
        assert db.session.scalar(select(func.count()).select_from(Theme)) == 0
    db.session.scalar(text("SELECT 1"))
    seen.append(db.session.scalar(is_apart))
    assert seen == [True, False, True, False]
    db.session.remove()


def test_what_no_deed_has_saved_goes_with_its_session(own: Flask) -> None:
    db.session.add(Theme(slug="a", name="A"))
    db.session.remove()
    ana().name = "Anna"
    db.session.remove()
    assert names() == [] and ana().name == "Ana"


@pytest.mark.sqlite_only  # PostgreSQL has no journal modes
def test_a_deed_takes_the_write_lock_at_its_beginning(own: Flask) -> None:
    begun: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        begun.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    name_theme(SYSTEM, "floods")
    names()
    event.remove(db.engine, "before_cursor_execute", note)
    assert [words for words in begun if words.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]


@pytest.mark.postgresql_only  # on SQLite no row is locked, so that nothing begins anew
def test_an_action_begins_anew_with_nothing_saved_and_goes_on_after_a_few_starts(
    own: Flask,
) -> None:
    starts = []

    @action
    def begin_often(doer: Any, *_others: Any) -> None:
        starts.append((doer.name, names()))
        name_theme(doer, f"Theme {len(starts)}")
        start_again()

    begin_often(ana())
    assert starts == [("Ana", [])] * deeds.MAX_STARTS
    assert names() == [f"Theme {len(starts)}"]
    begin_often(ana(), ana())  # whoever calls it would hold a row that is not read again
    assert len(starts) == deeds.MAX_STARTS + 1
