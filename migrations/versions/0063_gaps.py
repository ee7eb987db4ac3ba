"""Members take their names from statements, agendas are deleted, invitations to sign are taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0063"
down_revision = "0062"

NAMING = (("statement", "refused_by_id"), ("invited_organisation", "taken_back_by_id"))


def upgrade() -> None:
    for table, column in NAMING:
        _name_member(table, column)
    op.add_column("statement", sa.Column("refused_at", Moment(), nullable=True))
    op.add_column("agenda", sa.Column("deleted_at", Moment(), nullable=True))
    op.add_column("invited_organisation", sa.Column("taken_back_at", Moment(), nullable=True))


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
    op.drop_column("invited_organisation", "taken_back_at")
    op.drop_column("agenda", "deleted_at")
    op.drop_column("statement", "refused_at")
    for table, column in NAMING:
        op.drop_index(f"ix_{table}_{column}", table)
        with op.batch_alter_table(table) as rows:
            rows.drop_column(column)  # and the key with it
