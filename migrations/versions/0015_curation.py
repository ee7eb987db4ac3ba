"""What is removed, notes and requests of moderators, posts that went to another topic, deeds over several things."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0015"
down_revision = "0014"

OF_POST = ("removed_at", "note_at", "edit_asked_at", "edit_answered_at")


def upgrade() -> None:
    for column in OF_POST:
        op.add_column("post", sa.Column(column, Moment()))
    for column, kind, value in (
        ("note_source", sa.Text(), ""),
        ("note_html", sa.Text(), ""),
        ("note_html_version", sa.Integer(), "0"),
        ("note_language", sa.String(200), "en"),
    ):
        op.add_column("post", sa.Column(column, kind, nullable=False, server_default=value))
    for column in ("removed_at", "regrouped_at"):
        op.add_column("topic", sa.Column(column, Moment()))
    op.add_column(
        "topic", sa.Column("hidden_reason", sa.Text(), nullable=False, server_default="")
    )
    _add_key("topic", "merged_into_id", "topic")
    _add_key("decision", "lot_id", "decision")
    op.create_table(
        "trace",
        sa.Column(
            "topic_id",
            sa.Integer(),
            sa.ForeignKey("topic.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column(
            "post_id", sa.Integer(), sa.ForeignKey("post.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("moved_at", Moment(), nullable=False),
    )
    op.create_index("ix_trace_post_id", "trace", ["post_id"])


def _add_key(table: str, column: str, target: str) -> None:
    """A column that leads to a row. SQLite takes the key with the column only, so that no table is written anew."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        key = f"CONSTRAINT {name} REFERENCES {target} (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}")
    else:
        op.add_column(table, sa.Column(column, sa.Integer()))
        op.create_foreign_key(name, table, target, [column], ["id"])
    op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    op.drop_table("trace")
    for table, column in (("decision", "lot_id"), ("topic", "merged_into_id")):
        op.drop_index(f"ix_{table}_{column}", table)
        with op.batch_alter_table(table) as rows:
            rows.drop_column(column)  # and the key with it
    for column in ("removed_at", "regrouped_at", "hidden_reason"):
        op.drop_column("topic", column)
    for column in (
        *OF_POST,
        "note_source",
        "note_html",
        "note_html_version",
        "note_language",
    ):
        op.drop_column("post", column)
