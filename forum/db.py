"""The database: base class and column types of the models, and `@action`, which makes a deed whole."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from markupsafe import Markup
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    event,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import (
    DeclarativeBase,
    ORMExecuteState,
    Session,
    make_transient_to_detached,
)
from sqlalchemy.types import TypeDecorator

from forum.errors import Busy, Refusal
from forum.lazy import library

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound="Base")

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# With two tries and the wait at the gate a writer knows within five seconds.
BUSY_TIMEOUT_MS = 1_500
BUSY_TRIES = 2
# Of the threads of a process so many wait long for a locked database; the others go on serving readers.
WAITING = threading.BoundedSemaphore(2)
TURN_SECONDS = 1.5
# Statements that each connection to PostgreSQL keeps prepared: about as many as there are
PREPARED = 400
# What PostgreSQL says of a statement whose plan is of an older schema (it "must not change result type"), that is not
# prepared there any more, or is so already: a pooler between them has others' connections behind ours.
OLD_PLANS = {"0A000", "26000", "42P05"}
# What it says of what the role may not do, or nobody at this moment because the server is read-only
REFUSED = {"42501", "25006"}
# What either database says of a row whose key is there already
THERE_ALREADY = {"23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
# What it says of a lock that somebody else holds, or of two who wait for each other
LOCKED = {"55P03", "40P01", sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Moment(TypeDecorator[datetime]):
    """A moment in UTC that knows its zone on both databases (SQLite alone would forget it)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store in UTC."""
        return value.astimezone(UTC) if value else None

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Hand back in UTC."""
        read: Callable[[Any], Any] | None = self.impl_instance.result_processor(dialect, coltype)

        # A page reads two hundred moments and texts: each call of a function counts.
        def process(value: Any) -> datetime | None:
            if value is None:
                return None
            moment: datetime = read(value) if read else value
            if moment.tzinfo is UTC:
                return moment
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

        return process


class Html(TypeDecorator[Markup]):
    """HTML that `markup.write` made; handed back as `Markup`, so that templates print it as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Store as plain text."""
        return None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Hand back as HTML that is safe to print."""
        return _as_html


def _as_html(value: str | None) -> Markup | None:
    return None if value is None else Markup(value)


class Base(DeclarativeBase):
    """What all tables have in common: constraint names, and moments that know their zone."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Moment(), Markup: Html(), str: String(200)}


def only_where(condition: str) -> dict[str, Any]:
    """What makes an index hold those of the rows alone that meet a condition, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class ClosableSession(FlaskSession):
    """A session that closes even when the database's server has gone away: the answer is made by then."""

    def close(self) -> None:
        """Give everything back; a connection that cannot even roll back is thrown away."""
        # Its transaction knows this session: nobody would let go of the two.
        self.info.pop("reading", None)
        try:
            super().close()
        except DBAPIError:
            self.invalidate()


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False, "class_": ClosableSession},
    engine_options={
        "hide_parameters": True,  # errors are logged, and texts and hashes have no place there
        "pool_use_lifo": True,  # the connection that was used last knows most, pages and prepared statements
    },
)


