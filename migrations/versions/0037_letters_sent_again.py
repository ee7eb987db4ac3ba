"""Letters know when an administrator had them sent again: from then on they have all their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("resumed_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("delivery", "resumed_at")
