"""Names taken from statements, deleted agendas, invitations to sign that are taken back, and the last day of a lock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment, partial_index

revision = "0063"
down_revision = "0062"

LOCKS_THAT_END = partial_index("locked_until IS NOT NULL")
NAMING = (("statement", "refused_by_id"), ("invited_organisation", "taken_back_by_id"))


def upgrade() -> None:
    for table, column in NAMING:
        _name_member(table, column)
    op.add_column("statement", sa.Column("refused_at", Moment(), nullable=True))
    op.add_column("agenda", sa.Column("deleted_at", Moment(), nullable=True))
    op.add_column("invited_organisation", sa.Column("taken_back_at", Moment(), nullable=True))
    op.add_column("topic", sa.Column("locked_until", sa.Date(), nullable=True))
    op.create_index("ix_topic_locked_until", "topic", ["locked_until", "id"], **LOCKS_THAT_END)


def _name_member(table: str, column: str) -> None:
    """A column that names a member. SQLite takes the key with the column only, so that no table is written anew."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        key = f"CONSTRAINT {name} REFERENCES member (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}")
    else:
        op.add_column(table, sa.Column(column, sa.Integer()))
        op.create_foreign_key(name, table, "member", [column], ["id"])
    op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    op.drop_index("ix_topic_locked_until", "topic", **LOCKS_THAT_END)
    for table, column in (
        ("topic", "locked_until"),
        ("invited_organisation", "taken_back_at"),
        ("agenda", "deleted_at"),
        ("statement", "refused_at"),
    ):
        op.drop_column(table, column)
    for table, column in NAMING:
        op.drop_index(f"ix_{table}_{column}", table)
        with op.batch_alter_table(table) as rows:
            rows.drop_column(column)  # and the key with it
