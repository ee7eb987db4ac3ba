"""Translations of practices and cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Html, Moment

revision = "0061"
down_revision = "0060"


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_translation_{column}")


def upgrade() -> None:
    op.create_table(
        "translation",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("practice_id", "case_id", "translator_id")
        ),
        sa.Column("submission_key", sa.String(200), nullable=True),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False, server_default=""),
        *(
            sa.Column(name, sa.String(200), nullable=False)
            for name in ("audience", "failure_audience")
        ),
        sa.Column("made_from", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.Column("looked_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("hidden_at", Moment(), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("deleted_at", Moment(), nullable=True),
        _key("practice_id", "practice"),
        _key("case_id", "case"),
        _key("translator_id", "member"),
        sa.PrimaryKeyConstraint("id", name="pk_translation"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "translated_part",
        sa.Column("translation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", Html(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["translation_id"],
            ["translation.id"],
            name="fk_translated_part_translation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("translation_id", "name", name="pk_translated_part"),
    )
    is_there = sa.text("deleted_at IS NULL")
    for name, columns, options in (
        ("of_practice", ["practice_id", "language"], {"where": is_there}),
        ("of_case", ["case_id", "language"], {"where": is_there}),
        ("translator_id_submission_key", ["translator_id", "submission_key"], {}),
    ):
        where = {f"{one}_where": there for one in ("sqlite", "postgresql") for there in options.values()}
        op.create_index(f"ix_translation_{name}", "translation", columns, unique=True, **where)


def downgrade() -> None:
    for table in ("translated_part", "translation"):
        op.drop_table(table)
