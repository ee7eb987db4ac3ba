"""What cannot wait in moderation has notices of a kind of its own; who had chosen for the one kind chose for both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    _index_queue("kind IN ('queue', 'urgent')")
    op.execute(
        "INSERT INTO notice_choice (member_id, kind, way)"
        " SELECT member_id, 'urgent', way FROM notice_choice WHERE kind = 'queue'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM notice_choice WHERE kind = 'urgent'")
    for table in ("event", "notice"):
        op.execute(f"UPDATE {table} SET kind = 'queue' WHERE kind = 'urgent'")
    _index_queue("kind = 'queue'")


def _index_queue(words: str) -> None:
    which = sa.text(words)
    for table in ("event", "notice"):
        name = f"ix_{table}_of_queue"
        op.drop_index(name, table)
        op.create_index(name, table, ["address"], sqlite_where=which, postgresql_where=which)
