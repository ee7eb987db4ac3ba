"""Until when members write for their organisation, and a record of who has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment, partial_index

revision = "0056"
down_revision = "0055"

LAST_DAYS = partial_index("last_day IS NOT NULL AND ended_at IS NULL")
# Whoever is named when records begin has a row without the time when that was, and without who named them
NAMED = """
INSERT INTO mandate (organisation_id, member_id)
SELECT organisation.id, member.id FROM member JOIN organisation ON organisation.id = member.organisation_id
WHERE organisation.names_voices AND member.is_voice AND member.left_at IS NULL ORDER BY member.id
"""


def upgrade() -> None:
    op.add_column("member", sa.Column("voice_until", sa.Date(), nullable=True))
    of_organisation = sa.ForeignKey(
        "organisation.id", name="fk_mandate_organisation_id", ondelete="CASCADE"
    )
    of_member = sa.ForeignKey("member.id", name="fk_mandate_member_id")
    by_member = sa.ForeignKey("member.id", name="fk_mandate_named_by_id")
    op.create_table(
        "mandate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), of_organisation, nullable=False),
        sa.Column("member_id", sa.Integer(), of_member, nullable=False),
        sa.Column("named_by_id", sa.Integer(), by_member, nullable=True),
        sa.Column("since", Moment(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("reminded_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_why", sa.String(200), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_mandate"),
    )
    op.create_index("ix_mandate_organisation_id", "mandate", ["organisation_id", "id"])
    op.create_index("ix_mandate_member_id", "mandate", ["member_id"])
    op.create_index("ix_mandate_named_by_id", "mandate", ["named_by_id"])
    once = partial_index("ended_at IS NULL")
    columns = ["member_id", "organisation_id"]
    op.create_index("ix_mandate_open_once", "mandate", columns, unique=True, **once)
    op.create_index("ix_mandate_last_day", "mandate", ["last_day", "id"], **LAST_DAYS)
    op.execute(NAMED)


def downgrade() -> None:
    op.drop_table("mandate")
    op.drop_column("member", "voice_until")
