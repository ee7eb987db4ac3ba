"""Cases and practices that are removed: hidden without a word in their place; and why others are hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for table in ("case", "practice"):
        with op.batch_alter_table(table) as page:
            page.add_column(
                sa.Column("hidden_reason", sa.Text(), nullable=False, server_default="")
            )
            page.add_column(sa.Column("removed_at", Moment()))


def downgrade() -> None:
    for table in ("practice", "case"):
        with op.batch_alter_table(table) as page:
            page.drop_column("removed_at")
            page.drop_column("hidden_reason")
