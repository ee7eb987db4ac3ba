"""Fixtures: a plan for a small forum, in which rare events are more frequent than in large ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from forum.columns import Base
from forum.db import db
from forum.filling import forms
from forum.filling.forms import Plan, shape_of
from tests.conftest import SAMPLE_CITIES


@pytest.fixture
def high_rates(monkeypatch):
    """Raise the rates of rare events, so that they occur within forty posts, and use two agendas."""
    rates = {"ANSWERED": 0.9, "MEMBERS_ONLY": 0.3, "FOREIGN": 0.4, "EDITED": 0.3, "HIDDEN": 0.2}
    for name, rate in {**rates, "QUOTING": 0.4, "FOR_ORGANISATION": 0.5, "MARKED": 0.3}.items():
        monkeypatch.setattr(forms, name, rate)
    agenda = {"agenda": ["Making Cities Quieter", "Homes Near Work"]}
    words = {**forms.words(), **agenda}
    monkeypatch.setattr(forms, "words", lambda: words)


@pytest.fixture
def plan(high_rates) -> Plan:
    """The plan of forty posts in six topics."""
    return Plan(shape_of(6, 40, 12, 16, 3), SAMPLE_CITIES)


def restart_sequences() -> None:
    """Restart all sequences of PostgreSQL, which keep counting through other tests, so that ids begin at 1."""
    if db.engine.dialect.name == "postgresql":
        for table in Base.metadata.sorted_tables:
            if "id" in table.c and table.name != "city":
                db.session.execute(text(f"ALTER SEQUENCE {table.name}_id_seq RESTART"))
        db.session.commit()


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what is written in the block."""
    db.session.commit()
    savepoint = db.session.get_bind().begin_nested()  # type: ignore[union-attr]
    yield
    db.session.remove()
    savepoint.rollback()
