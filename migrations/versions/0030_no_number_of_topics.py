"""Agendas keep no number of topics: pages sum up `topic_count`, which knows what each reader sees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.drop_column("agenda", "topics_count")  # not in a batch, which would make the table anew


def downgrade() -> None:
    op.add_column("agenda", sa.Column("topics_count", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE agenda SET topics_count = (SELECT count(*) FROM topic WHERE topic.agenda_id = agenda.id"
        " AND deleted_at IS NULL AND hidden_at IS NULL AND audience = 'public' AND kind <> 'case')"
    )
