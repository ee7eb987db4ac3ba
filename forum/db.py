"""The database session, and what many rooms do with it: raw reads, locks, deleting in batches, storing re-rendered HTML."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from flask_babel import gettext as _
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    delete,
    event,
    func,
    inspect,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import (
    Mapper,
    RelationshipDirection,
    Session,
    UOWTransaction,
    make_transient_to_detached,
)

from forum.columns import Base
from forum.engines import ENGINE_OPTIONS
from forum.errors import Conflict, Refusal

if TYPE_CHECKING:
    from forum.markup import Written

E = TypeVar("E", bound="Base")
R = TypeVar("R")
# What `serialize` can serialize: the first key of a PostgreSQL advisory lock
OPENINGS, HANDLES, DRAFTS, READY_TEXTS, WRITERS, DECISIONS, ORDERS, IMPORTS, WEBHOOKS = range(1, 10)
DELETION_BATCH_SIZE = 500  # rows that one transaction deletes
# Error codes for a duplicate unique key: SQLSTATE of PostgreSQL, extended result codes of SQLite
UNIQUE_VIOLATION_CODES = {
    "23505",
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
}


class ClosableSession(FlaskSession):
    """A session that can be closed even when the connection to the database is lost: by then the response is rendered."""

    def close(self) -> None:
        """Release all connections; one that cannot even roll back is discarded."""
        # The read state refers to the transaction, which refers to this session: a cycle that only the garbage
        # collector could free.
        self.info.pop("read_state", None)
        try:
            super().close()
        except DBAPIError:
            self.invalidate()


@cache
def _keys_of_references(mapper: Mapper[Any]) -> Sequence[tuple[str, Set[str]]]:
    """Each many-to-one relationship of a mapper, with the attributes that hold its foreign key."""
    return [
        (link.key, {mapper.get_property_by_column(column).key for column in link.local_columns})
        for link in mapper.relationships
        if link.direction is RelationshipDirection.MANYTOONE
    ]


@event.listens_for(Session, "after_flush")
def _expire_references(session: Session, _context: UOWTransaction) -> None:
    """Expire each loaded relationship whose foreign key has been set, which would still lead to the earlier row.

    Committing does not expire it here, so that it would depend on the garbage collector whether the next query finds
    the same entity in the session, and with it the earlier row.
    """
    for entity in session.dirty:
        state = inspect(entity)
        for link, keys in _keys_of_references(state.mapper):
            is_stale = link not in state.committed_state and not keys.isdisjoint(
                state.committed_state
            )
            if link in state.dict and is_stale:
                session.expire(entity, [link])


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False, "class_": ClosableSession},
    engine_options=ENGINE_OPTIONS,
)


@dataclass
class Deed:
    """The action that a session is executing: how deep actions are nested, and the scopes that they named with `touches`.

    `touched` holds the scopes named by the outermost action (None: none named yet), `touched_within` those of nested
    ones. `starts` counts how often it has begun (`start_again`), unless it cannot begin again (`is_last_start`).
    """

    starts: int = 1
    is_last_start: bool = True
    depth: int = 1
    touched: frozenset[str] | None = None
    touched_within: frozenset[str] = frozenset()


def running_deed(session: Session) -> Deed | None:
    """The action that a session is executing, if any."""
    deed: Deed | None = session.info.get("deed")
    return deed


def execute_core(
    statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement that selects columns and no entities, in the session's transaction but without the ORM.

    It is for pages that are asked for often: `Session.execute` would cost twice as much.
    """
    return read_state(db.session()).connection.execute(statement, values)


class ReadState(NamedTuple):
    """The connection of a session's transaction, and the versions of scopes that were read in it."""

    transaction: Any
    connection: Connection
    versions: dict[tuple[str, ...], Mapping[str, int]]


def read_state(session: Session) -> ReadState:
    """The connection with which the session reads, looked up once per transaction instead of once per statement."""
    held: ReadState | None = session.info.get("read_state")
    if held is None or held.transaction is not session.get_transaction():
        connection = session.connection()
        held = ReadState(session.get_transaction(), connection, {})
        session.info["read_state"] = held
    return held


def constant(value: int | str) -> ColumnElement[Any]:
    """A constant that is a literal in the SQL instead of a parameter; never use it for a value that comes from outside.

    PostgreSQL keeps one plan for a prepared statement. With a literal, the plan can take into account that few rows
    are wanted, or that a kind is rare. Each value makes a statement of its own.
    """
    if isinstance(value, int):
        return literal_column(str(value), Integer)
    return literal_column("'{}'".format(value.replace("'", "''")), String)


def inline_text(value: str) -> ColumnElement[str]:
    """A text, which may come from outside, that is quoted and put into the SQL at execution instead of being a parameter.

    PostgreSQL then plans for this text, such as for a rare or a common word of a search.
    """
    return bindparam(None, value, Text, literal_execute=True)


