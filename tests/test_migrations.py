"""The migrations make what the models say, forwards on an empty database and back."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect

from forum.db import Base, db

BY_HAND = ("document_fts", "member_fts", "words", "alembic_version")


def test_models_and_migrations_agree(app: Flask) -> None:
    context = MigrationContext.configure(
        db.session.connection(),
        opts={
            "compare_type": True,
            "include_object": lambda _o, name, *_: not str(name).startswith(BY_HAND),
        },
    )
    assert compare_metadata(context, Base.metadata) == []


def test_every_foreign_key_has_an_index(app: Flask) -> None:
    """PostgreSQL makes none by itself, and a delete would read whole tables."""
    inspector = inspect(db.session.connection())
    rarely_asked = {
        "representative_id",
        "answer_id",
        "moderator_id",
        "actor_id",
        "organisation_id",
        "editor_id",
        "agenda_id",
        "city_id",
        "member_id",
        "author_id",
    }
    for table in Base.metadata.tables:
        indexed = {tuple(i["column_names"])[:1] for i in inspector.get_indexes(table)}
        indexed |= {tuple(inspector.get_pk_constraint(table)["constrained_columns"])[:1]}
        indexed |= {tuple(u["column_names"])[:1] for u in inspector.get_unique_constraints(table)}
        for key in inspector.get_foreign_keys(table):
            column = key["constrained_columns"][0]
            assert (column,) in indexed or column in rarely_asked, f"{table}.{column}"
