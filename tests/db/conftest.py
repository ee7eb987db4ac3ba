"""A database of its own for tests in which several connections write, and small deeds to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import joinedload

from forum.agendas.models import Theme
from forum.columns import Base
from forum.db import db
from forum.deeds import action
from forum.engines import read_without_transactions
from forum.errors import Invalid
from forum.members.models import City, Member

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
def name_look_and_refuse(doer: Any, name: str, look: Callable[[], Any]) -> None:
    name_theme(doer, name)
    assert name in look()
    raise Invalid("no")
