"""On PostgreSQL the words of a text stay in its row, so that whoever looks for common ones need not fetch them one by one.

What was written before comes there when its row is written anew; `VACUUM FULL document` does so for all.
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

# Bytes of a row, of which two fit into a page; longer ones have their longest columns elsewhere, as all above 2,000 did.
LONGEST_ROW = 4_080


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE document SET (toast_tuple_target = {LONGEST_ROW})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE document RESET (toast_tuple_target)")
