"""Since when a topic is slow, until when, at which pace its members reply, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.add_column("topic", sa.Column("slowed_at", Moment(), nullable=True))
    op.add_column("topic", sa.Column("slow_until", Moment(), nullable=True))
    op.add_column("topic", sa.Column("slow_minutes", sa.Integer(), nullable=True))
    op.add_column(
        "topic", sa.Column("slow_reason", sa.Text(), nullable=False, server_default="")
    )
    ends = sa.text("slow_until IS NOT NULL")
    op.create_index(
        "ix_topic_slow", "topic", ["slow_until"], sqlite_where=ends, postgresql_where=ends
    )


def downgrade() -> None:
    op.drop_index("ix_topic_slow", "topic")
    for name in ("slow_reason", "slow_minutes", "slow_until", "slowed_at"):
        op.drop_column("topic", name)
