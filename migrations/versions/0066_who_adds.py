"""Best reads know who added them, and meetings who announced them. Of those that there are, nothing tells it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"

NAMING = (("reading", "added_by_id"), ("meeting", "announced_by_id"))


def upgrade() -> None:
    for table, column in NAMING:
        name = f"fk_{table}_{column}"
        if op.get_bind().dialect.name == "sqlite":  # which takes the key with the column only
            key = f"CONSTRAINT {name} REFERENCES member (id)"
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}")
        else:
            op.add_column(table, sa.Column(column, sa.Integer()))
            op.create_foreign_key(name, table, "member", [column], ["id"])
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in NAMING:
        op.drop_index(f"ix_{table}_{column}", table)
        with op.batch_alter_table(table) as rows:
            rows.drop_column(column)  # and the key with it
