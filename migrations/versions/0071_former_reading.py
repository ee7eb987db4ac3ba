"""Until when all was marked as read before it was marked so last: what is undone, after two presses as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.add_column("all_read", sa.Column("former_until", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("all_read", "former_until")
