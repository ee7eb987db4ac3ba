"""Members add files beside pictures: a file has a name under which it is saved, and its bytes in portions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.add_column("picture", sa.Column("title", sa.String(length=200), nullable=True))
    op.create_table(
        "file_portion",
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["picture.id"], name="fk_file_portion_picture_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture_id", "number", name="pk_file_portion"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM picture WHERE title IS NOT NULL")  # of which the release before reads sizes in pixels
    op.drop_table("file_portion")
    op.drop_column("picture", "title")
