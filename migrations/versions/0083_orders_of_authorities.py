"""Orders of courts and administrative authorities, and the decisions that follow them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0083"
down_revision = "0082"
KEY = "fk_decision_order_id"


def upgrade() -> None:
    op.create_table(
        "authority_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("redress", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("written_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_order")),
    )
    # SQLite takes the key with the column only, so that no table is written anew
    if op.get_bind().dialect.name == "sqlite":
        key = f"CONSTRAINT {KEY} REFERENCES authority_order (id)"
        op.execute(f"ALTER TABLE decision ADD COLUMN order_id INTEGER {key}")
    else:
        op.add_column("decision", sa.Column("order_id", sa.Integer()))
        op.create_foreign_key(KEY, "decision", "authority_order", ["order_id"], ["id"])
    op.create_index(op.f("ix_decision_order_id"), "decision", ["order_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_decision_order_id"), "decision")
    with op.batch_alter_table("decision") as rows:
        rows.drop_column("order_id")  # and the key with it
    op.drop_table("authority_order")
