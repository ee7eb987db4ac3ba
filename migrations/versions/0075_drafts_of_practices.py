"""Drafts may be of forms of other rooms, such as practices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    op.add_column("draft", sa.Column("kind", sa.String(), server_default="", nullable=False))
    op.add_column("draft", sa.Column("item_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    # The code of before would take them for replies to nothing
    op.execute("UPDATE member SET drafts_count = drafts_count - (SELECT count(*) FROM draft WHERE author_id = member.id AND kind != '') WHERE id IN (SELECT author_id FROM draft WHERE kind != '')")
    op.execute("DELETE FROM draft WHERE kind != ''")
    op.drop_column("draft", "item_id")
    op.drop_column("draft", "kind")
