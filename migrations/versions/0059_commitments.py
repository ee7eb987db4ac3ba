"""Commitments of organisations, their milestones, and who follows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Html, Moment

revision = "0059"
down_revision = "0058"


def _key(table: str, column: str, target: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", **options
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def upgrade() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("agenda_id", "organisation_id")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("author_id", "declaration_id", "practice_id", "case_id")
        ),
        *(sa.Column(name, sa.String(200), nullable=False) for name in ("title", "slug")),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", Html(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("peers_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=True),
        _text("kept_words"),
        sa.Column("ended_at", Moment(), nullable=True),
        _text("ended_reason"),
        sa.Column("hidden_at", Moment(), nullable=True),
        _text("hidden_reason"),
        *(
            _key("commitment", f"{target}_id", target)
            for target in ("agenda", "organisation", "declaration", "practice", "case")
        ),
        _key("commitment", "author_id", "member"),
        sa.PrimaryKeyConstraint("id", name="pk_commitment"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moves", sa.JSON(), nullable=False),
        sa.Column("reached_at", Moment(), nullable=True),
        _text("reached_words"),
        sa.Column("given_up_at", Moment(), nullable=True),
        _text("given_up_reason"),
        sa.Column("reminded_before_at", Moment(), nullable=True),
        sa.Column("reminded_after_at", Moment(), nullable=True),
        _key("milestone", "commitment_id", "commitment", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_milestone"),
    )
    op.create_table(
        "commitment_peer",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("followed_at", Moment(), nullable=False),
        _key("commitment_peer", "commitment_id", "commitment", ondelete="CASCADE"),
        _key("commitment_peer", "member_id", "member"),
        sa.PrimaryKeyConstraint("commitment_id", "member_id", name="pk_commitment_peer"),
    )
    is_open = sa.text("reached_at IS NULL AND given_up_at IS NULL")
    for table, name, columns, options in (
        ("commitment", "next_on_id", ["next_on", "id"], {}),
        ("commitment", "agenda_id_next_on_id", ["agenda_id", "next_on", "id"], {}),
        ("commitment", "organisation_id_id", ["organisation_id", "id"], {}),
        *(
            ("commitment", name, [name], {})
            for name in ("author_id", "declaration_id", "practice_id", "case_id")
        ),
        ("milestone", "commitment_id_day_id", ["commitment_id", "day", "id"], {}),
        ("milestone", "open", ["day"], {"sqlite_where": is_open, "postgresql_where": is_open}),
        ("commitment_peer", "member_id", ["member_id"], {}),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns, **options)


def downgrade() -> None:
    for table in ("commitment_peer", "milestone", "commitment"):
        op.drop_table(table)
