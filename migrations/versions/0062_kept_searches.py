"""Members keep searches, and are told what is new for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_table(
        "kept_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "words")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("kinds", "agenda_ids", "languages")),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("told", sa.String(200), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("seen_up_to", "looked_up_to", "told_up_to")),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("came_at", Moment(), nullable=True),
        sa.Column("look_at", Moment(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"],
                [f"{table}.id"],
                name=f"fk_kept_search_{table}_id",
                ondelete="CASCADE",
            )
            for table in ("member", "topic")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_kept_search"),
        sqlite_autoincrement=True,
    )
    for columns in (["member_id", "id"], ["look_at", "id"], ["topic_id"]):
        op.create_index(f"ix_kept_search_{'_'.join(columns)}", "kept_search", columns)


def downgrade() -> None:
    op.drop_table("kept_search")
