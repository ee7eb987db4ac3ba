"""Indexes on what events are about: hiding a post looked through all events."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(op.f("ix_event_post_id"), "event", ["post_id"])
    op.create_index(op.f("ix_event_topic_id"), "event", ["topic_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_event_topic_id"), "event")
    op.drop_index(op.f("ix_event_post_id"), "event")
