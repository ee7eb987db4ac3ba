"""What the dialogue of an agenda has found so far, and when its hosts last said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Html, Moment

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    for column in (
        sa.Column("findings", sa.Text(), nullable=False, server_default=""),
        sa.Column("findings_html", Html(), nullable=False, server_default=""),
        sa.Column("findings_html_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("findings_at", Moment(), nullable=True),
    ):
        op.add_column("agenda", column)


def downgrade() -> None:
    for name in ("findings_at", "findings_html_version", "findings_html", "findings"):
        op.drop_column("agenda", name)
