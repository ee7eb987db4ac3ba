"""Texts that were begun are kept for their authors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("agenda_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("submission_key", sa.String(200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name="fk_draft_author_id"),
        sa.ForeignKeyConstraint(["agenda_id"], ["agenda.id"], name="fk_draft_agenda_id"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name="fk_draft_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
    )
    op.create_index(
        "ix_draft_author_id_submission_key", "draft", ["author_id", "submission_key"], unique=True
    )
    for column in ("agenda_id", "topic_id", "saved_at"):
        op.create_index(f"ix_draft_{column}", "draft", [column])
    op.add_column(
        "member", sa.Column("drafts_count", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("member", "drafts_count")
    op.drop_table("draft")
