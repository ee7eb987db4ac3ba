"""An agenda may be in preparation until it is opened; those that there are stay open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0040"
down_revision = "0039"
IN_PREPARATION = sa.text("opened_at IS NULL")


def upgrade() -> None:
    op.add_column("agenda", sa.Column("opened_at", Moment(), nullable=True))
    op.execute("UPDATE agenda SET opened_at = created_at")
    op.create_index(
        "ix_agenda_in_preparation",
        "agenda",
        ["id"],
        sqlite_where=IN_PREPARATION,
        postgresql_where=IN_PREPARATION,
    )


def downgrade() -> None:
    _require_none_in_preparation()
    op.drop_index("ix_agenda_in_preparation", "agenda")
    op.drop_column("agenda", "opened_at")


def _require_none_in_preparation() -> None:
    """The earlier program shows every agenda to everybody, so that it must not find one that nobody may see yet."""
    titles = op.get_bind().execute(
        sa.text("SELECT title FROM agenda WHERE opened_at IS NULL ORDER BY id")
    )
    if names := ", ".join(f"“{title}”" for title in titles.scalars()):
        raise RuntimeError(f"These agendas are in preparation. Open them first: {names}")
