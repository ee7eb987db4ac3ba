"""Leaving, terms of use with who agreed to them, letters between members, and handles that nobody has again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for column in ("terms_due_at", "leaving_at"):
        op.add_column("member", sa.Column(column, Moment()))
    op.add_column(
        "member", sa.Column("takes_letters", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "member", sa.Column("leaving_how", sa.String(200), nullable=False, server_default="")
    )
    waits = sa.text("leaving_at IS NOT NULL AND left_at IS NULL")
    op.create_index(
        "ix_member_leaving",
        "member",
        ["leaving_at", "id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.add_column("federation", sa.Column("terms_from", Moment()))
    op.add_column("candidate", sa.Column("terms", sa.Integer()))
    op.create_table(
        "former_handle",
        sa.Column("handle_hash", sa.String(200), primary_key=True),
    )
    op.create_table(
        "terms",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("needs_consent", sa.Boolean(), nullable=False),
        sa.Column("valid_from", Moment(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
    )
    op.create_table(
        "consent",
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("member.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), sa.ForeignKey("terms.number"), primary_key=True),
        sa.Column("how", sa.String(200), nullable=False),
        sa.Column("agreed_at", Moment(), nullable=False),
    )
    op.create_index("ix_consent_number", "consent", ["number"])
    op.create_table(
        "contact_letter",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(
            sa.Column(
                name,
                sa.Integer(),
                sa.ForeignKey("member.id", ondelete="CASCADE"),
                nullable=False,
            )
            for name in ("sender_id", "recipient_id")
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=False),
        sa.Column("reported_at", Moment()),
        sa.Column("delivery_id", sa.Integer(), sa.ForeignKey("delivery.id", ondelete="SET NULL")),
    )
    for columns in (
        ("sender_id", "sent_at"),
        ("recipient_id", "sent_at"),
        ("delivery_id",),
        ("sent_at",),
    ):
        op.create_index(f"ix_contact_letter_{'_'.join(columns)}", "contact_letter", list(columns))
    op.create_table(
        "departure",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("member.id", ondelete="CASCADE"),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.String(200), nullable=False)
            for name in ("how", "name", "handle", "address", "step")
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
    )
    op.create_index("ix_departure_member_id", "departure", ["member_id"], unique=True)
    # For what is deleted after its time
    op.create_index("ix_session_ended_at", "session", ["ended_at"])
    op.create_index("ix_session_seen_at", "session", ["seen_at"])
    op.drop_index("ix_notice_of_queue", "notice")
    for table in ("event", "notice"):
        _index_queue(table, "kind = 'queue'")
    read = sa.text("read_at IS NOT NULL")
    op.create_index(
        "ix_notice_read_at", "notice", ["read_at"], sqlite_where=read, postgresql_where=read
    )


def _index_queue(table: str, words: str) -> None:
    which = sa.text(words)
    name = f"ix_{table}_of_queue"
    op.create_index(name, table, ["address"], sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    op.drop_index("ix_notice_read_at", "notice")
    for table in ("event", "notice"):
        op.drop_index(f"ix_{table}_of_queue", table)
    _index_queue("notice", "kind = 'queue' AND read_at IS NULL")
    op.drop_index("ix_session_seen_at", "session")
    op.drop_index("ix_session_ended_at", "session")
    for table in ("departure", "contact_letter", "consent", "terms", "former_handle"):
        op.drop_table(table)
    op.drop_column("candidate", "terms")
    op.drop_column("federation", "terms_from")
    op.drop_index("ix_member_leaving", "member")
    for column in ("leaving_how", "takes_letters", "leaving_at", "terms_due_at"):
        op.drop_column("member", column)
