"""Joint declarations, their signatures, and the organisations that are invited to sign; how many an agenda has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Html, Moment

revision = "0054"
down_revision = "0053"
TO_SIGN = "frozen_at IS NOT NULL AND adopted_at IS NULL AND withdrawn_at IS NULL"


def _key(table: str, column: str, target: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", **options
    )


def _partial(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _word(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(200), nullable=False, server_default=default)


def upgrade() -> None:
    op.create_table(
        "declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("agenda_id", "author_id")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("topic_id", "replaces_id")),
        _word("title", None),
        _word("slug", None),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", Html(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        _word("language", None),
        _word("digest"),
        sa.Column("sign_until", sa.Date(), nullable=True),
        sa.Column("signatures_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", Moment(), nullable=False),
        *(
            sa.Column(name, Moment(), nullable=True)
            for name in ("edited_at", "opened_at", "frozen_at", "adopted_at", "withdrawn_at")
        ),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False, server_default=""),
        _key("declaration", "agenda_id", "agenda"),
        _key("declaration", "author_id", "member"),
        _key("declaration", "topic_id", "topic", ondelete="SET NULL"),
        _key("declaration", "replaces_id", "declaration"),
        sa.PrimaryKeyConstraint("id", name="pk_declaration"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_declaration_agenda_id_id", "declaration", ["agenda_id", "id"])
    op.create_index("ix_declaration_author_id", "declaration", ["author_id"])
    op.create_index("ix_declaration_topic_id", "declaration", ["topic_id"])
    op.create_index("ix_declaration_replaces_id", "declaration", ["replaces_id"])
    op.create_index("ix_declaration_to_sign", "declaration", ["sign_until"], **_partial(TO_SIGN))
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("declaration_id", "organisation_id")
        ),
        sa.Column("member_id", sa.Integer(), nullable=True),
        _word("name", None),
        _word("position"),
        _word("organisation_name", None),
        sa.Column("city_id", sa.Integer(), nullable=True),
        sa.Column("reservation", sa.Text(), nullable=False, server_default=""),
        _word("language", None),
        sa.Column("signed_at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.Column("hidden_at", Moment(), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False, server_default=""),
        *(
            _key("signature", f"{target}_id", target)
            for target in ("declaration", "organisation", "member", "city")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_signature"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_signature_of_organisation",
        "signature",
        ["declaration_id", "organisation_id"],
        unique=True,
        **_partial("withdrawn_at IS NULL"),
    )
    op.create_index("ix_signature_declaration_id", "signature", ["declaration_id"])
    op.create_index("ix_signature_member_id", "signature", ["member_id"])
    op.create_index("ix_signature_organisation_id_id", "signature", ["organisation_id", "id"])
    op.create_index("ix_signature_city_id_id", "signature", ["city_id", "id"])
    op.create_table(
        "invited_organisation",
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("declaration_id", "organisation_id")
        ),
        sa.Column("invited_at", Moment(), nullable=False),
        sa.Column("reminded_at", Moment(), nullable=True),
        _key("invited_organisation", "declaration_id", "declaration"),
        _key("invited_organisation", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint(
            "declaration_id", "organisation_id", name="pk_invited_organisation"
        ),
    )
    op.create_index(
        "ix_invited_organisation_organisation_id", "invited_organisation", ["organisation_id"]
    )
    op.add_column(
        "agenda",
        sa.Column("declarations_count", sa.Integer(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("agenda", "declarations_count")
    op.drop_table("invited_organisation")
    op.drop_table("signature")
    op.drop_table("declaration")
