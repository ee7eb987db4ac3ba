"""Which press of “Mark all as read” has marked a notice: what its Undo brings back, and nothing that was opened by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.add_column("notice", sa.Column("all_read_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("notice", "all_read_at")
