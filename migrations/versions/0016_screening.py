"""Rules before publication, texts that they hold back, first posts that a moderator looks at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for table in ("topic", "post"):
        op.add_column(table, sa.Column("unseen_at", Moment()))
    op.create_index("ix_post_unseen", "post", ["unseen_at"], **_where("unseen_at IS NOT NULL"))
    op.add_column(
        "member", sa.Column("waiting_count", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "screening_rule",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("agenda_id", sa.Integer(), sa.ForeignKey("agenda.id")),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id")),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), sa.ForeignKey("member.id")),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("off_at", Moment()),
    )
    op.create_index("ix_screening_rule_kind_key", "screening_rule", ["kind", "key"], unique=True)
    for column in ("member_id", "made_by_id"):
        op.create_index(f"ix_screening_rule_{column}", "screening_rule", [column])
    op.create_table(
        "newness",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("days", "posts", "first_posts")),
    )
    op.create_table(
        "text_trace",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text_hash", sa.String(200), nullable=False),
        sa.Column(
            "author_id",
            sa.Integer(),
            sa.ForeignKey("member.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("sent_at", Moment(), nullable=False),
    )
    for columns in (("text_hash", "sent_at"), ("sent_at",), ("author_id",)):
        op.create_index(f"ix_text_trace_{'_'.join(columns)}", "text_trace", list(columns))
    op.create_table(
        "held",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("deed", sa.String(200), nullable=False),
        sa.Column("author_id", sa.Integer(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("agenda_id", sa.Integer(), sa.ForeignKey("agenda.id"), nullable=False),
        sa.Column("topic_id", sa.Integer(), sa.ForeignKey("topic.id")),
        *(sa.Column(name, sa.Integer(), sa.ForeignKey("post.id")) for name in ("post_id", "became_id")),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("themes", sa.JSON()),
        sa.Column("audience", sa.String(200)),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("paragraph", sa.String(200)),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id")),
        sa.Column("submission_key", sa.String(200)),
        sa.Column("seen", sa.String(200), nullable=False),
        sa.Column("rule_id", sa.Integer()),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        *(sa.Column(name, Moment()) for name in ("decided_at", "refused_at")),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index(
        "ix_held_author_id_submission_key", "held", ["author_id", "submission_key"], unique=True
    )
    op.create_index("ix_held_waiting", "held", ["agenda_id", "id"], **_where("decided_at IS NULL"))
    op.create_index("ix_held_decided", "held", ["decided_at"], **_where("decided_at IS NOT NULL"))
    for columns in (("author_id", "id"), ("topic_id",), ("post_id",), ("became_id",), ("rule_id",)):
        op.create_index(f"ix_held_{'_'.join(columns)}", "held", list(columns))


def _where(words: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(words), "postgresql_where": sa.text(words)}


def downgrade() -> None:
    for table in ("held", "text_trace", "newness", "screening_rule"):
        op.drop_table(table)
    op.drop_column("member", "waiting_count")
    op.drop_index("ix_post_unseen", "post")
    for table in ("post", "topic"):
        op.drop_column(table, "unseen_at")
