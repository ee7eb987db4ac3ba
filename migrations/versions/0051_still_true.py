"""When the author of a practice said that it is still true, and when the worker asks for that."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0051"
down_revision = "0050"

LOOK_AFTER = timedelta(days=730)  # when an author has chosen no day
PRACTICES = sa.table(
    "practice",
    sa.column("id", sa.Integer),
    sa.column("state", sa.String),
    sa.column("revisit_on", sa.Date),
    sa.column("updated_at", Moment()),
    sa.column("look_on", sa.Date),
)


def upgrade() -> None:
    for column in (
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("unconfirmed_at", Moment(), nullable=True),
    ):
        op.add_column("practice", column)
    op.create_index("ix_practice_look_on", "practice", ["look_on"])
    columns = PRACTICES.c
    known = sa.select(columns.id, columns.revisit_on, columns.updated_at)
    rows = [
        {"key": row.id, "day": _look_on(row.revisit_on, row.updated_at.date())}
        for row in op.get_bind().execute(known.where(columns.state == "published"))
    ]
    if rows:
        scheduled = sa.update(PRACTICES).where(columns.id == sa.bindparam("key"))
        op.get_bind().execute(scheduled.values(look_on=sa.bindparam("day")), rows)


def _look_on(chosen: date | None, changed: date) -> date:
    """The chosen day, unless the practice was changed since."""
    return chosen if chosen and chosen > changed else changed + LOOK_AFTER


def downgrade() -> None:
    op.drop_index("ix_practice_look_on", "practice")
    for name in ("unconfirmed_at", "asked_at", "look_on", "confirmed_on"):
        op.drop_column("practice", name)
