"""Members say that they want to try a practice, or what a case tells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "intention",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("look_on", sa.Date(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"],
                [f"{table}.id"],
                name=f"fk_intention_{table}_id",
                ondelete="CASCADE",
            )
            for table in ("topic", "member")
        ),
        sa.PrimaryKeyConstraint("topic_id", "member_id", name="pk_intention"),
    )
    op.create_index(
        "ix_intention_member_id_created_at", "intention", ["member_id", "created_at"]
    )
    op.create_index("ix_intention_look_on", "intention", ["look_on"])


def downgrade() -> None:
    op.drop_table("intention")
