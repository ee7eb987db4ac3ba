"""Who mutes what they watched watches it again once it is no longer muted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    op.add_column("watch", sa.Column("watched_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("watch", "watched_at")