def plain(
    statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run, for a page, a statement that gives columns alone: the session would look for entities at twice the cost."""
    return _reading(db.session()).connection.execute(statement, values)


class _Reading(NamedTuple):
    """The connection of a session's transaction, and the numbers of scopes that were read in it."""

    transaction: Any
    connection: Connection
    numbers: dict[tuple[str, ...], Mapping[str, int]]


def _reading(session: Session) -> _Reading:
    """What the session reads with, which is looked for once and not at each statement."""
    held: _Reading | None = session.info.get("reading")
    if held is None or held.transaction is not session.get_transaction():
        connection = session.connection()
        held = _Reading(session.get_transaction(), connection, {})
        session.info["reading"] = held
    return held


def constant(value: int | str) -> ColumnElement[Any]:
    """A value of ours that stands in the statement itself and is no parameter; never use it for what comes from outside.

    PostgreSQL makes one plan for the statement and keeps it. It knows that few rows are wanted, or that a kind is rare,
    and need not plan again to find out. Each value makes a statement of its own.
    """
    is_number = isinstance(value, int)
    words = str(value) if is_number else "'{}'".format(str(value).replace("'", "''"))
    return literal_column(words, Integer if is_number else String)


def as_it_is(words: str) -> ColumnElement[str]:
    """Words that come into the statement as they are, quoted, so that PostgreSQL plans for them: rare and common ones differ."""
    return bindparam(None, words, Text, literal_execute=True)


def detached(kind: type[E], values: Mapping[str, Any]) -> E:
    """An entity made of a row's columns, which belongs to no session; a column that is left out can never be read.

    It is for what every page asks for: the ORM's own way of loading costs several times as much.
    """
    entity = kind()
    entity.__dict__.update(values)
    make_transient_to_detached(entity)
    return entity


_set_clock: ContextVar[datetime | None] = ContextVar("set_clock", default=None)


def now() -> datetime:
    """The present moment in UTC, to the second, as both databases keep it."""
    return _set_clock.get() or datetime.now(UTC).replace(microsecond=0)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let deeds happen at another moment: an import brings its dates along."""
    token = _set_clock.set(moment)
    try:
        yield
    finally:
        _set_clock.reset(token)


_is_page: ContextVar[bool] = ContextVar("is_page", default=False)


def read_apart(app: Flask) -> None:
    """Let the statements of a request stand for themselves where a transaction gives nothing, see `_read_apart`."""

    def begin() -> None:
        _is_page.set(True)

    def end(_error: BaseException | None) -> None:
        _is_page.set(False)

    app.before_request(begin)
    app.teardown_request(end)


_is_in_passing: ContextVar[bool] = ContextVar("is_in_passing", default=False)


@contextmanager
def in_passing() -> Iterator[None]:
    """For what reading a page writes down: its deed raises `Busy` at once instead of making the reader wait."""
    token = _is_in_passing.set(True)
    try:
        yield
    finally:
        _is_in_passing.reset(token)


def action(deed: Callable[P, R]) -> Callable[P, R]:
    """Make a function of an `actions.py` a whole deed: saved when it returns, undone when it raises.

    The outermost deed begins a write transaction (`BEGIN IMMEDIATE` on SQLite), in which every row is read
    afresh, and commits once. The doer, the first argument, is read afresh too, so that rights that ended a
    moment ago have ended. Raises `Busy` when the database is locked for too long; nothing is saved then.
    """

    @wraps(deed)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        session = db.session()
        if session.info.get("in_deed"):
            return _inner(session, deed, args, kwargs)
        return _whole(session, deed, args, kwargs)

    whole.__dict__["is_action"] = True
    return whole


def _whole(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    before = [(row, dict(row.__dict__)) for row in session.identity_map.values()]
    try:
        _begin_writing(session)
    finally:
        _put_back(before)  # trying to lock again has made the session forget what it read
    session.info |= {"in_deed": True, "depth": 1, "touched": None, "touched_within": frozenset()}
    try:
        result = deed(*_fresh(session, args), **kwargs)
        session.flush()
        scopes = _count_up(session)
        announced = announcing.get(db.engine)
        with announced(scopes) if announced and scopes else nullcontext():
            session.commit()
        session.info["has_acted"] = True
        if _is_in_passing.get():
            _put_back(before)  # the page goes on with what it has read, the city of its reader too
        return result
    except BaseException as error:
        # Detached before the rollback, the rows that the page has already read stay as it read them.
        session.expunge_all()
        session.rollback()
        _put_back(before)
        # A full disk is no reason to refuse somebody a page that would only have been noted.
        if isinstance(error, OperationalError) and (is_locked(error) or _is_in_passing.get()):
            raise Busy() from error
        raise
    finally:
        session.info["in_deed"] = False


def flush_once(refusal: Refusal) -> None:
    """Write down what the deed holds, or raise a refusal where somebody else wrote the same in the same moment.

    Who looks before writing tells people so in time; of two who look at once neither finds anything on PostgreSQL. Where
    both mean their own row, they hold the member instead (`hold_member`), and the second one finds it.
    """
    try:
        db.session.flush()
    except IntegrityError as error:
        if _is_there_already(error):
            raise refusal from error
        raise


def delete_some(
    model: type[Base], limit: int, *which: ColumnElement[bool], told: Any = None
) -> Sequence[Any]:
    """Delete at most `limit` of the rows that meet conditions; hands back of each its id, or the column `told`.

    In portions, so that those who write meanwhile wait for a moment only.
    """
    key = model.__table__.c.id
    some = select(key).where(*which).limit(limit).scalar_subquery()
    gone = delete(model).where(key.in_(some)).returning(key if told is None else told)
    return db.session.scalars(gone).all()


def _is_there_already(error: IntegrityError) -> bool:
    is_of_sqlite = getattr(error.orig, "sqlite_errorcode", None) in THERE_ALREADY
    return is_of_sqlite or getattr(error.orig, "sqlstate", None) in THERE_ALREADY


def has_acted() -> bool:
    """Whether this session has done a deed already (that of a page: the request), so that what was read before may be old."""
    return bool(db.session().info.get("has_acted"))


def _put_back(before: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    for row, values in before:
        row.__dict__.update(values)


def _inner(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    session.info["depth"] += 1
    try:
        return deed(*args, **kwargs)
    finally:
        session.info["depth"] -= 1


def _begin_writing(session: Session) -> None:
    session.commit()  # ends the request's read transaction; nothing is pending outside a deed
    if not WAITING.acquire(timeout=0 if _is_in_passing.get() else TURN_SECONDS):
        raise Busy()
    try:
        _take_write_lock(session)
    finally:
        WAITING.release()


def _take_write_lock(session: Session) -> None:
    tries = 1 if _is_in_passing.get() else BUSY_TRIES
    for attempt in range(1, tries + 1):
        try:
            session.connection(execution_options={"is_writing": True})
            return
        except OperationalError as error:
            session.rollback()
            if not (is_locked(error) or _is_in_passing.get()):
                raise  # the database is away, and with it what a page of ours would ask for
            if not is_locked(error) or attempt == tries:
                raise Busy() from error
            time.sleep(0.02 * attempt)


def _fresh(session: Session, args: tuple[Any, ...]) -> tuple[Any, ...]:
    if not args or not isinstance(args[0], Base):
        return args
    doer = session.get(type(args[0]), inspect(args[0]).identity, populate_existing=True)
    return (doer, *args[1:])


def conninfo(url: URL) -> str:
    """The address of a PostgreSQL database as its driver and its own programs take it, password included.

    As a URL they would read a space that stands among its options as the sign +.
    """
    _none, words = url.get_dialect()().create_connect_args(url)
    return str(library("psycopg.conninfo").make_conninfo(**words))


def fold_log(engine: Engine) -> None:
    """Move everything that SQLite has saved in its log into the file itself, and empty the log.

    This works once nobody else is at work. While somebody is, or when the disk is full, the rest stays in the log, where
    it is just as safe. On PostgreSQL there is nothing to do.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def count_for_plans(engine: Engine) -> None:
    """Let PostgreSQL count what its plans lean on, after many rows came at once; by itself it does so minutes later.

    Until then it plans for empty tables (PostgreSQL, "Populating a Database"). What somebody holds is left to it.
    SQLite plans without.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")


# What has changed, for those who keep pages. A *scope* is what a kept page depends on.

EVERYTHING, ANYTHING = "everything", "anything"
FEDERATION = "federation"  # what the forum is called, which each page says
SHARED = 1_024  # topics share so many scopes, members as well: a table of few rows serves any number of them
VERSION = Table(
    "page_version",
    Base.metadata,
    Column("scope", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)


def touches(*scopes: str) -> None:
    """Name, inside a deed, everything that visitors see and the deed changes: some scopes, or none.

    A deed that never calls this touches `EVERYTHING`, on which every kept page depends. So a new deed is right from its
    first day, and only the busiest deeds need to say less. Scopes of inner deeds are added to those of the outermost.
    When the outermost deed never calls this, what the inner ones say does not count.
    """
    info = db.session().info
    if info.get("depth") == 1:
        info["touched"] = (info["touched"] or frozenset()) | set(scopes)
    elif info.get("in_deed"):
        info["touched_within"] |= set(scopes)


def topic_scope(topic_id: int) -> str:
    """The scope of a topic: its posts, their marks, who wrote them."""
    return f"topic {topic_id % SHARED}"


def member_scope(member_id: int) -> str:
    """The scope of a member's profile: what they wrote, what others made of it, what they tried."""
    return f"member {member_id % SHARED}"


NUMBERS_OF = select(VERSION.c.scope, VERSION.c.number).where(
    VERSION.c.scope.in_(bindparam("scopes", expanding=True))
)


class Remembered:
    """What a process remembers of the rows that it read, until a deed touches a scope that they depend on.

    `present` says the numbers of scopes as they are now, or None when it does not know. It is asked at each use, so that
    nothing old is handed out.
    """

    def __init__(
        self, present: Callable[[tuple[str, ...]], Mapping[str, int] | None], most: int
    ) -> None:
        self._present, self._most = present, most
        self._known: dict[Hashable, tuple[Mapping[str, int], Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, scopes: tuple[str, ...], read: Callable[[], R]) -> R:
        """What is known under a key and still true, else what `read` reads now."""
        present, known = self._present(scopes), self._known.get(key)
        if known and present == known[0]:
            value: R = known[1]
            return value
        numbers = _numbers_of_reading(scopes, present)
        value = read()
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = numbers, value
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]  # what was read longest ago
        return value


def _numbers_of_reading(
    scopes: tuple[str, ...], present: Mapping[str, int] | None
) -> Mapping[str, int]:
    """Numbers of scopes that are no newer than what the session reads next.

    Where each statement stands for itself it reads what is there by then: the present numbers do. So does a transaction
    that has read nothing yet. Another may read what was there a while ago, so that it is asked itself; once, because it
    can only come to read what is newer.
    """
    session = db.session()
    has_read = session.in_transaction()
    reading = _reading(session)
    if present is not None and reading.connection.info.get("is_apart"):
        return present
    if present is not None and not has_read:
        reading.numbers[scopes] = present
    if scopes not in reading.numbers:
        rows = reading.connection.execute(NUMBERS_OF, {"scopes": scopes})
        reading.numbers[scopes] = {row.scope: row.number for row in rows}
    return reading.numbers[scopes]


def long_lived(key: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """What `read` returns, remembered by this process until a deed touches `EVERYTHING` or one of `scopes`.

    It is for values that many pages want and few deeds change. The value is shared, so nobody may change it. A deed reads
    anew, because it may undo what it did. So does an application that remembers nothing (see `pagecache.init_app`).
    """
    remembered: Remembered | None = current_app.extensions.get("remembered")
    if remembered is None or db.session().info.get("in_deed"):
        return read()
    return remembered.get(key, (EVERYTHING, *scopes), read)


def number_now(scope: str) -> int | None:
    """The number of a scope as it is now; None where this process cannot tell without a question of the session.

    For what is remembered with its number, and whatever else is touched (`numbers`: see `init_app` of `pagecache`).
    """
    present = current_app.extensions.get("numbers")
    numbers = present((scope,)) if present else None
    return None if numbers is None else numbers.get(scope, 0)


# How a commit that changes what visitors see, the scopes, is announced, by engine, where somebody wants to see it coming
announcing: WeakKeyDictionary[Engine, Callable[[Sequence[str]], AbstractContextManager[None]]] = (
    WeakKeyDictionary()
)


def _count_up(session: Session) -> Sequence[str]:
    """Count up the scopes that the deed has touched, in its own transaction and as its last statement; hands them back."""
    touched = session.info["touched"]
    scopes = {EVERYTHING} if touched is None else touched | session.info["touched_within"]
    if not scopes:
        return ()
    counted = sorted(
        {*scopes, ANYTHING}
    )  # always in the same order, so that two deeds never wait for each other
    connection = session.connection()
    rows = [{"scope": scope, "number": 1} for scope in counted]
    connection.execute(UPSERTS[connection.dialect.name], rows)
    return counted


def _upsert(put: Any) -> Any:
    more = {"number": VERSION.c.number + 1}
    return put.on_conflict_do_update(index_elements=[VERSION.c.scope], set_=more)


UPSERTS = {
    "sqlite": _upsert(sqlite.insert(VERSION)),
    "postgresql": _upsert(postgresql.insert(VERSION)),
}


def is_locked(error: OperationalError) -> bool:
    """Whether the database could not do something because somebody else held a lock for too long."""
    of_sqlite = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest says why
    return of_sqlite in LOCKED or getattr(error.orig, "sqlstate", None) in LOCKED


def is_away(error: DBAPIError) -> bool:
    """Whether it is the database that fails, its server, file or rights, and no statement of ours."""
    if getattr(error.orig, "sqlstate", None) in REFUSED:
        return True
    is_of_statement = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"
    return type(error) in (OperationalError, DatabaseError) and not is_of_statement


@event.listens_for(Session, "do_orm_execute")
def _read_afresh(state: ORMExecuteState) -> None:
    if state.session.info.get("in_deed") and state.is_select and not state.is_relationship_load:
        state.update_execution_options(populate_existing=True)


@event.listens_for(Engine, "handle_error")
def _let_go_of_old_plans(context: ExceptionContext) -> None:
    """Take no connection again that does not know its prepared statements: each of them would fail for ever."""
    if getattr(context.original_exception, "sqlstate", "") in OLD_PLANS:
        context.is_disconnect = True


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # we say BEGIN ourselves, see _begin
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-2000",  # kilobytes for each connection; the system keeps the file in memory anyway
        ):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _prepare_postgresql(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        connection.prepared_max = PREPARED
        connection.cursor_factory = _cursor_of_postgresql()
        connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.commit()


@cache
def _cursor_of_postgresql() -> Any:
    """The driver's cursor, but for a description that is made when somebody reads it.

    SQLAlchemy asks each result whether it has one, and reads it the first time that it meets a statement. An object for
    each column of each result took a thirtieth of a member's page.
    """
    usual = library("psycopg").Cursor

    def description(cursor: Any) -> Any:
        result = cursor.pgresult
        if result is not None and result.nfields:
            return _Columns(lambda: usual.description.__get__(cursor))
        return usual.description.__get__(cursor)

    return type("Cursor", (usual,), {"description": property(description)})


class _Columns(Sequence[Any]):
    """The columns of a result, which has some, described when one of them is asked for."""

    def __init__(self, describe: Callable[[], Sequence[Any]]) -> None:
        self._describe = describe

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._describe())

    def __getitem__(self, which: Any) -> Any:
        return self._describe()[which]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._describe())


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    wait = 1 if is_writing and _is_in_passing.get() else BUSY_TIMEOUT_MS
    if connection.dialect.name == "sqlite":
        with _waiting(connection.connection.driver_connection, wait):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
        return
    _read_apart(connection, _is_page.get() and not is_writing)
    if wait != BUSY_TIMEOUT_MS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait}")


def _read_apart(connection: Any, is_apart: bool) -> None:
    """Let each statement of a page stand for itself on PostgreSQL, or begin a transaction as usual.

    Between two statements of a transaction others' commits are seen there all the same (READ COMMITTED), so that it
    costs two messages and gives nothing; and its rollback makes psycopg forget the prepared statements.
    """
    driver = connection.connection.driver_connection
    if is_apart != connection.info.get("is_apart", False) and not driver.closed:
        driver.autocommit = connection.info["is_apart"] = is_apart


@contextmanager
def _waiting(connection: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Wait otherwise than usual for a lock."""
    if milliseconds == BUSY_TIMEOUT_MS:
        yield
        return
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
