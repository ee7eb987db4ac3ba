"""Members can be reminded on a day of what they keep for later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0046"
down_revision = "0045"
IS_SET = sa.text("remind_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("bookmark", sa.Column("remind_on", sa.Date(), nullable=True))
    op.add_column("bookmark", sa.Column("remind_at", Moment(), nullable=True))
    op.create_index(
        "ix_bookmark_remind_at",
        "bookmark",
        ["remind_at"],
        sqlite_where=IS_SET,
        postgresql_where=IS_SET,
    )


def downgrade() -> None:
    op.drop_index("ix_bookmark_remind_at", "bookmark")
    op.drop_column("bookmark", "remind_at")
    op.drop_column("bookmark", "remind_on")
