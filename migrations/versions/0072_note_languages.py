"""The sentence why somebody kept, adapted or stopped what they tried knows its language; empty where it is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    op.add_column("mark", sa.Column("language", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("mark", "language")
