"""What was decided about may be reported again: of open reports alone, one member has one of a thing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

WHOSE = ["reporter_id", "kind", "item_id"]
OPEN = sa.text("decision_id IS NULL")


def upgrade() -> None:
    op.drop_index("ix_report_reporter_id_kind_item_id", "report")
    op.create_index("ix_report_reporter_id_kind_item_id", "report", WHOSE)
    where = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_report_open_once", "report", WHOSE, unique=True, **where)


def downgrade() -> None:
    op.drop_index("ix_report_open_once", "report")
    op.drop_index("ix_report_reporter_id_kind_item_id", "report")
    op.create_index("ix_report_reporter_id_kind_item_id", "report", WHOSE, unique=True)
