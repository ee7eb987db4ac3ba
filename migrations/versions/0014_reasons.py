"""House rules in versions, ready texts, the reasons of decisions, and appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "rule_book",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("valid_from", Moment(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
    )
    op.create_table(
        "house_rule",
        sa.Column("version", sa.Integer(), sa.ForeignKey("rule_book.number"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
    )
    op.create_table(
        "ready_text",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("deed", sa.String(200), nullable=False),
        sa.Column("rule", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ended_at", Moment()),
    )
    with op.batch_alter_table("decision") as decision:
        decision.add_column(sa.Column("rule", sa.Integer(), nullable=False, server_default="0"))
        for name, kind in (
            ("rule_name", sa.String(200)),
            ("rule_sentence", sa.Text()),
            ("law", sa.Text()),
        ):
            decision.add_column(sa.Column(name, kind, nullable=False, server_default=""))
        decision.add_column(
            sa.Column("source", sa.String(200), nullable=False, server_default="own initiative")
        )
        for name in ("is_automated", "is_excused"):
            decision.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            )
        decision.add_column(sa.Column("until", Moment()))
        decision.add_column(sa.Column("before", sa.JSON()))
        decision.add_column(
            sa.Column(
                "undoes_id",
                sa.Integer(),
                sa.ForeignKey("decision.id", name="fk_decision_undoes_id_decision"),
            )
        )
        decision.create_index("ix_decision_undoes_id", ["undoes_id"])
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("decision_id", sa.Integer(), sa.ForeignKey("decision.id"), nullable=False),
        sa.Column("appellant_id", sa.Integer(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("decided_at", Moment()),
        sa.Column("decider_id", sa.Integer(), sa.ForeignKey("member.id")),
        sa.Column("outcome", sa.String(200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reversal_id", sa.Integer(), sa.ForeignKey("decision.id")),
    )
    op.create_index(
        "ix_appeal_decision_id_appellant_id", "appeal", ["decision_id", "appellant_id"], unique=True
    )
    waits = sa.text("decided_at IS NULL")
    op.create_index(
        "ix_appeal_waiting", "appeal", ["id"], sqlite_where=waits, postgresql_where=waits
    )
    for column in ("appellant_id", "decider_id", "reversal_id"):
        op.create_index(f"ix_appeal_{column}", "appeal", [column])


def downgrade() -> None:
    op.drop_table("appeal")
    with op.batch_alter_table("decision") as decision:
        decision.drop_index("ix_decision_undoes_id")
        decision.drop_constraint("fk_decision_undoes_id_decision", type_="foreignkey")
        for name in (
            "undoes_id",
            "before",
            "until",
            "is_excused",
            "is_automated",
            "source",
            "law",
            "rule_sentence",
            "rule_name",
            "rule",
        ):
            decision.drop_column(name)
    for table in ("ready_text", "house_rule", "rule_book"):
        op.drop_table(table)
