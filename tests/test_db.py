"""An action is one transaction: committed when it returns, rolled back when it raises, based on rows read afresh."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from weakref import ref

import psycopg
import pytest
from flask import Flask
from flask_babel import Babel
from markupsafe import Markup
from sqlalchemy import Date, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from forum import columns, deeds, engines, versions
from forum.agendas.models import Theme
from forum.clock import at, now
from forum.columns import Base
from forum.db import KeyTaken, constant, db, execute_core, flush_unique, unique_keys
from forum.deeds import action, touches
from forum.engines import checkpoint_wal, read_without_transactions, without_waiting
from forum.errors import Busy, Conflict, Forbidden, Invalid, Refusal
from forum.members.models import City, Member
from forum.permissions import SYSTEM
from forum.versions import ReadCache, cached

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def own_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with an empty database of its own, in which commits are real."""
    url = make_url(database_url).set(database="own")
    if url.drivername == "sqlite":
        url = url.set(database=str(tmp_path_factory.mktemp("own") / "own.sqlite"))
    else:
        server = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS own"))
            connection.execute(text("CREATE DATABASE own"))
        server.dispose()
    made = Flask("own")
    made.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(made)
    Babel(made)
    read_without_transactions(made)
    with made.app_context():
        Base.metadata.create_all(db.engine)
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def own(own_app: Flask) -> Iterator[Flask]:
    """The application of `own_app` with one member and one city as its only rows."""
    with db.engine.begin() as connection:
        for table in (Theme, Member, City):
            connection.execute(table.__table__.delete())
        connection.execute(
            City.__table__.insert().values(
                id=1, slug="a", name="A", country="FI", latitude=1, longitude=2, population=3
            )
        )
        connection.execute(
            Member.__table__.insert().values(
                id=1, handle="ana", name="Ana", email="a@example.org", password_hash="-", role="member",
                hosted=[], position="", language="en", helps_with="", about="", about_html="",
                html_version=0, folded="", joined_at=NOON, posts_count=0, city_id=1,
            )
        )  # fmt: skip
    yield own_app
    db.session.remove()


@contextmanager
def page(own: Flask) -> Iterator[None]:
    """Run the block like a request, whose session is closed at its end."""
    with own.test_request_context():
        own.preprocess_request()
        yield
        db.session.remove()


@action
def name_theme(doer: Any, name: str) -> Theme:
    theme = Theme(slug=name, name=name)
    db.session.add(theme)
    db.session.flush()
    return theme


@action
def name_both(doer: Any, first: str, second: str) -> None:
    name_theme(doer, first)
    if second == "refused":
        raise Invalid("no")
    name_theme(doer, second)


@action
def rename(doer: Member, name: str) -> Member:
    doer.name = name
    return doer


@action
def require_not_silenced(doer: Member) -> None:
    if doer.is_silenced:
        raise Forbidden


def names() -> list[str]:
    """The names of themes that another connection reads."""
    with db.engine.connect() as connection:
        return list(connection.scalars(select(Theme.name).order_by(Theme.name)))


def ana() -> Member:
    return db.session.scalars(select(Member).options(joinedload(Member.city))).one()


def elsewhere(**values: Any) -> None:
    """Change the member through another connection."""
    with db.engine.begin() as connection:
        connection.execute(Member.__table__.update().values(**values))


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


def test_nobody_keeps_a_session_that_is_closed(own: Flask) -> None:
    """Sessions must be freed at once, without garbage collection, because each request has one."""
    gc.collect()
    gc.disable()
    try:
        execute_core(select(Member.name)).all()
        known = ref(db.session())
        db.session.remove()
        assert known() is None
    finally:
        gc.enable()


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


# Locks


# Cached values


@action
def name_quietly(doer: Any, name: str, scope: str) -> None:
    touches(scope)
    db.session.add(Theme(slug=name, name=name))


@action
def name_look_and_refuse(doer: Any, name: str, look: Callable[[], Any]) -> None:
    name_theme(doer, name)
    assert name in look()
    raise Invalid("no")


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


@pytest.mark.postgresql_only  # SQLite has no server
def test_a_session_closes_when_the_server_has_gone_away(own: Flask) -> None:
    pid = db.session.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
    db.session.remove()
    assert db.session.scalar(text("SELECT 1")) == 1
    db.session.remove()


@pytest.mark.postgresql_only  # SQLite plans statements in microseconds
def test_statements_of_pages_stay_prepared(own: Flask) -> None:
    """psycopg prepares statements that are used five times, and forgets them at a rollback; so pages must not end with one."""
    for _page in range(8):
        with page(own):
            execute_core(select(Theme.name).where(Theme.slug == "a"))
    known = text("SELECT statement FROM pg_prepared_statements")
    assert any("theme.slug" in statement for statement in db.session.scalars(known))


