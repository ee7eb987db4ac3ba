"""Handles can be changed: those that members had before, and when a member last chose another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "earlier_handle",
        sa.Column("handle", sa.String(200), nullable=False),
        sa.Column("handle_skeleton", sa.String(200), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name="fk_earlier_handle_member_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handle", name="pk_earlier_handle"),
    )
    for column in ("handle_skeleton", "member_id"):
        op.create_index(f"ix_earlier_handle_{column}", "earlier_handle", [column])
    op.add_column("member", sa.Column("handle_changed_at", Moment()))
    op.add_column("member", sa.Column("first_handle", sa.String(200)))
    op.add_column(
        "departure", sa.Column("earlier_handles", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("departure", "earlier_handles")
    op.drop_column("member", "first_handle")
    op.drop_column("member", "handle_changed_at")
    op.drop_table("earlier_handle")
