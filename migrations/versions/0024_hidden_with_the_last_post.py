"""Which topics are hidden because none of their posts is shown. Until now equal moments said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0024"
down_revision = "0023"

EMPTIED = """
    UPDATE topic SET emptied_at = hidden_at WHERE hidden_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM post WHERE post.topic_id = topic.id AND post.hidden_at = topic.hidden_at
    )
"""


def upgrade() -> None:
    with op.batch_alter_table("topic") as topic:
        topic.add_column(sa.Column("emptied_at", Moment()))
    op.execute(EMPTIED)


def downgrade() -> None:
    with op.batch_alter_table("topic") as topic:
        topic.drop_column("emptied_at")
