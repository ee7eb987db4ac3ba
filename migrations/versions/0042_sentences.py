"""Sentences of the forum in notices and decisions are kept apart from what people wrote, to be said in each reader's language.

What was written before stays as it is, in the language of whoever did the deed.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
TABLES = ("event", "notice", "decision")
BATCH = 1_000


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("sentences", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Write the sentences in English before the texts, where former releases have them."""
    for name in TABLES:
        fold(name)
        op.drop_column(name, "sentences")


def fold(name: str) -> None:
    columns = ("id", "reason") if name == "decision" else ("id", "title", "text")
    table = sa.table(name, *map(sa.column, columns), sa.column("sentences", sa.JSON()))
    connection, last = op.get_bind(), 0
    while True:
        query = sa.select(table).where(table.c.sentences.is_not(None), table.c.id > last)
        rows = connection.execute(query.order_by(table.c.id).limit(BATCH)).all()
        for row in rows:
            whole = folded(dict(row._mapping))
            connection.execute(sa.update(table).where(table.c.id == row.id).values(whole))
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def folded(row: dict[str, Any]) -> dict[str, str]:
    """The texts of a row with its sentences."""
    kept = row["sentences"] or []
    if "reason" in row:
        return {"reason": f"{english(kept)} {row['reason']}".strip()}
    return {
        "title": row["title"] or english(kept["title"]),
        "text": f"{english(kept['text'])} {row['text']}".strip(),
    }


def english(sentences: list[dict[str, Any]] | None) -> str:
    return " ".join(map(filled, sentences or ()))


def filled(sentence: dict[str, Any]) -> str:
    is_several = sentence.get("plural") and sentence["number"] != 1
    words: str = sentence["plural"] if is_several else sentence["message"]
    try:
        return words % sentence["values"] if sentence.get("values") else words
    except (KeyError, TypeError, ValueError):
        return words
