"""Members whose name or city has changed, which search still has to be told of their texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    of_member = sa.ForeignKey("member.id", name="fk_renaming_member_id", ondelete="CASCADE")
    op.create_table(
        "renaming",
        sa.Column("member_id", sa.Integer(), of_member, nullable=False, autoincrement=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_renaming"),
    )


def downgrade() -> None:
    op.drop_table("renaming")