@pytest.mark.postgresql_only  # psycopg describes the columns of each result
def test_the_columns_of_a_statement_are_described_once(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = select(City.id, City.name.label("called"))
    assert execute_core(names).one()._asdict() == {"id": 1, "called": "A"}
    described: list[int] = []
    usual = psycopg.Column.__init__

    def describe(column: Any, cursor: Any, index: int) -> None:
        described.append(index)
        usual(column, cursor, index)

    monkeypatch.setattr(psycopg.Column, "__init__", describe)
    assert execute_core(names).one()._asdict() == {"id": 1, "called": "A"}
    assert not described
    found = db.session.execute(text("SELECT id, name AS called FROM city"))
    assert list(found.keys()) == ["id", "called"] and found.one() == (1, "A")
    assert described
    cursor = db.session.connection().connection.cursor()
    cursor.execute("SELECT 1 AS one, 2 AS two")
    assert len(cursor.description) == 2 and cursor.description[1].name == "two"
    cursor.execute("SELECT")
    assert cursor.description == []
    cursor.execute("SET LOCAL lock_timeout = 100")
    assert cursor.description is None


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


@pytest.mark.postgresql_only  # SQLite has no prepared statements on a server
def test_a_connection_that_lost_what_was_prepared_is_not_taken_again(own: Flask) -> None:
    """A connection pooler may have connected it to another server process."""
    ask = select(Theme.slug).where(Theme.name == "a")
    for _page in range(8):
        with page(own):
            execute_core(ask)
    with page(own), pytest.raises(DBAPIError):
        driver: Any = db.session.connection().connection.driver_connection
        driver.pgconn.exec_(b"DEALLOCATE ALL")
        execute_core(ask)
    with page(own):
        assert execute_core(ask).all() == []


@pytest.mark.postgresql_only  # SQLite keeps no outdated plans
def test_no_plan_of_an_older_schema_is_kept_after_it_failed(own: Flask) -> None:
    """Only one page fails, not all that follow."""
    ask = text("SELECT note FROM of_the_test")
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_the_test (note int)"))
    for _page in range(8):
        with page(own):
            execute_core(ask)
    other = create_engine(db.engine.url)
    with other.begin() as connection:
        connection.execute(text("ALTER TABLE of_the_test ALTER note TYPE text"))
    with page(own), pytest.raises(DBAPIError):
        execute_core(ask)
    with page(own):
        assert execute_core(ask).all() == []
    with other.begin() as connection:
        connection.execute(text("DROP TABLE of_the_test"))
    other.dispose()


@pytest.mark.postgresql_only  # SQLite has no server
def test_a_page_that_lived_through_a_cut_connection_closes_its_session(own: Flask) -> None:
    pid = db.session.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
    with suppress(DBAPIError):
        execute_core(select(Theme.name))
    db.session.remove()
    assert execute_core(select(Theme.name)).all() == []


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


@pytest.mark.sqlite_only  # these are SQLite's own settings
def test_sqlite_is_durable_and_keeps_its_promises(own: Flask) -> None:
    with db.engine.connect() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_that_cannot_be_reached_takes_no_deed(tmp_path: Path) -> None:
    app = Flask("broken")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/none/none.sqlite"
    db.init_app(app)
    with app.app_context(), pytest.raises(OperationalError):
        name_theme(SYSTEM, "locked")


# Times and types


def test_the_clock_can_be_set_and_goes_on_afterwards() -> None:
    with at(NOON):
        assert now() == NOON
        with at(NOON + timedelta(days=1)):
            assert now() == NOON + timedelta(days=1)
        assert now() == NOON
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert now().microsecond == 0


def test_the_clock_is_set_back_when_something_fails() -> None:
    with pytest.raises(KeyError), at(NOON):
        raise KeyError
    assert now() != NOON


def test_moments_know_their_zone_on_both_databases(own: Flask) -> None:
    there = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    elsewhere(silenced_until=there)
    member = ana()
    assert member.silenced_until == NOON and member.silenced_until.tzinfo == UTC
    assert member.left_at is None


def test_only_html_columns_come_back_as_markup(own: Flask) -> None:
    elsewhere(about="<b>", about_html="<p>a</p>")
    member = ana()
    assert isinstance(member.about_html, Markup) and not isinstance(member.about, Markup)


def test_every_column_of_html_is_told_as_one() -> None:
    html = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.split("_")[-1] == "html"
    }
    typed = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, columns.Html)
    }
    assert html == typed


def test_every_time_has_a_zone() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            # Words, as printed
            if column.name.endswith(("_at", "_until")) and column.name != "as_at":
                # “until” with a day that has no time
                is_day = column.name.endswith("_until") and isinstance(column.type, Date)
                assert is_day or isinstance(column.type, columns.Moment), (
                    f"{table.name}.{column.name}"
                )


@pytest.mark.sqlite_only  # PostgreSQL manages its log itself
def test_what_somebody_still_reads_stays_in_the_log_without_a_word(own: Flask) -> None:
    name_theme(SYSTEM, "Noise")
    with db.engine.connect() as reader:
        reader.execute(select(Theme.id)).all()
        name_theme(SYSTEM, "Water")
        log = Path(f"{db.engine.url.database}-wal")
        checkpoint_wal(db.engine)
        assert log.stat().st_size > 0
    checkpoint_wal(db.engine)
    assert log.stat().st_size == 0 and names() == ["Noise", "Water"]
