"""Events know the decision of a moderator that they tell of, so that its notices are taken back with it.

Deeds have the names of their actions, in decisions and ready texts as in forms.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

NAMES = {
    "send back": "send_back",
    "ask to edit": "ask_to_edit",
    "change kind": "change_kind",
    "spam": "clear_spam",
}
# What early versions wrote when such a decision was undone
UNDOING = {"undo hide": "undo", "undo refuse": "undo"}
INDEX, WHERE = "ix_event_decision_id", sa.text("decision_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("event", sa.Column("decision_id", sa.Integer(), nullable=True))
    partial = {"sqlite_where": WHERE, "postgresql_where": WHERE}
    op.create_index(INDEX, "event", ["decision_id"], **partial)
    _rename(NAMES | UNDOING)


def downgrade() -> None:
    op.drop_index(INDEX, "event")
    op.drop_column("event", "decision_id")
    _rename({new: old for old, new in NAMES.items()})


def _rename(names: dict[str, str]) -> None:
    for table in ("decision", "ready_text"):
        deed = sa.table(table, sa.column("deed"))
        for before, after in names.items():
            op.execute(deed.update().where(deed.c.deed == before).values(deed=after))
