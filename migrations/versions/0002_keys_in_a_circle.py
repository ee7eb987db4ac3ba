"""The keys that close a circle of tables, which cannot be made with the tables themselves."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

KEYS = (
    ("organisation", "fk_organisation_representative_id", "member", "representative_id"),
    ("topic", "fk_topic_answer_id", "post", "answer_id"),
)


def upgrade() -> None:
    for table, name, target, column in KEYS:
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(name, target, [column], ["id"])


def downgrade() -> None:
    for table, name, _target, _column in KEYS:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name, type_="foreignkey")
