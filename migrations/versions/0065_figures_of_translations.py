"""Translations of cases say what the figures are called; those that are there count as made from what these are called now."""

from __future__ import annotations

import json
from hashlib import blake2s

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"

TABLE, COLUMN = "translation", "figures"
BATCH_SIZE = 500
FOUND = sa.text("""SELECT id, case_id, made_from FROM translation
    WHERE case_id IS NOT NULL AND deleted_at IS NULL AND id > :after ORDER BY id LIMIT :most""")
CALLED = sa.text("SELECT label, unit FROM case_figure WHERE case_id = :case_id ORDER BY position")
SAVED = sa.text("UPDATE translation SET made_from = :made_from WHERE id = :id")


def upgrade() -> None:
    added = sa.Column(COLUMN, sa.JSON(), server_default="[]", nullable=False)
    op.add_column(TABLE, added)
    connection, after = op.get_bind(), 0
    while rows := connection.execute(FOUND, {"after": after, "most": BATCH_SIZE}).all():
        after = rows[-1].id
        for row in rows:
            called = connection.execute(CALLED, {"case_id": row.case_id}).all()
            made_from = row.made_from if isinstance(row.made_from, dict) else json.loads(row.made_from)
            if called and made_from:  # what is empty says already that the original has changed
                text = "\n".join(dict.fromkeys(_line(one.label, one.unit) for one in called))
                made_from[COLUMN] = blake2s(text.encode(), digest_size=8).hexdigest()
                connection.execute(SAVED, {"id": row.id, "made_from": json.dumps(made_from)})


def downgrade() -> None:
    op.drop_column(TABLE, COLUMN)


def _line(label: str, unit: str) -> str:
    """As `plaintext.join_parts` wrote label and unit."""
    parts = (label, unit) if unit else (label,)
    return " | ".join(" ".join(part.split()).replace("|", "\\|") for part in parts)