def detached(kind: type[E], values: Mapping[str, Any]) -> E:
    """An entity of class `kind` in the detached state, made from column values by name.

    A column that is left out can never be read. It is for rows that every page loads: loading them with the ORM costs
    several times as much.
    """
    entity = kind()
    entity.__dict__.update(values)
    make_transient_to_detached(entity)
    return entity


INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(table: Any) -> Any:
    """An INSERT into a table (or the table of a model) in the dialect of this database, so that it supports ON CONFLICT."""
    return INSERTS[db.session.get_bind().dialect.name](getattr(table, "__table__", table))


def serialize(what: int, number: int = 0, *, is_shared: bool = False) -> None:
    """Make concurrent actions of the same kind run one after the other, where there is no row yet that they could lock.

    `what` is one of the constants such as `OPENINGS`; actions with different `number`s do not wait for each other, nor
    do those that share the lock (`is_shared`), but only for one that does not. On PostgreSQL this takes an advisory
    lock until the transaction ends; on SQLite only one transaction writes at a time anyway.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        take = func.pg_advisory_xact_lock_shared if is_shared else func.pg_advisory_xact_lock
        db.session.execute(select(take(what, number)))


class StartedAgain(Exception):
    """The running action is to be rolled back and executed again from its beginning (`start_again`)."""


def start_again() -> None:
    """Begin the running action anew, because it has locked a row that it does not want any more.

    On PostgreSQL a query that waited for a row finds nothing when its conditions are not met any more, but has locked
    that row, in an order that nobody expects. Everything is rolled back, so that no lock stays, as by a savepoint
    before each such query, which would cost two round trips even where nobody waits. An action that has been begun
    several times goes on. So does any on SQLite, where no rows are locked.
    """
    deed = running_deed(db.session())
    if deed and not deed.is_last_start and db.session.get_bind().dialect.name == "postgresql":
        raise StartedAgain


def has_started_again() -> bool:
    """Whether the running action was begun anew (`start_again`)."""
    deed = running_deed(db.session())
    return deed is not None and deed.starts > 1


def lock_or_start_again(query: Select[Any], *locked: Any) -> Any:
    """The first value of a query, with its rows of the models `locked` locked, or None.

    The action begins anew if it waited for a row that the query does not find any more, while it finds others by now.
    """
    lock = query.with_for_update(of=locked)
    found = db.session.scalar(lock)
    if found is None and db.session.scalar(query) is not None:
        start_again()
        found = db.session.scalar(lock)
    return found


def flush_unique(refusal: Refusal | None = None) -> None:
    """Flush the session; raises `refusal`, or a `Conflict`, if another transaction has just taken a unique key.

    An action may look for the key first, to refuse with a better message; but on PostgreSQL two concurrent actions
    may both find nothing. Where both write the row of the same member, lock the member instead (`lock_member`).
    """
    try:
        db.session.flush()
    except IntegrityError as error:
        if not _is_unique_violation(error):
            raise
        raise refusal or _saved_meanwhile() from error


def _saved_meanwhile() -> Conflict:
    return Conflict(_("Somebody saved the same at the same moment. Send the form once more."))


class KeyTaken(Exception):
    """Another transaction has just taken the unique key of a row to be inserted."""


@contextmanager
def unique_keys() -> Iterator[None]:
    """A savepoint for statements that may find a unique key taken, after which the action can go on.

    If one does, the statements inside are undone and `KeyTaken` is raised.
    """
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        if not _is_unique_violation(error):
            raise
        raise KeyTaken from error


def _is_unique_violation(error: IntegrityError) -> bool:
    codes = {getattr(error.orig, name, None) for name in ("sqlite_errorcode", "sqlstate")}
    return bool(codes & UNIQUE_VIOLATION_CODES)


def delete_batch(
    model: type[Base], limit: int, *conditions: ColumnElement[bool], returning: Any = None
) -> Sequence[Any]:
    """Delete at most `limit` rows that meet all conditions; returns their ids, or their values of the column `returning`.

    Large deletions are done in batches, so that other writers wait only for a moment: of `DELETION_BATCH_SIZE` rows,
    unless each row has many dependent rows.
    """
    key = model.__table__.c.id
    batch = select(key).where(*conditions).limit(limit).scalar_subquery()
    deletion = delete(model).where(key.in_(batch))
    return db.session.scalars(deletion.returning(key if returning is None else returning)).all()


def store_html(source: Any, html: Any, version: Any, texts: Mapping[Any, Written]) -> int:
    """Store re-rendered HTML, by primary key, in rows that still have the same source; returns the number of rows.

    `source`, `html` and `version` are the columns of one model.
    """
    model, changed = source.class_, 0
    columns = inspect(model).primary_key
    for key, text in texts.items():
        parts = key if isinstance(key, tuple) else (key,)
        is_it = (column == part for column, part in zip(columns, parts, strict=True))
        same = update(model).where(*is_it, source == text.source)
        made = same.values({html: text.html, version: text.html_version}).returning(columns[0])
        changed += len(db.session.scalars(made).all())
    return changed
