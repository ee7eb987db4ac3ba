"""Translations of cases say what the figures are called; those that are there count as made from what these are called now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2s
from typing import Any

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
    for row_id, case_id, made_from in _signed():
        called = op.get_bind().execute(CALLED, {"case_id": case_id}).all()
        if called:
            text = "\n".join(dict.fromkeys(_line(one.label, one.unit) for one in called))
            made_from[COLUMN] = blake2s(text.encode(), digest_size=8).hexdigest()
            _save(row_id, made_from)


def downgrade() -> None:
    for row_id, _case_id, made_from in _signed():
        if made_from.pop(COLUMN, None):
            _save(row_id, made_from)
    op.drop_column(TABLE, COLUMN)


def _signed() -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Each translation of a case that knows from what it was made; one that does not says already that this has changed."""
    connection, after = op.get_bind(), 0
    while rows := connection.execute(FOUND, {"after": after, "most": BATCH_SIZE}).all():
        after = rows[-1].id
        for row in rows:
            kept = row.made_from
            made_from = kept if isinstance(kept, dict) else json.loads(kept)
            if made_from:
                yield row.id, row.case_id, made_from


def _save(row_id: int, made_from: dict[str, Any]) -> None:
    op.get_bind().execute(SAVED, {"id": row_id, "made_from": json.dumps(made_from)})


def _line(label: str, unit: str) -> str:
    """As `plaintext.join_parts` wrote label and unit."""
    parts = (label, unit) if unit else (label,)
    return " | ".join(" ".join(part.split()).replace("|", "\\|") for part in parts)
