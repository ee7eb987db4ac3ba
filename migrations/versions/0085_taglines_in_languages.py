"""The sentence that says what the forum is for has a language, and may be said in others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    op.add_column(
        "federation", sa.Column("tagline_locale", sa.String(), nullable=False, server_default="")
    )
    op.add_column("federation", sa.Column("taglines", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("federation", "taglines")
    op.drop_column("federation", "tagline_locale")
