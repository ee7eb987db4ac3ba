"""Which rule before publication a practice met when it was submitted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    with op.batch_alter_table("practice") as practice:
        practice.add_column(
            sa.Column("caught_by", sa.String(200), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("practice") as practice:
        practice.drop_column("caught_by")
