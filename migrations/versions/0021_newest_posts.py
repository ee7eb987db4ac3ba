"""Indexes that hold all that is asked of the newest posts, and of those of a topic, so that no post is read for it."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

NEWEST = ["created_at", "id", "number", "topic_id", "author_id", "hidden_at", "deleted_at"]
NEWS = ["topic_id", "number", "author_id", "created_at", "hidden_at", "deleted_at"]


def upgrade() -> None:
    op.create_index("ix_post_newest", "post", NEWEST)
    op.create_index("ix_post_news", "post", NEWS)
    op.drop_index("ix_post_created_at", "post")


def downgrade() -> None:
    op.create_index("ix_post_created_at", "post", ["created_at"])
    op.drop_index("ix_post_news", "post")
    op.drop_index("ix_post_newest", "post")
