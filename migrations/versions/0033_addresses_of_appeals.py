"""Everything about an appeal in the queue has one address, `/moderation/appeal/<id>`, as reminders had it already.

What is stored about answered appeals is read, and titles say what those of the decisions say, without former names.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"

HERE, BEFORE = "/moderation/appeal/", "/moderation/appeals/"
TABLES = {"event": "done_at", "notice": "read_at"}
MOVE = """UPDATE {table} SET address = '{there}' || substr(address, length('{here}') + 1)
WHERE kind = 'queue' AND address LIKE '{here}%'"""
APPEAL = f"appeal.id = CAST(substr({{table}}.address, length('{HERE}') + 1) AS integer)"
RETITLE = f"""UPDATE {{table}} SET title = (
    SELECT decision.title FROM appeal JOIN decision ON decision.id = appeal.decision_id WHERE {APPEAL}
) WHERE kind = 'queue' AND address IN (SELECT '{HERE}' || id FROM appeal)"""
READ = f"""UPDATE {{table}} SET {{moment}} = (SELECT decided_at FROM appeal WHERE {APPEAL})
WHERE kind = 'queue' AND {{moment}} IS NULL
AND address IN (SELECT '{HERE}' || id FROM appeal WHERE decided_at IS NOT NULL)"""


def upgrade() -> None:
    for table, moment in TABLES.items():
        op.execute(MOVE.format(table=table, here=BEFORE, there=HERE))
        op.execute(RETITLE.format(table=table))
        op.execute(READ.format(table=table, moment=moment))


def downgrade() -> None:
    for table in TABLES:
        op.execute(MOVE.format(table=table, here=HERE, there=BEFORE))
