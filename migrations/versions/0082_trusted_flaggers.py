"""Administrators name trusted flaggers; moderators take no reports for some time from members who often report without ground."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    op.add_column("member", sa.Column("reports_suspended_until", Moment(), nullable=True))
    op.create_table(
        "trusted_flagger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("coordinator", sa.String(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("named_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_trusted_flagger_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_flagger")),
    )
    op.create_index(op.f("ix_trusted_flagger_member_id"), "trusted_flagger", ["member_id"])


def downgrade() -> None:
    op.execute(sa.text("UPDATE report SET source = 'member' WHERE source = 'trusted flagger'"))
    op.drop_table("trusted_flagger")
    op.drop_column("member", "reports_suspended_until")
