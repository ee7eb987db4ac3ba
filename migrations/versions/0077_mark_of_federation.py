"""The forum may have a mark of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    op.add_column("federation", sa.Column("mark", sa.String(), server_default="", nullable=False))
    op.create_table(
        "federation_mark",
        sa.Column("federation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["federation_id"],
            ["federation.id"],
            name=op.f("fk_federation_mark_federation_id_federation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("federation_id", name=op.f("pk_federation_mark")),
    )


def downgrade() -> None:
    op.drop_table("federation_mark")
    op.drop_column("federation", "mark")
