"""Since when an administrator has closed the list of the first steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("federation", sa.Column("first_steps_closed_at", Moment()))


def downgrade() -> None:
    with op.batch_alter_table("federation") as federation:
        federation.drop_column("first_steps_closed_at")
