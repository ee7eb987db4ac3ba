"""A topic stands in lists where the latest post that readers see puts it."""

from __future__ import annotations

from alembic import op

revision = "0084"
down_revision = "0083"
IS_SHOWN = "AND post.deleted_at IS NULL AND post.hidden_at IS NULL"
LATEST = """
UPDATE topic SET active_at = COALESCE(
    (SELECT max(post.created_at) FROM post WHERE post.topic_id = topic.id {which}), topic.active_at
) WHERE topic.id IN (SELECT post.topic_id FROM post WHERE post.deleted_at IS NOT NULL OR post.hidden_at IS NOT NULL)
"""


def upgrade() -> None:
    op.execute(LATEST.format(which=IS_SHOWN))


def downgrade() -> None:
    op.execute(LATEST.format(which=""))
