"""The migrations create what the models describe."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import delete, insert, inspect, text

from forum.columns import Base
from forum.db import db
from tests.migrations.conftest import insert_hidden_topics, own_forum, rows_known_by_number

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


def test_a_new_migration_changes_nothing_that_the_models_cannot_say(
    database_url: str, tmp_path: Path
) -> None:
    """`flask db migrate` once wrote that the index of members' names is to be deleted."""
    with own_forum(database_url, tmp_path, revision="head"):
        check()  # raises if `flask db migrate` would write something


def test_a_new_migration_rebuilds_no_table(app: Flask) -> None:
    """In SQLite a table that is rebuilt loses the triggers that keep its full-text index."""
    written = app.extensions["migrate"].configure_args
    assert written["render_as_batch"] is False, "`flask db migrate` writes `batch_alter_table`"


def test_every_foreign_key_has_an_index(app: Flask) -> None:
    """PostgreSQL does not add indexes for foreign keys, and deleting a row would read whole tables."""
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


def test_notes_and_follow_ups_get_numbers_that_are_never_given_again(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        mark: dict[str, Any] = {"member_id": 1, "kind": "tried it", "outcome": "kept"}
        told = {"deed": "We did.", "outcome": "yes", "told_at": noon}
        tables = Base.metadata.tables
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for post_id, hidden_at in ((1, None), (2, noon), (3, None)):
                row = {**mark, "post_id": post_id, "created_at": noon, "hidden_at": hidden_at}
                connection.execute(insert(tables["mark"]).values(**row, note=f"Note {post_id}."))
            connection.execute(insert(tables["follow_up"]).values(topic_id=3, **told))
        downgrade(revision="0026")
        with db.engine.begin() as connection:
            query = "SELECT post_id, note FROM mark ORDER BY post_id"
            said = [(1, "Note 1."), (2, ""), (3, "Note 3.")]
            assert [tuple(row) for row in connection.execute(text(query))] == said
        upgrade()
        with db.engine.begin() as connection:
            rows = connection.execute(text("SELECT id, post_id, note FROM mark ORDER BY post_id"))
            kept = {row.post_id: (row.id, row.note) for row in rows}
            assert [note for _id, note in kept.values()] == ["Note 1.", "", "Note 3."]
            assert connection.scalar(text("SELECT deed FROM follow_up WHERE topic_id = 3"))
            last = max(number for number, _note in kept.values())
            connection.execute(text(f"DELETE FROM mark WHERE id = {last}"))
            connection.execute(text("DELETE FROM follow_up"))
            row = {**mark, "kind": "useful", "post_id": 1, "created_at": noon}
            connection.execute(insert(tables["mark"]).values(**row))
            connection.execute(insert(tables["follow_up"]).values(topic_id=3, **told))
            assert connection.scalar(text("SELECT max(id) FROM mark")) > last
            assert connection.scalar(text("SELECT id FROM follow_up")) > 1


def test_numbers_of_what_was_deleted_are_given_to_nobody_else(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path):
        upgrade(revision="0031")
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        tables = Base.metadata.tables
        rows = dict(rows_known_by_number())
        decided = {"deed": "refuse", "moderator_id": 1, "decided_at": noon}
        noted = {"author_id": 1, "text": "Again.", "written_at": noon}
        told = {"kind": "queue", "recipients": [1], "created_at": noon, "due_at": noon}
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            # Rows that refer to deleted ones: a text, a candidate, an e-mail, the rule of a text
            row = {**decided, "kind": "held", "item_id": 40}
            connection.execute(insert(tables["decision"]).values(**row))
            row = {**told, "address": "/moderation/candidate/50"}
            connection.execute(insert(tables["event"]).values(**row))
            row = {**noted, "kind": "letter", "item_id": 60}
            connection.execute(insert(tables["entry_note"]).values(**row))
            for name, row in rows.items():
                connection.execute(insert(tables[name]).values(**row))
        upgrade()
        given = {"held": 40, "candidate": 50, "contact_letter": 60, "screening_rule": 70}
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT source FROM held")) == "A casino."
            for name, row in rows.items():
                last = given[name] if database_url.startswith("sqlite") else 1
                for _times in range(2):
                    connection.execute(delete(tables[name]))
                    new = insert(tables[name]).values(**row).returning(tables[name].c.id)
                    number = connection.scalar(new)
                    assert number == last + 1, name
                    last = number
        downgrade(revision="0031")
        upgrade()
        with db.engine.begin() as connection:
            for name in rows:
                assert connection.scalar(text(f"SELECT count(*) FROM {name}")) == 1


def test_a_column_that_is_added_has_a_value_for_the_rows_that_there_are() -> None:
    paths = [*(Path(__file__).parents[2] / "migrations/versions").glob("*.py")]
    assert len(paths) > 70
    for path in paths:
        functions = ast.parse(path.read_text(encoding="utf-8")).body
        upgrades = (
            function for function in functions if getattr(function, "name", "") == "upgrade"
        )
        for node in (inner for function in upgrades for inner in ast.walk(function)):
            words = ast.unparse(node) if isinstance(node, ast.Call) else ""
            if re.match(r"\w+\.add_column\(", words) and "nullable=False" in words:
                says = f"{path.name}: rows that there are need a server_default: {words}"
                assert "server_default" in words, says
