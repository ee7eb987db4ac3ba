"""Why a topic is locked, for all who read it. What moderators wrote before, they wrote for its author alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    with op.batch_alter_table("topic") as topic:
        topic.add_column(sa.Column("locked_reason", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("topic") as topic:
        topic.drop_column("locked_reason")
