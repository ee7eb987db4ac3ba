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
    exists,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
)
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

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# With two tries, and the wait for admission before them, a writer is answered within five seconds.
BUSY_TIMEOUT_MS = 1_500
BUSY_TRIES = 2
RETRY_SECONDS = 0.02
# No more threads of a process than these wait long for a locked database; the others go on serving readers.
LOCK_WAITERS = threading.BoundedSemaphore(2)
LOCK_WAITER_SECONDS = 1.5
# Statements that each connection to PostgreSQL keeps prepared: about as many as the forum has
MAX_PREPARED_STATEMENTS = 400
# SQLSTATE of a prepared statement that was planned for an older schema ("cached plan must not change result type"), that
# the server does not know, or knows already: behind a pooler one connection of ours may be several of the server's.
STALE_STATEMENT_CODES = {"0A000", "26000", "42P05"}
# SQLSTATE of what the role has no privilege for, and of writing to a server that is read-only at the moment
NO_ACCESS_CODES = {"42501", "25006"}
# Of a row whose unique key exists already: SQLSTATE of PostgreSQL, extended result codes of SQLite
UNIQUE_VIOLATION_CODES = {
    "23505",
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
}
# Of a lock that another transaction holds, and of a deadlock
LOCK_CODES = {"55P03", "40P01", sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Moment(TypeDecorator[datetime]):
    """A time-zone-aware datetime in UTC on both databases (SQLite alone would return naive ones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert to UTC before it is stored."""
        return value.astimezone(UTC) if value else None

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Return values as UTC."""
        read: Callable[[Any], Any] | None = self.impl_instance.result_processor(dialect, coltype)

        # A page reads two hundred values of these types, so that each function call counts.
        def process(value: Any) -> datetime | None:
            if value is None:
                return None
            moment: datetime = read(value) if read else value
            if moment.tzinfo is UTC:
                return moment
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

        return process


class Html(TypeDecorator[Markup]):
    """HTML that `markup.write` made; returned as `Markup`, so that templates print it without escaping."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Store as plain text."""
        return None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any]:
        """Return values as `Markup`."""
        return _as_html


def _as_html(value: str | None) -> Markup | None:
    return None if value is None else Markup(value)


class Base(DeclarativeBase):
    """The base class of all models: constraint names, and column types for annotations."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: Moment(), Markup: Html(), str: String(200)}


def partial_index(condition: str) -> dict[str, Any]:
    """The keyword arguments that make an `Index` a partial one on both databases: `condition` is SQL."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class ClosableSession(FlaskSession):
    """A session that can be closed when the database server has gone away: the response is rendered by then."""

    def close(self) -> None:
        """Release all connections; one that cannot even roll back is discarded."""
        # It holds the transaction, which holds this session: a cycle that only the garbage collector would free.
        self.info.pop("reading", None)
        try:
            super().close()
        except DBAPIError:
            self.invalidate()


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False, "class_": ClosableSession},
    engine_options={
        "hide_parameters": True,  # errors are logged, and must not log what people write, nor hashes
        "pool_use_lifo": True,  # the connection used last has most cached: pages, prepared statements
    },
)


