"""Checks of the database itself: pages, indexes, keys, and the numbers that PostgreSQL gives new rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Table,
    column,
    exists,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
    union_all,
)

from forum.columns import Base
from forum.db import db
from forum.search.models import Document
from forum.upkeep.models import BY_HAND, Check, Fault
from forum.upkeep.queries._shared import stream

FTS_TABLE = "document_fts"
FTS_TABLES = (FTS_TABLE, "member_fts")
# FTS5's own table with a row for each indexed document
FTS_ROWS = table("document_fts_docsize", column("id"))


def database_checks() -> list[Check]:
    is_sqlite = db.session.connection().dialect.name == "sqlite"
    return _sqlite_checks() if is_sqlite else _postgresql_checks()


def _sqlite_checks() -> list[Check]:
    return [
        Check("pages and indexes", _damaged_pages),
        Check("keys", _broken_keys_in_sqlite),
        Check("full-text index", _full_text_differences, "index"),
    ]


def _damaged_pages() -> Iterator[Fault]:
    """Faults found by SQLite's own integrity check, without the full-text index, which has a check of its own."""
    _look_anew()
    for (words,) in stream(text("PRAGMA integrity_check(1000)")):
        if words != "ok" and FTS_TABLE not in words:
            yield Fault("database", None, words)


def _look_anew() -> None:
    """Let FTS5 read what its indexes are made of.

    A connection that has written remembers that until it opens the table again, which `integrity_check` does not do. What
    others have merged since would look damaged.
    """
    for name in FTS_TABLES:
        db.session.execute(select(column("rowid")).select_from(table(name)).limit(1)).all()


def _broken_keys_in_sqlite() -> Iterator[Fault]:
    for table_name, rowid, target, _number in stream(text("PRAGMA foreign_key_check")):
        yield Fault(table_name, rowid, f"leads to a row of {target} that is not there")


def _full_text_differences() -> Iterator[Fault]:
    """Differences between the full-text index and the documents. It only reads, so that no writer has to wait."""
    _look_anew()
    for (words,) in stream(text(f"PRAGMA integrity_check({FTS_TABLE})")):
        if words != "ok":
            yield Fault("full-text index", None, words)
    indexed, written = select(FTS_ROWS.c.id), select(Document.id)
    for what, rows in (
        ("is not in the full-text index", written.except_(indexed)),
        ("is in the full-text index and nowhere else", indexed.except_(written)),
    ):
        for (document_id,) in stream(rows):
            yield Fault("document", document_id, what)


def _postgresql_checks() -> list[Check]:
    return [
        Check("pages that were read and did not add up", _checksum_failures),
        Check("indexes and keys that are switched off", _invalid_indexes_and_keys, BY_HAND),
        Check("keys", _broken_keys),
        Check("numbers for new rows", _sequences_behind, "sequences"),
    ]


def _checksum_failures() -> Iterator[Fault]:
    failed = text(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
    )
    if number := db.session.scalar(failed):
        yield Fault("database", None, "pages whose checksum was wrong", number, 0)


def _invalid_indexes_and_keys() -> Iterator[Fault]:
    for name, what in stream(
        text(
            """SELECT indexrelid::regclass::text, 'is not valid: REINDEX INDEX mends it' FROM pg_index WHERE NOT indisvalid
            UNION ALL SELECT conname, 'is not validated: ALTER TABLE … VALIDATE CONSTRAINT' FROM pg_constraint WHERE NOT convalidated"""
        )
    ):
        yield Fault("index or key", name, what)


def _broken_keys() -> Iterator[Fault]:
    """Tables with broken keys are found first, because a server-side cursor, with which rows are streamed, is planned again for each."""
    for name in db.session.scalars(_tables_with_dangling_keys()).all():
        for column_name, target, *row in stream(_dangling_keys(Base.metadata.tables[name])):
            what = f"{column_name} leads to a row of {target} that is not there"
            yield Fault(name, "/".join(map(str, row)), what)


@cache
def _tables_with_dangling_keys() -> CompoundSelect[Any]:
    return union_all(
        *(
            select(literal(rows.name)).where(_dangling_keys(rows).exists())
            for rows in Base.metadata.sorted_tables
            if rows.foreign_keys
        )
    )


@cache
def _dangling_keys(rows: Table) -> CompoundSelect[Any]:
    """The rows of a table with dangling foreign keys: column, target and primary key.

    One statement for all keys: building one for each takes longer than a small forum takes to answer.
    """
    broken = []
    for key in sorted(rows.foreign_keys, key=lambda key: key.parent.name):
        target = key.column.table.alias()
        has_parent = exists().where(target.c[key.column.name] == key.parent)
        named = literal(key.parent.name), literal(key.column.table.name)
        found = select(*named, *rows.primary_key)
        broken.append(found.where(key.parent.is_not(None), ~has_parent))
    return union_all(*broken)


def _sequences_behind() -> Iterator[Fault]:
    for row_name, _sequence, given, last in sequences_behind():
        yield Fault(row_name, None, "last number given", given, last)


def sequences_behind() -> list[tuple[str, str, int, int]]:
    """Where PostgreSQL would reuse existing ids: table, sequence, last number given, highest id."""
    numbered = [rows.name for rows in Base.metadata.sorted_tables if "id" in rows.c]
    named = text(
        "SELECT name, pg_get_serial_sequence(quote_ident(name), 'id')"
        " FROM unnest(CAST(:names AS text[])) AS name"
    )
    rows = db.session.execute(named, {"names": numbered})
    sequences = tuple((name, sequence) for name, sequence in rows if sequence)
    return [
        (name, sequence, given, last)
        for name, sequence, given, last in db.session.execute(_numbers_given(sequences))
        if given < (last or 0)
    ]


@cache
def _numbers_given(sequences: tuple[tuple[str, str], ...]) -> CompoundSelect[Any]:
    """Each table and its sequence, with the last number given and the highest id; one statement for all of them."""
    return union_all(
        *(
            select(
                literal(name),
                literal(sequence),
                select(literal_column("last_value")).select_from(text(sequence)).scalar_subquery(),
                select(func.max(Base.metadata.tables[name].c.id)).scalar_subquery(),
            )
            for name, sequence in sequences
        )
    )
