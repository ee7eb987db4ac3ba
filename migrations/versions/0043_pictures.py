"""Members add pictures to their texts; search knows which text shows which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("unused_at", Moment(), nullable=True),
        sa.Column("agenda_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_picture_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_picture"),
        sa.UniqueConstraint("name", name="uq_picture_name"),
    )
    op.create_index("ix_picture_member_id_id", "picture", ["member_id", "id"])
    op.create_index("ix_picture_due_at", "picture", ["due_at"])
    op.create_table(
        "picture_file",
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["picture.id"], name="fk_picture_file_picture_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture_id", "version", name="pk_picture_file"),
    )
    op.create_table(
        "shown_picture",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("picture", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name="fk_shown_picture_document_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "picture", name="pk_shown_picture"),
    )
    op.create_index(
        "ix_shown_picture_picture_document_id", "shown_picture", ["picture", "document_id"]
    )


def downgrade() -> None:
    op.drop_table("shown_picture")
    op.drop_table("picture_file")
    op.drop_table("picture")
