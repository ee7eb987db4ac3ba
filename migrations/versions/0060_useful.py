"""An index of the replies that members marked as useful, by topic."""

from __future__ import annotations

from alembic import op

from forum.columns import partial_index

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.create_index(
        "ix_post_useful",
        "post",
        ["topic_id", "useful_count", "number"],
        **partial_index("useful_count > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_post_useful", "post", **partial_index("useful_count > 0"))
