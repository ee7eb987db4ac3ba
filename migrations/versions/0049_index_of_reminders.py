"""Reminders of what a member keeps are found by the address of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

WHICH = sa.text("kind = 'reminder'")


def upgrade() -> None:
    for table in ("event", "notice"):
        name = f"ix_{table}_of_reminder"
        op.create_index(
            name, table, ["address"], sqlite_where=WHICH, postgresql_where=WHICH
        )


def downgrade() -> None:
    for table in ("event", "notice"):
        op.drop_index(f"ix_{table}_of_reminder", table)
