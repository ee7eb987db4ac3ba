"""Members may show a picture of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    op.add_column("member", sa.Column("portrait", sa.String(), server_default="", nullable=False))
    op.create_table(
        "member_portrait",
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_member_portrait_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_portrait")),
        sa.UniqueConstraint("name", name=op.f("uq_member_portrait_name")),
    )


def downgrade() -> None:
    op.drop_table("member_portrait")
    op.drop_column("member", "portrait")
