"""Reports by visitors, with a receipt; claims and notes of the queue, and what was told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0017"
down_revision = "0016"

TO_LETTER = {
    "ix_report_to_confirm": (["id"], "email <> '' AND confirmed_at IS NULL"),
    "ix_report_to_tell": (
        ["decision_id", "id"],
        "email <> '' AND told_at IS NULL AND decision_id IS NOT NULL",
    ),
    "ix_report_to_forget": (["id"], "name <> '' OR email <> ''"),
}


def upgrade() -> None:
    with op.batch_alter_table("report") as report:
        report.alter_column("reporter_id", existing_type=sa.Integer(), nullable=True)
        report.add_column(
            sa.Column("source", sa.String(200), nullable=False, server_default="member")
        )
        for name in ("name", "email"):
            report.add_column(sa.Column(name, sa.String(200), nullable=False, server_default=""))
        report.add_column(sa.Column("number", sa.String(200)))
        report.add_column(sa.Column("confirmed_at", Moment()))
        report.add_column(sa.Column("told_at", Moment()))
    op.create_index("ix_report_number", "report", ["number"], unique=True)
    for name, (columns, words) in TO_LETTER.items():
        which = sa.text(words)
        op.create_index(name, "report", columns, sqlite_where=which, postgresql_where=which)
    _make_queue()
    _make_notes_and_ignoring()


def _make_queue() -> None:
    op.create_table(
        "claim",
        *_key(),
        _member("member_id"),
        sa.Column("claimed_at", Moment(), nullable=False),
    )
    op.create_index("ix_claim_member_id", "claim", ["member_id"])
    op.create_table(
        "entry_note",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        _member("author_id"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
    )
    for columns in (["kind", "item_id", "id"], ["author_id"], ["written_at"]):
        op.create_index(f"ix_entry_note_{'_'.join(columns)}", "entry_note", columns)
    op.create_table(
        "overdue",
        *_key(),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.Column("escalated_at", Moment()),
    )


def _make_notes_and_ignoring() -> None:
    op.create_table(
        "staff_note",
        sa.Column("id", sa.Integer(), primary_key=True),
        _member("member_id"),
        _member("author_id"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
    )
    for columns in (["member_id", "id"], ["author_id"], ["written_at"]):
        op.create_index(f"ix_staff_note_{'_'.join(columns)}", "staff_note", columns)
    op.add_column("member", sa.Column("ignored", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "ignored_member",
        *(
            sa.Column(
                name,
                sa.Integer(),
                sa.ForeignKey("member.id", ondelete="CASCADE"),
                primary_key=True,
            )
            for name in ("member_id", "ignored_id")
        ),
        sa.Column("since", Moment(), nullable=False),
    )
    op.create_index("ix_ignored_member_ignored_id", "ignored_member", ["ignored_id"])


def _key() -> tuple[sa.Column[str], sa.Column[int]]:
    return (
        sa.Column("kind", sa.String(200), primary_key=True),
        sa.Column("item_id", sa.Integer(), primary_key=True, autoincrement=False),
    )


def _member(name: str) -> sa.Column[int]:
    key = sa.ForeignKey("member.id", ondelete="CASCADE")
    return sa.Column(name, sa.Integer(), key, nullable=False)


def downgrade() -> None:
    op.drop_column("member", "ignored")
    for table in ("ignored_member", "staff_note", "overdue", "entry_note", "claim"):
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM report WHERE reporter_id IS NULL"))
    for name in (*TO_LETTER, "ix_report_number"):
        op.drop_index(name, "report")
    with op.batch_alter_table("report") as report:
        for name in ("told_at", "confirmed_at", "number", "email", "name", "source"):
            report.drop_column(name)
        report.alter_column("reporter_id", existing_type=sa.Integer(), nullable=False)
