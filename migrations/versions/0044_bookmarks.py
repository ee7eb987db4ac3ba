"""Members keep posts, cases, practices and best reads for later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0044"
down_revision = "0043"

KINDS = ("post", "case", "practice", "reading")
IS_ONE_THING = " + ".join(f"CASE WHEN {kind}_id IS NULL THEN 0 ELSE 1 END" for kind in KINDS)


def upgrade() -> None:
    op.create_table(
        "bookmark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        *(sa.Column(f"{kind}_id", sa.Integer(), nullable=True) for kind in KINDS),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"],
                [f"{table}.id"],
                name=f"fk_bookmark_{table}_id",
                ondelete="CASCADE",
            )
            for table in ("member", *KINDS)
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bookmark"),
        sa.CheckConstraint(f"{IS_ONE_THING} = 1", name="ck_bookmark_one_thing"),
    )
    for kind in KINDS:
        columns = [f"{kind}_id", "member_id"]
        op.create_index(f"ix_bookmark_{kind}_id_member_id", "bookmark", columns, unique=True)
    op.create_index("ix_bookmark_member_id_id", "bookmark", ["member_id", "id"])


def downgrade() -> None:
    op.drop_table("bookmark")
