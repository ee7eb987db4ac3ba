"""Which members write for their organisation, where it names some of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    names = sa.Column("names_voices", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("organisation", names)
    is_voice = sa.Column("is_voice", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("member", is_voice)


def downgrade() -> None:
    op.drop_column("member", "is_voice")
    op.drop_column("organisation", "names_voices")
