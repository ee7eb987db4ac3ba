"""Events know the decision of a moderator that they tell of, so that its notices are taken back with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

INDEX, WHERE = "ix_event_decision_id", sa.text("decision_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("event", sa.Column("decision_id", sa.Integer(), nullable=True))
    partial = {"sqlite_where": WHERE, "postgresql_where": WHERE}
    op.create_index(INDEX, "event", ["decision_id"], **partial)


def downgrade() -> None:
    op.drop_index(INDEX, "event")
    op.drop_column("event", "decision_id")
