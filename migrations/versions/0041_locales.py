"""Members, candidates, reports, letters and departures have the language of the interface that people had chosen; None is the forum's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
TABLES = ("member", "candidate", "report", "delivery", "departure")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("locale", sa.String(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "locale")
