"""Texts that were refused know the decision, whose notice is read when they are sent again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("held", sa.Column("decision_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("held", "decision_id")
