"""Letters, tokens, candidates; whether mail arrives, and when somebody last showed who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0008"
down_revision = "0007"
WAITING = "sent_at IS NULL AND given_up_at IS NULL AND dropped_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("browser_hash", sa.String(200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
    )
    op.create_index("ix_candidate_email", "candidate", ["email"])
    op.create_index("ix_candidate_created_at", "candidate", ["created_at"])
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("token_hash", sa.String(200), nullable=False, unique=True),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id", ondelete="CASCADE")),
        sa.Column("candidate_id", sa.Integer(), sa.ForeignKey("candidate.id", ondelete="CASCADE")),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
    )
    for column in ("member_id", "candidate_id", "expires_at"):
        op.create_index(f"ix_token_{column}", "token", [column])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id", ondelete="CASCADE")),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.Column("given_up_at", Moment()),
        sa.Column("dropped_at", Moment()),
        sa.Column("why", sa.Text(), nullable=False),
    )
    waiting = sa.text(WAITING)
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["due_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_delivery_member_id", "delivery", ["member_id"])
    op.create_index("ix_delivery_address_created_at", "delivery", ["address", "created_at"])
    op.create_index("ix_delivery_given_up_at", "delivery", ["given_up_at"])
    op.create_index("ix_delivery_sent_at", "delivery", ["sent_at"])
    op.add_column("member", sa.Column("mail_paused_at", Moment()))
    paused_why = sa.Column("mail_paused_why", sa.Text(), nullable=False, server_default="")
    op.add_column("member", paused_why)
    op.add_column("session", sa.Column("proved_at", Moment()))


def downgrade() -> None:
    op.drop_column("session", "proved_at")
    op.drop_column("member", "mail_paused_why")
    op.drop_column("member", "mail_paused_at")
    for table in ("delivery", "token", "candidate"):
        op.drop_table(table)
