"""Programs and chat rooms elsewhere are told of what is new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0052"
down_revision = "0051"

WAITING = "sent_at IS NULL AND given_up_at IS NULL AND dropped_at IS NULL"
UNTOLD = "untold_at IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("locked_address", sa.Text(), nullable=False),
        sa.Column("locked_secret", sa.Text(), nullable=False),
        sa.Column("format", sa.String(200), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("agenda_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("paused_at", Moment(), nullable=True),
        sa.Column("paused_why", sa.String(200), nullable=False),
        sa.Column("turn_at", Moment(), nullable=True),
        sa.Column("arrived_at", Moment(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["agenda_id"], ["agenda.id"], name="fk_webhook_agenda_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", Moment(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("trouble", sa.String(200), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("given_up_at", Moment(), nullable=True),
        sa.Column("dropped_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name="fk_webhook_delivery_webhook_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
    )
    for name, columns, options in (
        ("webhook_id_post_id", ["webhook_id", "post_id"], {"unique": True}),
        ("waiting", ["webhook_id", "due_at", "id"], _partial(WAITING)),
        ("created_at", ["created_at"], {}),
    ):
        op.create_index(f"ix_webhook_delivery_{name}", "webhook_delivery", columns, **options)
    op.add_column("event", sa.Column("untold_at", Moment(), nullable=True))
    op.create_index("ix_event_untold", "event", ["id"], **_partial(UNTOLD))


def downgrade() -> None:
    op.drop_index("ix_event_untold", "event")
    op.drop_column("event", "untold_at")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")


def _partial(condition: str) -> dict[str, object]:
    where = sa.text(condition)
    return {"sqlite_where": where, "postgresql_where": where}
