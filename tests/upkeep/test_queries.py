"""Whether the schema of a database is the one that the code needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from forum.db import db
from forum.upkeep.queries import schema_state


def test_the_schema_is_ours_after_the_migrations(app: Flask, queries: Callable[[], Any]) -> None:
    with queries() as made:
        assert schema_state() == "ours"
    assert made.count <= 2


@pytest.mark.parametrize(("version", "state"), [("0001", "older"), ("9999", "newer")])
def test_another_version_is_older_or_newer(app: Flask, version: str, state: str) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    assert schema_state() == state


def test_a_database_without_migrations_has_none(app: Flask) -> None:
    db.session.execute(text("DELETE FROM alembic_version"))
    assert schema_state() == "none"
    db.session.execute(text("DROP TABLE alembic_version"))
    assert schema_state() == "none"
