"""Second factors: passkeys, authenticator and recovery codes, and who needs one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0011"
down_revision = "0010"
NEW = {
    "federation": ("factors_required_at",),
    "member": ("factor_at", "held_at", "credentials_at"),
}


def upgrade() -> None:
    op.create_table(
        "passkey",
        *_of_member(),
        sa.Column("credential_id", sa.Text(), nullable=False, unique=True),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("user_handle", sa.String(200), nullable=False),
        sa.Column("signatures", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
    )
    op.create_table(
        "authenticator",
        *_of_member(unique=True),
        sa.Column("locked_secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("confirmed_at", Moment()),
        sa.Column("used_at", Moment()),
    )
    op.create_table(
        "recovery_code",
        *_of_member(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
    )
    op.create_index(
        "ix_recovery_code_member_id_number", "recovery_code", ["member_id", "number"], unique=True
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("challenge_hash", sa.String(200), nullable=False, unique=True),
        sa.Column("browser_hash", sa.String(200), nullable=False),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id", ondelete="CASCADE")),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
    )
    op.create_table(
        "half_session",
        *_of_member(),
        sa.Column("key_hash", sa.String(200), nullable=False, unique=True),
        sa.Column("how", sa.String(200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
    )
    op.create_index("ix_passkey_member_id", "passkey", ["member_id"])
    for table in ("challenge", "half_session"):
        for column in ("member_id", "expires_at"):
            op.create_index(f"ix_{table}_{column}", table, [column])
    for table, columns in NEW.items():
        for column in columns:
            op.add_column(table, sa.Column(column, Moment()))
    how = sa.Column("how", sa.String(200), nullable=False, server_default="")
    op.add_column("session", how)


def _of_member(unique: bool = False) -> tuple[sa.Column, sa.Column]:
    member = sa.ForeignKey("member.id", ondelete="CASCADE")
    return (
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("member_id", sa.Integer(), member, nullable=False, unique=unique),
    )


def downgrade() -> None:
    op.drop_column("session", "how")
    for table, columns in NEW.items():
        for column in columns:
            op.drop_column(table, column)
    for table in ("half_session", "challenge", "recovery_code", "authenticator", "passkey"):
        op.drop_table(table)
