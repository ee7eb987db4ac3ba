"""A glossary that every language shares, and what members propose for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.create_table(
        "glossary_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(200), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["glossary_entry.id"], name="fk_glossary_entry_merged_into_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_glossary_entry"),
        sa.UniqueConstraint("slug", name="uq_glossary_entry_slug"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_glossary_entry_merged_into_id", "glossary_entry", ["merged_into_id"])
    op.create_table(
        "glossary_wording",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("other_names", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("meaning", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["glossary_entry.id"],
            name="fk_glossary_wording_entry_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", "language", name="pk_glossary_wording"),
    )
    op.create_table(
        "glossary_entry_theme",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["glossary_entry.id"],
            name="fk_glossary_entry_theme_entry_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["theme.id"], name="fk_glossary_entry_theme_theme_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "theme_id", name="pk_glossary_entry_theme"),
    )
    op.create_index(
        "ix_glossary_entry_theme_theme_id_entry_id",
        "glossary_entry_theme",
        ["theme_id", "entry_id"],
    )

    op.create_table(
        "glossary_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), server_default="", nullable=False),
        sa.Column("meaning", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("caught_by", sa.String(200), server_default="", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("outcome", sa.String(200), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["glossary_entry.id"], name="fk_glossary_proposal_entry_id"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name="fk_glossary_proposal_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_glossary_proposal"),
        sqlite_autoincrement=True,
    )
    for columns in (["entry_id"], ["author_id", "created_at"], ["outcome", "created_at"]):
        name = f"ix_glossary_proposal_{'_'.join(columns)}"
        op.create_index(name, "glossary_proposal", columns)


def downgrade() -> None:
    op.drop_table("glossary_proposal")
    op.drop_table("glossary_entry_theme")
    op.drop_table("glossary_wording")
    op.drop_table("glossary_entry")
