"""Members have addresses to which they send topics by e-mail, and make new ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    generation = sa.Column("address_generation", sa.Integer(), server_default="0", nullable=False)
    op.add_column("member", generation)


def downgrade() -> None:
    op.drop_column("member", "address_generation")
