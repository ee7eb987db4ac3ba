"""SQLite gives no number of a held text, candidate, letter or screening rule again, as PostgreSQL does.

Notes, decisions, reports and held texts know them by number, also when they have been deleted: new numbers begin above
those that are still named.

The names of candidates who are deleted by now go from the events and notices that told moderators of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import NAMING_CONVENTION

revision = "0032"
down_revision = "0031"

# Each table, with the kind by which notes, decisions and reports name its rows; held texts alone name rules
KINDS = {"held": "held", "candidate": "candidate", "contact_letter": "letter", "screening_rule": ""}
# An event before the candidate was confirmed is about another one, who had the same number.
UNNAME = """UPDATE {table} SET title = ''
WHERE kind = 'queue' AND (address LIKE '/moderation/candidate/%' OR address LIKE '/moderation/joining/%')
AND NOT EXISTS (SELECT 1 FROM candidate WHERE confirmed_at <= {table}.created_at
AND {table}.address IN ('/moderation/candidate/' || id, '/moderation/joining/' || id))"""
NAMED_BY_KIND = ("decision", "report", "entry_note", "claim", "overdue")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KINDS:
            last = _last_named(table)
            _make_anew(table, sqlite_autoincrement=True)
            op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
            op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {last})")
    for table in ("event", "notice"):
        op.execute(UNNAME.format(table=table))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KINDS:
            _make_anew(table)


def _make_anew(table: str, **options: bool) -> None:
    """Copy a table, for SQLite cannot change how it numbers the rows of one."""
    names = {"naming_convention": NAMING_CONVENTION, "table_kwargs": options}
    with op.batch_alter_table(table, recreate="always", **names):
        pass


def _last_named(table: str) -> int:
    """The highest number of a row that is there, or that something names."""
    numbers = [f"SELECT max(id) AS number FROM {table}"]
    if kind := KINDS[table]:
        numbers += [f"SELECT max(item_id) FROM {by} WHERE kind = '{kind}'" for by in NAMED_BY_KIND]
        address = f"/moderation/{kind}/"
        number = f"CAST(substr(address, {len(address) + 1}) AS INTEGER)"
        numbers.append(f"SELECT max({number}) FROM event WHERE address LIKE '{address}%'")
    else:
        numbers.append("SELECT max(rule_id) FROM held")
    query = sa.text(f"SELECT coalesce(max(number), 0) FROM ({' UNION ALL '.join(numbers)})")
    return int(op.get_bind().scalar(query) or 0)
