"""A poll below the text that opens a topic, its options, and who has chosen which; texts that wait keep theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.create_table(
        "poll",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("is_multiple", sa.Boolean(), nullable=False),
        sa.Column("voters_count", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("closes_at", Moment(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_poll_post_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_poll"),
        sa.UniqueConstraint("post_id", name="uq_poll_post_id"),
    )
    op.create_table(
        "poll_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("votes_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["poll_id"], ["poll.id"], name="fk_poll_option_poll_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_poll_option"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_poll_option_poll_id_position", "poll_option", ["poll_id", "position"], unique=True
    )
    op.create_table(
        "poll_vote",
        sa.Column("option_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["option_id"], ["poll_option.id"], name="fk_poll_vote_option_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name="fk_poll_vote_member_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("option_id", "member_id", name="pk_poll_vote"),
    )
    op.create_index("ix_poll_vote_member_id_option_id", "poll_vote", ["member_id", "option_id"])
    op.add_column(
        "post", sa.Column("has_poll", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("held", sa.Column("poll", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("held", "poll")
    op.drop_column("post", "has_poll")
    op.drop_table("poll_vote")
    op.drop_table("poll_option")
    op.drop_table("poll")
