"""Complete copies of a database, SQLite or PostgreSQL: made while others write, verified, and restored."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import URL, make_url

from forum.engines import conninfo
from forum.errors import Refusal
from forum.lazy import library

if TYPE_CHECKING:
    import psycopg

FTS = "document_fts"
ASIDE_SUFFIX = ".moved-"  # for a database file that was replaced; followed by the time
PAGES = 2_000  # copied between two updates of a progress bar
Note = Callable[[int, int], object]  # called with the amount done, and the total


@dataclass(frozen=True)
class Contents:
    """What a database holds: the revisions of its schema, and how many rows each table has."""

    schema: list[str]
    counts: dict[str, int]


class Copier(Protocol):
    """Makes and restores copies of one kind of database. Every method raises `Refusal`, with a sentence, if it fails."""

    @property
    def kind(self) -> str:
        """The database's name: sqlite or postgresql."""

    @property
    def file(self) -> str:
        """The name of the file of a copy."""

    def copy(self, into: Path, note: Note) -> Contents:
        """Copy a consistent state of the database, while others go on writing."""

    def examine(self, copy: Path) -> tuple[Contents, list[str]]:
        """Check a copy as a database: what it contains, and remarks about faults that can be repaired."""

    def contents(self) -> Contents:
        """What the database contains now; nothing if it does not exist yet."""

    def put_back(self, copy: Path) -> None:
        """Restore a copy into the database, which is empty: all of it or nothing."""


def copier(database_url: str, pg_dump: str) -> Copier:
    """The copier for a database. `pg_dump` is the path of that program, with `pg_restore` in the same folder."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return SqliteCopier(Path(url.database or ""))
    return PostgresqlCopier(url, pg_dump)


@dataclass(frozen=True)
class SqliteCopier:
    """Copies by SQLite's backup API."""

    path: Path
    kind: str = "sqlite"
    file: str = "forum.sqlite"

    def copy(self, into: Path, note: Note) -> Contents:
        """Copy page by page in one read transaction: in WAL mode it blocks no writer, and never has to start again."""
        with _connect(self.path) as source, _connect(into, "rwc") as copy:
            source.execute("BEGIN")
            found = _contents(source, _tables_of_sqlite(source))
            copy.execute("PRAGMA synchronous=OFF")  # the archive is synced later
            with into.open("rb") as file:

                def go_on(_status: int, left: int, of: int) -> None:
                    # Copying many pages at once would delay members who are writing
                    os.fdatasync(file.fileno())
                    note(of - left, of)

                source.backup(copy, pages=PAGES, progress=go_on)
            copy.execute("PRAGMA journal_mode=DELETE")  # a single file, without a log beside it
        return found

    def examine(self, copy: Path) -> tuple[Contents, list[str]]:
        """Run all of SQLite's checks, including that of the full-text index."""
        with _connect(copy) as connection:
            faults = [words for (words,) in connection.execute("PRAGMA integrity_check(9)")]
            if bad := [words for words in faults if words != "ok" and FTS not in words]:
                raise Refusal(f"The copy is damaged: {'; '.join(bad)}.")
            names = _tables_of_sqlite(connection)
            remarks = _faults_of_index(connection) if "document" in names else []
            return _contents(connection, names), remarks

    def contents(self) -> Contents:
        """Nothing for a file that is missing or empty."""
        if not self.path.exists():
            return Contents([], {})
        with _connect(self.path) as connection:
            return _contents(connection, _tables_of_sqlite(connection))

    def put_back(self, copy: Path) -> None:
        """Write the copy into the file in one transaction, which is rolled back if the process is killed."""
        with _connect(copy) as source, _connect(self.path, "rwc") as target:
            try:
                target.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.OperationalError:
                raise Refusal("The database is in use. Stop the forum first.") from None
            source.backup(target)