def execute_core(
    statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement that selects columns and no entities, in the session's transaction but without the ORM.

    It is for pages that are asked for often: `Session.execute` would cost twice as much.
    """
    return _reading(db.session()).connection.execute(statement, values)


class _Reading(NamedTuple):
    """The connection of a session's transaction, and the versions of scopes that were read in it."""

    transaction: Any
    connection: Connection
    versions: dict[tuple[str, ...], Mapping[str, int]]


def _reading(session: Session) -> _Reading:
    """The connection with which the session reads, looked up once for each transaction instead of each statement."""
    held: _Reading | None = session.info.get("reading")
    if held is None or held.transaction is not session.get_transaction():
        connection = session.connection()
        held = _Reading(session.get_transaction(), connection, {})
        session.info["reading"] = held
    return held


def constant(value: int | str) -> ColumnElement[Any]:
    """A constant that is a literal in the SQL instead of a parameter; never use it for a value that comes from outside.

    PostgreSQL keeps one plan for a prepared statement, and with a literal that plan can take into account that few rows
    are wanted, or that a kind is rare. Each value makes a statement of its own.
    """
    if isinstance(value, int):
        return literal_column(str(value), Integer)
    return literal_column("'{}'".format(value.replace("'", "''")), String)


def inline_text(value: str) -> ColumnElement[str]:
    """A text, from anywhere, that is quoted into the SQL when it is executed instead of being a parameter.

    PostgreSQL then plans for this very text, such as a rare or a common word of a search.
    """
    return bindparam(None, value, Text, literal_execute=True)


def detached(kind: type[E], values: Mapping[str, Any]) -> E:
    """An entity of class `kind` in the detached state, made of column values by name.

    A column that is left out can never be read. It is for what every page loads: the ORM's own loading costs several times
    as much.
    """
    entity = kind()
    entity.__dict__.update(values)
    make_transient_to_detached(entity)
    return entity


_set_clock: ContextVar[datetime | None] = ContextVar("set_clock", default=None)


def now() -> datetime:
    """The current time in UTC, to the second, which is what the forum stores."""
    return _set_clock.get() or datetime.now(UTC).replace(microsecond=0)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now` return another time within: an import brings its dates along."""
    token = _set_clock.set(moment)
    try:
        yield
    finally:
        _set_clock.reset(token)


_is_page: ContextVar[bool] = ContextVar("is_page", default=False)


def read_without_transactions(app: Flask) -> None:
    """Let requests read without transactions on PostgreSQL, where one would give nothing; see `_set_autocommit`."""

    def begin() -> None:
        _is_page.set(True)

    def end(_error: BaseException | None) -> None:
        _is_page.set(False)

    app.before_request(begin)
    app.teardown_request(end)


_is_impatient: ContextVar[bool] = ContextVar("is_impatient", default=False)


@contextmanager
def without_waiting() -> Iterator[None]:
    """Within, an action raises `Busy` at once if the database is locked: for what a GET notes, such as how far one read."""
    token = _is_impatient.set(True)
    try:
        yield
    finally:
        _is_impatient.reset(token)


def action(deed: Callable[P, R]) -> Callable[P, R]:
    """Make a function of an `actions.py` one transaction: committed when it returns, rolled back when it raises.

    An action may call others: the outermost begins a write transaction (`BEGIN IMMEDIATE` on SQLite), in which every row is
    read afresh, and commits once. The doer, its first argument, is read afresh too, so that rights that were withdrawn a
    moment ago are gone. Raises `Busy` when the database is locked for too long; nothing is saved then.
    """

    @wraps(deed)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        session = db.session()
        if session.info.get("in_deed"):
            return _run_nested(session, deed, args, kwargs)
        return _run_outermost(session, deed, args, kwargs)

    run.__dict__["is_action"] = True
    return run


def _run_outermost(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    before = [(row, dict(row.__dict__)) for row in session.identity_map.values()]
    try:
        _begin_write(session)
    finally:
        _restore_rows(before)  # a rollback between two tries has expired what the session had read
    session.info |= {"in_deed": True, "depth": 1, "touched": None, "touched_within": frozenset()}
    try:
        result = deed(*_with_fresh_doer(session, args), **kwargs)
        _commit(session)
        session.info["has_acted"] = True
        if _is_impatient.get():
            _restore_rows(
                before
            )  # the page goes on with the rows and relationships that it has loaded
        return result
    except BaseException as error:
        # Rows that the page has already read are detached before the rollback, which would expire them.
        session.expunge_all()
        session.rollback()
        _restore_rows(before)
        # A page that only wanted to note something is shown even when the disk is full.
        if isinstance(error, OperationalError) and (is_locked(error) or _is_impatient.get()):
            raise Busy() from error
        raise
    finally:
        session.info["in_deed"] = False


def _commit(session: Session) -> None:
    session.flush()
    scopes = _count_up_versions(session)
    announced = commit_announcers.get(db.engine)
    with announced(scopes) if announced and scopes else nullcontext():
        session.commit()


def flush_unique(refusal: Refusal) -> None:
    """Flush the session; raises `refusal` if another transaction has just taken a unique key.

    An action that looks for the key first can say so with more words, but on PostgreSQL two that look at the same time
    both find nothing. Where both would write the same member's row, they lock the member instead (`lock_member`).
    """
    try:
        db.session.flush()
    except IntegrityError as error:
        if _is_unique_violation(error):
            raise refusal from error
        raise


def delete_batch(
    model: type[Base], limit: int, *conditions: ColumnElement[bool], returning: Any = None
) -> Sequence[Any]:
    """Delete at most `limit` rows that meet all conditions; returns the id of each, or its column `returning`.

    What has to delete many rows does so in batches, so that other writers wait for a moment only.
    """
    key = model.__table__.c.id
    batch = select(key).where(*conditions).limit(limit).scalar_subquery()
    deletion = delete(model).where(key.in_(batch))
    return db.session.scalars(deletion.returning(key if returning is None else returning)).all()


def _is_unique_violation(error: IntegrityError) -> bool:
    codes = {getattr(error.orig, name, None) for name in ("sqlite_errorcode", "sqlstate")}
    return bool(codes & UNIQUE_VIOLATION_CODES)


def has_acted() -> bool:
    """Whether this session (in a page: this request) has executed an action, so that what was read before may be outdated."""
    return bool(db.session().info.get("has_acted"))


def _restore_rows(before: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    for row, values in before:
        row.__dict__.update(values)


def _run_nested(session: Session, deed: Callable[..., R], args: Any, kwargs: Any) -> R:
    session.info["depth"] += 1
    try:
        return deed(*args, **kwargs)
    finally:
        session.info["depth"] -= 1


def _begin_write(session: Session) -> None:
    session.commit()  # ends the request's read transaction; nothing is pending outside a deed
    if not LOCK_WAITERS.acquire(timeout=0 if _is_impatient.get() else LOCK_WAITER_SECONDS):
        raise Busy()
    try:
        _take_write_lock(session)
    finally:
        LOCK_WAITERS.release()


def _take_write_lock(session: Session) -> None:
    tries = 1 if _is_impatient.get() else BUSY_TRIES
    for attempt in range(1, tries + 1):
        try:
            session.connection(execution_options={"is_writing": True})
            return
        except OperationalError as error:
            session.rollback()
            if not (is_locked(error) or _is_impatient.get()):
                raise  # the database is unavailable, and a page that says so must not need it
            if not is_locked(error) or attempt == tries:
                raise Busy() from error
            time.sleep(RETRY_SECONDS * attempt)


def _with_fresh_doer(session: Session, args: tuple[Any, ...]) -> tuple[Any, ...]:
    if not args or not isinstance(args[0], Base):
        return args
    doer = session.get(type(args[0]), inspect(args[0]).identity, populate_existing=True)
    return (doer, *args[1:])


def conninfo(url: URL) -> str:
    """The connection string (libpq's keywords and values, password included) of a PostgreSQL database.

    psycopg and PostgreSQL's own programs would misread the URL: a space in its options is written as `+` there.
    """
    _args, options = url.get_dialect()().create_connect_args(url)
    return str(library("psycopg.conninfo").make_conninfo(**options))


def checkpoint_wal(engine: Engine) -> None:
    """Move what SQLite has committed to its write-ahead log into the database file, and empty the log.

    While other connections are busy, or when the disk is full, some of it stays in the log, where it is just as safe. Does
    nothing on PostgreSQL.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def filled_table(connection: Connection) -> str:
    """The name of a table of the forum that holds a row; empty if none does."""
    there = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name in there and connection.scalar(select(exists(select(1).select_from(table)))):
            return table.name
    return ""


def analyze(engine: Engine) -> None:
    """Let PostgreSQL update its planner statistics after many rows were added at once.

    By itself it does so some minutes later, and until then it plans for empty tables (PostgreSQL's manual, "Populating a
    Database"). Tables that are locked are skipped. Does nothing on SQLite.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")


# What has changed, for caches. A *scope* names what a cached page or value depends on. It has a version, a number that
# each action that touches the scope counts up.

EVERYTHING = "everything"  # counted up by actions that do not say what they touch; all cached pages depend on it
ANY_CHANGE = "anything"  # counted up together with every other scope
FEDERATION = "federation"  # the forum's name, which is on every page
SCOPE_BUCKETS = 1_024  # so many scopes are shared by all topics, and as many by all members: the table stays small
PAGE_VERSIONS = Table(
    "page_version",
    Base.metadata,
    Column("scope", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)


def touches(*scopes: str) -> None:
    """Say, inside an action, which scopes it changes for visitors: some, or none.

    An action that never calls this touches `EVERYTHING`, on which every cached page depends. So a new action is correct
    from the first day, and only the most frequent ones need to say less. The scopes of nested actions are added to those
    of the outermost one. If the outermost one never calls this, what the nested ones say does not count.
    """
    info = db.session().info
    if info.get("depth") == 1:
        info["touched"] = (info["touched"] or frozenset()) | set(scopes)
    elif info.get("in_deed"):
        info["touched_within"] |= set(scopes)


def topic_scope(topic_id: int) -> str:
    """The scope of a topic: its posts, their marks, who wrote them."""
    return f"topic {topic_id % SCOPE_BUCKETS}"


def theme_scope(theme_id: int) -> str:
    """The scope of a theme: the topics that were opened on it. What else shows them changes with `EVERYTHING`."""
    return f"theme {theme_id % SCOPE_BUCKETS}"


def member_scope(member_id: int) -> str:
    """The scope of a member's profile: what they wrote, what others made of it, what they tried."""
    return f"member {member_id % SCOPE_BUCKETS}"


SELECT_VERSIONS = select(PAGE_VERSIONS.c.scope, PAGE_VERSIONS.c.number).where(
    PAGE_VERSIONS.c.scope.in_(bindparam("scopes", expanding=True))
)


class ReadCache:
    """Values that a process has read from the database, each valid until an action touches a scope it depends on.

    `current_versions` returns the present versions of scopes, or None when it does not know them. It is asked at each use,
    so that no outdated value is returned. At most `max_size` values are kept, those that were read last.
    """

    def __init__(
        self,
        current_versions: Callable[[tuple[str, ...]], Mapping[str, int] | None],
        max_size: int,
    ) -> None:
        self._current_versions, self._max_size = current_versions, max_size
        self._entries: dict[Hashable, tuple[Mapping[str, int], Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, scopes: tuple[str, ...], read: Callable[[], R]) -> R:
        """The value under a key if it is still valid, else what `read` returns."""
        current, entry = self._current_versions(scopes), self._entries.get(key)
        if entry and current == entry[0]:
            value: R = entry[1]
            return value
        versions = _versions_for_read(scopes, current)
        value = read()
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = versions, value
            while len(self._entries) > self._max_size:
                del self._entries[next(iter(self._entries))]  # the one that was read longest ago
        return value


def _versions_for_read(
    scopes: tuple[str, ...], current: Mapping[str, int] | None
) -> Mapping[str, int]:
    """Versions of scopes that are no newer than the rows that the session reads next.

    Without a transaction each statement reads the present rows, so that the current versions will do; likewise at the
    beginning of a transaction. A transaction that has read before may see an older state, so that the versions are read in
    it; once, because later statements of it never see an older state than earlier ones.
    """
    session = db.session()
    has_read = session.in_transaction()
    reading = _reading(session)
    if current is not None and reading.connection.info.get("is_autocommit"):
        return current
    if current is not None and not has_read:
        reading.versions[scopes] = current
    if scopes not in reading.versions:
        rows = reading.connection.execute(SELECT_VERSIONS, {"scopes": scopes})
        reading.versions[scopes] = {row.scope: row.number for row in rows}
    return reading.versions[scopes]


def cached(key: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """The result of `read`, cached by this process until an action touches `EVERYTHING` or one of `scopes`.

    It is for values that many pages need and few actions change. The value is shared between threads, so that nobody may
    modify it. Inside an action nothing is cached, because what it has written may be rolled back; nor is it in an
    application without such a cache (see `pagecache.init_app`).
    """
    cache: ReadCache | None = current_app.extensions.get("read_cache")
    if cache is None or db.session().info.get("in_deed"):
        return read()
    return cache.get(key, (EVERYTHING, *scopes), read)


def current_version(scope: str) -> int | None:
    """The present version of a scope; None where this process cannot tell without a query of the session.

    It is for a value that depends on this scope alone and is cached elsewhere, with its version.
    """
    current_versions = current_app.extensions.get("current_versions")
    versions = current_versions((scope,)) if current_versions else None
    return None if versions is None else versions.get(scope, 0)


# By engine: a context manager within which a commit that touches scopes is made, so that other processes of this machine
# learn of it (`writelog`). Engines without one announce nothing.
commit_announcers: WeakKeyDictionary[
    Engine, Callable[[Sequence[str]], AbstractContextManager[None]]
] = WeakKeyDictionary()


def _count_up_versions(session: Session) -> Sequence[str]:
    """Count up the versions of the scopes that the action has touched, as its last statement; returns these scopes."""
    touched = session.info["touched"]
    scopes = {EVERYTHING} if touched is None else touched | session.info["touched_within"]
    if not scopes:
        return ()
    counted = sorted({*scopes, ANY_CHANGE})  # always in one order, which prevents deadlocks
    connection = session.connection()
    rows = [{"scope": scope, "number": 1} for scope in counted]
    connection.execute(UPSERTS[connection.dialect.name], rows)
    return counted


def _upsert(insert: Any) -> Any:
    counted_up = {"number": PAGE_VERSIONS.c.number + 1}
    return insert.on_conflict_do_update(index_elements=[PAGE_VERSIONS.c.scope], set_=counted_up)


INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
UPSERTS = {dialect: _upsert(insert(PAGE_VERSIONS)) for dialect, insert in INSERTS.items()}


def insert_into(table: Any) -> Any:
    """An INSERT into a table, or that of a model, in the dialect of this database, which knows ON CONFLICT."""
    return INSERTS[db.session.get_bind().dialect.name](getattr(table, "__table__", table))


def is_locked(error: OperationalError) -> bool:
    """Whether a statement failed because another transaction held a lock for too long."""
    primary_code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # without SQLite's extension
    return primary_code in LOCK_CODES or getattr(error.orig, "sqlstate", None) in LOCK_CODES


def is_away(error: DBAPIError) -> bool:
    """Whether the database is to blame (its server, its file, the role's privileges, its address) and not the statement."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in NO_ACCESS_CODES:
        return True
    if type(error) is ProgrammingError and error.statement is None and sqlstate is None:
        return True  # psycopg takes no such option of an address, and has not connected
    is_bad_statement = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"
    return type(error) in (OperationalError, DatabaseError) and not is_bad_statement


@event.listens_for(Session, "do_orm_execute")
def _refresh_rows_in_deed(state: ORMExecuteState) -> None:
    if state.session.info.get("in_deed") and state.is_select and not state.is_relationship_load:
        state.update_execution_options(populate_existing=True)


@event.listens_for(Engine, "handle_error")
def _drop_stale_connection(context: ExceptionContext) -> None:
    """Discard a connection whose prepared statements the server does not accept: they would fail again and again."""
    if getattr(context.original_exception, "sqlstate", "") in STALE_STATEMENT_CODES:
        context.is_disconnect = True


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # BEGIN is sent by `_begin`
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-2000",  # kilobytes for each connection; the operating system caches the file anyway
        ):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _prepare_postgresql(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        connection.prepared_max = MAX_PREPARED_STATEMENTS
        connection.cursor_factory = _lazy_cursor()
        connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.commit()


@cache
def _lazy_cursor() -> Any:
    """psycopg's cursor class with a `description` that is built when it is read.

    SQLAlchemy asks each result whether it has a description, but reads it only when a statement is new. To build one
    object for each column of each result took a thirtieth of the time of a member's page.
    """
    cursor_class = library("psycopg").Cursor

    def description(cursor: Any) -> Any:
        result = cursor.pgresult
        if result is not None and result.nfields:
            return _LazyDescription(lambda: cursor_class.description.__get__(cursor))
        return cursor_class.description.__get__(cursor)

    return type("Cursor", (cursor_class,), {"description": property(description)})


class _LazyDescription(Sequence[Any]):
    """The description of a result that has columns (and so is true), built each time that it is read."""

    def __init__(self, describe: Callable[[], Sequence[Any]]) -> None:
        self._describe = describe

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._describe())

    def __getitem__(self, index: Any) -> Any:
        return self._describe()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._describe())


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    wait_ms = 1 if is_writing and _is_impatient.get() else BUSY_TIMEOUT_MS
    if connection.dialect.name == "sqlite":
        with _busy_timeout(connection.connection.driver_connection, wait_ms):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
        return
    _set_autocommit(connection, _is_page.get() and not is_writing)
    if wait_ms != BUSY_TIMEOUT_MS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")


def _set_autocommit(connection: Any, is_autocommit: bool) -> None:
    """Let psycopg execute each statement by itself, or begin a transaction as usual.

    A transaction that only reads gives nothing on PostgreSQL: at READ COMMITTED the commits of others are seen between two
    of its statements all the same. It costs two messages, and its rollback makes psycopg forget prepared statements.
    """
    driver = connection.connection.driver_connection
    if is_autocommit != connection.info.get("is_autocommit", False) and not driver.closed:
        driver.autocommit = connection.info["is_autocommit"] = is_autocommit


@contextmanager
def _busy_timeout(connection: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Within, wait so long for a lock on SQLite instead of `BUSY_TIMEOUT_MS`."""
    if milliseconds == BUSY_TIMEOUT_MS:
        yield
        return
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
