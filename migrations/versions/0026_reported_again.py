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
    """Of what a member has reported again the latest report stays theirs; the earlier ones are nobody's any more."""
    report = sa.table("report", sa.column("id"), *(sa.column(name) for name in WHOSE))
    later = report.alias()
    again = sa.select(later.c.id).where(
        later.c.id > report.c.id, *(later.c[name] == report.c[name] for name in WHOSE)
    )
    op.execute(report.update().values(reporter_id=None).where(again.exists()))
    op.drop_index("ix_report_open_once", "report")
    op.drop_index("ix_report_reporter_id_kind_item_id", "report")
    op.create_index("ix_report_reporter_id_kind_item_id", "report", WHOSE, unique=True)