def put_aside(file: Path) -> Path:
    """Rename the file of an SQLite database, after merging its log into it, so that it is no longer used as the forum's.

    Returns the new path. Raises `Refusal` if another process has it open.
    """
    refuse_if_open(file)
    aside = file.with_name(f"{file.name}{ASIDE_SUFFIX}{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    file.rename(aside)
    return aside


def refuse_if_open(file: Path) -> None:
    """Raise `Refusal` if another process has the file of an SQLite database open; otherwise its log is merged into it."""
    with _connect(file) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise Refusal(f"{file} is in use.") from None


def last_aside(file: Path) -> Path | None:
    """The file that `put_aside` renamed last, if any."""
    return max(file.parent.glob(f"{escape(file.name + ASIDE_SUFFIX)}*"), default=None)


def _faults_of_index(connection: sqlite3.Connection) -> list[str]:
    try:
        connection.execute(f"INSERT INTO {FTS}({FTS}, rank) VALUES ('integrity-check', 1)")  # noqa: S608  # a name of ours
    except sqlite3.DatabaseError:
        return ["The full-text index does not fit the documents: `flask check --fix` or `reindex`."]
    return []


@contextmanager
def _connect(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise Refusal(f"{path}: {error}.") from error


def _tables_of_sqlite(connection: sqlite3.Connection) -> list[str]:
    names = connection.execute(
        """SELECT name FROM sqlite_master WHERE type = 'table'
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"""
    )
    return sorted(name for (name,) in names)


def _contents(connection: Any, names: list[str]) -> Contents:
    """The schema revisions and row counts, by SQL that both databases understand."""
    counts = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # names of our own tables
        for name in names
    }
    if not counts.pop("alembic_version", 0):
        return Contents([], counts)
    versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return Contents(sorted(version for (version,) in versions), counts)


@dataclass(frozen=True)
class PostgresqlCopier:
    """Copies by pg_dump and pg_restore."""

    url: URL
    pg_dump: str
    kind: str = "postgresql"
    file: str = "forum.dump"

    def copy(self, into: Path, note: Note) -> Contents:
        """Dump a snapshot, in which the rows are counted as well."""
        note(0, 1)
        with self._connected() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            found = _contents(connection, _tables_of_postgresql(connection))
            words = ["--format=custom", f"--snapshot={snapshot and snapshot[0]}", f"--file={into}"]
            self._run(self.pg_dump, *words)
        note(1, 1)
        return found

    def examine(self, copy: Path) -> tuple[Contents, list[str]]:
        """Restore the copy into a scratch database on the same server, which is dropped again."""
        beside = self._scratch()
        with self._connected(autocommit=True) as connection:
            sql = library("psycopg.sql")
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(beside.name))
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            connection.execute(drop)
            connection.execute(create.format(sql.Identifier(beside.name)))
            try:
                beside.put_back(copy)
                return beside.contents(), []
            finally:
                connection.execute(drop)

    def contents(self) -> Contents:
        """The tables of the current schema."""
        with self._connected() as connection:
            return _contents(connection, _tables_of_postgresql(connection))

    def put_back(self, copy: Path) -> None:
        """Restore in one transaction."""
        words = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists", str(copy)]
        beside_pg_dump = Path(self.pg_dump).with_name("pg_restore")
        self._run(str(beside_pg_dump) if "/" in self.pg_dump else "pg_restore", *words)

    @property
    def name(self) -> str:
        """The name of the database on its server."""
        return str(self.url.query.get("dbname", self.url.database or ""))

    def _scratch(self) -> PostgresqlCopier:
        name = f"{self.name[:40]}_check_of_backup"
        # Otherwise it would take precedence
        url = self.url.difference_update_query(["dbname"]).set(database=name)
        return PostgresqlCopier(url, self.pg_dump)

    @contextmanager
    def _connected(self, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
        driver = library("psycopg")
        try:
            with driver.connect(conninfo(self.url), autocommit=autocommit) as connection:
                yield connection
        except driver.Error as error:
            raise Refusal(f"PostgreSQL says: {str(error).strip()}") from error

    def _run(self, program: str, *words: str) -> None:
        """Run a program on the database, with the password in its environment, which process lists do not show."""
        words_of = library("psycopg.conninfo")
        parts = words_of.conninfo_to_dict(conninfo(self.url))
        password = parts.pop("password", None)
        address = words_of.make_conninfo(**parts)
        command = [program, *words, "--no-owner", "--no-privileges", f"--dbname={address}"]
        environment = {**os.environ, "LC_MESSAGES": "C"}
        if password:
            environment["PGPASSWORD"] = password
        try:
            subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603  # PostgreSQL's own
        except FileNotFoundError:
            raise Refusal(f"There is no {program}. Install it, or set FORUM_PG_DUMP.") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip() or f"nothing, and ended with {error.returncode}"
            raise Refusal(f"{Path(program).name} says: {said}") from None


def _tables_of_postgresql(connection: psycopg.Connection[Any]) -> list[str]:
    names = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    return sorted(name for (name,) in names)
