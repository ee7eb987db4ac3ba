"""When all members were told of a topic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment, partial_index

revision = "0070"
down_revision = "0069"

INDEX = ("ix_topic_told_all", "topic", ["told_all_at"])
WHERE = partial_index("told_all_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("topic", sa.Column("told_all_at", Moment(), nullable=True))
    op.create_index(*INDEX, **WHERE)


def downgrade() -> None:
    op.drop_index(INDEX[0], INDEX[1], **WHERE)
    op.drop_column("topic", "told_all_at")
