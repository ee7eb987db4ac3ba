"""The posts of a long topic get its new title in search one portion after the other; leaving walks through no table.

A portion is the next of a topic's documents by their ids, so that the index of them says their ids, too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

# Whom a row names, where a member who leaves or takes a copy asks for it.
NAMING = {
    "notice": {"ix_notice_actor_id": ["actor_id"]},
    "event": {"ix_event_actor_id": ["actor_id"]},
    "version": {"ix_version_editor_handle": ["editor_handle"]},
}
OVER = {"delivery": {"ix_delivery_dropped_at": ["dropped_at"]}}  # what is deleted after its time


def upgrade() -> None:
    op.create_table(
        "retitling",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_retitling_document_id_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_retitling")),
    )
    op.create_index("ix_document_parent_id_id", "document", ["parent_id", "id"])
    op.drop_index("ix_document_parent_id", "document")
    for table, indexes in (NAMING | OVER).items():
        for name, columns in indexes.items():
            op.create_index(name, table, columns)


def downgrade() -> None:
    for table, indexes in (NAMING | OVER).items():
        for name in indexes:
            op.drop_index(name, table)
    op.create_index("ix_document_parent_id", "document", ["parent_id"])
    op.drop_index("ix_document_parent_id_id", "document")
    op.drop_table("retitling")
