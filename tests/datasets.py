"""How a test gets its data.

Every test runs inside one open transaction that is never committed. A fixture marked `@dataset_fixture` calls
`load_dataset(name, app, create)`: the first time in a run, `create` makes the rows with the real actions and a snapshot of
them is taken; later the snapshot is inserted. A loaded dataset is followed by a savepoint. After a test the transaction is
rolled back to that savepoint, so that the next test that requests the same datasets finds them loaded. A test that writes
through a connection of its own requests `exclusive_database`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Any, TypeVar

import psycopg
from flask import Flask
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    Table,
    event,
    exists,
    insert,
    inspect,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.exc import DBAPIError

from forum.columns import Base
from forum.db import db
from tests.savepoints import execute_on_driver


class DatasetStack:
    """The datasets that are loaded in the open transaction of one database, each followed by a savepoint.

    A test is rolled back to the last savepoint, so that its datasets stay loaded for the next test that requests the same.
    As many of them as the next test does not request are rolled back first. Nothing is ever committed.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.connection: Connection | None = None
        self.loaded: list[str] = []
        self.requested: set[str] = set()
        # Whether this test has written nothing but datasets so far, so that another one may be kept.
        self.can_keep = False
        self.loaded_by_group: dict[Any, list[str]] = {}
        self.keys: dict[str, tuple[str, str, frozenset[str]]] = {}  # of the snapshots, by name

    def below(self, name: str) -> frozenset[str]:
        """The names of the datasets that are there already when this one is loaded."""
        return frozenset({*self.loaded, *self.requested} - {name})

    def begin_test(self, group: Any) -> Connection:
        """Keep the datasets that tests of this group (see `dataset_group`) requested last, and roll back the rest."""
        expected = self.loaded_by_group.setdefault(group, [])
        pairs = zip(self.loaded, expected, strict=False)
        self._roll_back_to(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
        self.requested, self.can_keep = set(), True
        if self.connection is None:
            with self.app.app_context():
                self.connection = db.engine.connect()
            self.connection.begin()
            event.listen(self.connection, "before_cursor_execute", self._note_write)
            self.connection.exec_driver_sql("SAVEPOINT dataset_0")
        return self.connection

    def _note_write(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self.can_keep and statement.startswith(("INSERT", "UPDATE", "DELETE", "WITH")):
            self.can_keep = False

    def request(self, name: str) -> bool:
        """Note that the test uses a dataset; returns whether it is loaded already."""
        self.requested.add(name)
        return name in self.loaded

    def keep(self, name: str) -> None:
        """Keep a dataset that has just been written, for the following tests."""
        assert self.connection
        self.loaded.append(name)
        self.connection.exec_driver_sql(f"SAVEPOINT dataset_{len(self.loaded)}")
        self.can_keep = True

    def end_test(self, group: Any) -> None:
        """Undo what the test wrote. Fails when a dataset was loaded that it did not request: it might rely on it."""
        unrequested = set(self.loaded) - self.requested
        self.loaded_by_group[group] = list(self.loaded)
        self._roll_back_to(0 if unrequested else len(self.loaded))
        assert not unrequested, (
            f"loaded, but not requested by every test with the same fixtures: {unrequested}"
        )

    def _roll_back_to(self, count: int) -> None:
        """Keep the first `count` datasets and undo everything written after them."""
        if count and self.connection:
            try:
                while inner := self.connection.get_nested_transaction():
                    inner.rollback()
                execute_on_driver(self.connection, f"ROLLBACK TO SAVEPOINT dataset_{count}")
                del self.loaded[count:]
                return
            except (DBAPIError, psycopg.Error, sqlite3.Error):
                self.connection.invalidate()  # the test has ended the transaction, or the connection
        self.clear()

    def clear(self) -> None:
        """Roll everything back: the database is empty again, and nothing holds a lock in it."""
        if self.connection:
            event.remove(self.connection, "before_cursor_execute", self._note_write)
            self.connection.close()
        self.connection, self.loaded = None, []


DATASET_FIXTURES: set[str] = set()  # names of the marked fixtures
DATASET_STACKS: dict[str, DatasetStack] = {}  # by database URL
Fixture = TypeVar("Fixture", bound=Callable[..., Any])


def dataset_fixture(fixture: Fixture) -> Fixture:
    """Mark a fixture that calls `load_dataset`. Its rows may stay loaded from one test to the next.

    Tests of a file that request the same marked fixtures run one after the other.
    """
    DATASET_FIXTURES.add(fixture.__name__)
    return fixture


def dataset_group(item: Any) -> tuple[Any, ...]:
    """What tests with the same datasets have in common: their file, and which dataset fixtures they request."""
    return item.path, *sorted(DATASET_FIXTURES.intersection(item.fixturenames))


Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]  # by table and primary key
# By dataset, address of the database, and the datasets below it
# The last value is the time of the snapshot
SNAPSHOTS: dict[tuple[str, str, frozenset[str]], tuple[Rows, Any, float]] = {}


def load_dataset(name: str, app: Flask, create: Callable[[], Any]) -> Any:
    """Load the dataset of a name: created by the real actions once in a run, and inserted from a snapshot afterwards.

    Times in the snapshot are moved by its age. On top of other datasets it is created again, because its rows get
    other ids there. Returns what `create` returned, which is kept for the whole run: plain values such as ids and
    slugs, never rows.
    """
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    stack = DATASET_STACKS.get(url)  # an application that the test created has none
    below = stack.below(name) if stack else frozenset[str]()
    if stack and stack.request(name):
        return SNAPSHOTS[stack.keys[name]][1]
    key = name, url, below
    if stack:
        stack.keys[name] = key
    db.session.commit()
    is_kept = stack and stack.can_keep
    if key not in SNAPSHOTS:
        SNAPSHOTS[key] = *_take_snapshot(create), time.time()
    else:
        rows, _returned, taken = SNAPSHOTS[key]
        # Whole seconds, as `now` returns, and by its clock: a machine may set that back, and nothing is of a later moment
        _insert_rows(rows, timedelta(seconds=int(time.time() - taken)))
    if stack and is_kept:
        stack.keep(name)
    # Rows that the test loaded earlier, people above all, keep their loaded relationships.
    for row in list(db.session):
        db.session.refresh(row, [column.key for column in inspect(row).mapper.column_attrs])
    return SNAPSHOTS[key][1]


def _take_snapshot(create: Callable[[], Any]) -> tuple[Rows, Any]:
    """Create a dataset; returns the rows that are new or changed, and what `create` returned."""
    before = all_rows()
    result = create()
    db.session.commit()
    changed = {
        table: {pk: row for pk, row in rows.items() if before[table].get(pk) != row}
        for table, rows in all_rows().items()
    }
    return changed, result


def _insert_rows(changed: Rows, age: timedelta) -> None:
    """Insert the rows of a snapshot, tables in the order of their foreign keys.

    Times are moved by the age of the snapshot: what was written an hour ago is so at the end of a long run, too.
    """
    answers: dict[tuple[Any, ...], int] = {}  # a topic refers to a post that refers to the topic
    for table in Base.metadata.sorted_tables:
        rows = changed[table.name]
        if not rows:
            continue
        existing = {tuple(pk) for pk in db.session.execute(select(*table.primary_key))}
        new = []
        for pk, kept in rows.items():
            row = _later(kept, age)
            if row.get("answer_id"):
                answers[pk] = row["answer_id"]
            values = row | {"answer_id": None} if "answer_id" in row else row
            if pk in existing:
                is_row = (c == value for c, value in zip(table.primary_key, pk, strict=True))
                db.session.execute(update(table).where(*is_row).values(values))
            else:
                new.append(values)
        if new:
            db.session.execute(insert(table), new)
    _advance_sequences({name: max(pk[0] for pk in rows) for name, rows in changed.items() if rows})
    topics = Base.metadata.tables["topic"]
    for (topic_id,), post_id in answers.items():
        chosen = update(topics).where(topics.c.id == topic_id)
        db.session.execute(chosen.values(answer_id=post_id))
    db.session.commit()


def _advance_sequences(last_ids: dict[str, int]) -> None:
    """Let PostgreSQL give higher ids than these to the next rows of each table; other tests may have advanced it further."""
    if db.session.get_bind().dialect.name != "postgresql":
        return
    tables = [name for name in last_ids if "id" in Base.metadata.tables[name].primary_key.columns]
    calls = (
        f"setval('{name}_id_seq', greatest({last_ids[name]}, (SELECT last_value FROM {name}_id_seq)))"
        for name in tables
    )
    if tables:
        db.session.execute(text(f"SELECT {', '.join(calls)}"))


def _later(row: dict[str, Any], age: timedelta) -> dict[str, Any]:
    """A row with all its times moved by the same amount."""
    return {
        name: value + age if isinstance(value, datetime) else value for name, value in row.items()
    }


def load_dataset_rows(
    name: str, app: Flask, create: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Load a dataset whose `create` returns rows, or lists of rows, by name; returns the same rows, read from the database."""

    def create_and_identify() -> dict[str, Any]:
        return {
            name: [(type(row), row.id) for row in rows]
            if isinstance(rows, list)
            else (type(rows), rows.id)
            for name, rows in create().items()
        }

    identities = load_dataset(name, app, create_and_identify)
    ids: dict[Any, list[int]] = {}
    for one_or_more in identities.values():
        for kind, row_id in one_or_more if isinstance(one_or_more, list) else [one_or_more]:
            ids.setdefault(kind, []).append(row_id)
    # Rows of one kind by one statement
    found = {
        (kind, row.id): row
        for kind, wanted in ids.items()
        for row in db.session.scalars(select(kind).where(kind.id.in_(wanted)))
    }
    return {
        name: [found[identity] for identity in one_or_more]
        if isinstance(one_or_more, list)
        else found[one_or_more]
        for name, one_or_more in identities.items()
    }


def all_rows() -> Rows:
    """Every row of the database, by table and primary key; the tables of cities count as empty."""
    filled = set(db.session.scalars(_names_of_filled_tables()))
    return {
        name: {
            tuple(row[column] for column in primary_key): dict(row)
            for row in (db.session.execute(rows).mappings() if name in filled else ())
        }
        for name, primary_key, rows in _rows_of_tables()
    } | {"city": {}, "city_name": {}}


@cache
def _rows_of_tables() -> tuple[tuple[str, tuple[str, ...], Select[Any]], ...]:
    """The name of each table, its primary key, and the statement for its rows, built once."""
    return tuple(
        (
            table.name,
            tuple(column.name for column in table.primary_key),
            select(table).order_by(*table.primary_key),
        )
        for table in _tables()
    )


@cache
def _names_of_filled_tables() -> CompoundSelect[Any]:
    """One statement for all tables: most of them are empty, and each one that is asked takes its time."""
    return union_all(
        *(select(literal(table.name)).where(exists().select_from(table)) for table in _tables())
    )


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if not table.name.startswith("city")]
