"""Of which version of the house rules a ready text names a rule. Until now it was the version that held."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    with op.batch_alter_table("ready_text") as ready:
        ready.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    moment = sa.DateTime(timezone=True)
    book = sa.table("rule_book", sa.column("number", sa.Integer), sa.column("valid_from", moment))
    ready = sa.table("ready_text", sa.column("version", sa.Integer))
    held = sa.select(sa.func.coalesce(sa.func.max(book.c.number), 0))
    begun = held.where(book.c.valid_from <= datetime.now(UTC))
    op.execute(ready.update().values(version=begun.scalar_subquery()))


def downgrade() -> None:
    with op.batch_alter_table("ready_text") as ready:
        ready.drop_column("version")
