"""Lists that cost the same at any size: indexes that carry what lists ask for, and counts kept in rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# Written out, so that the migration stays what it is when the models change.
ASKED = ["kind", "audience", "agenda_id", "language", "hidden_at", "deleted_at", "answer_id"]
WRITTEN = ["created_at", "id", "topic_id", "number", "hidden_at", "deleted_at"]
LISTED = ["sort_key", "id", "left_at", "hidden_at"]
IN_ORDER = {
    "ix_topic_active": ["active_at"],
    "ix_topic_agenda_active": ["agenda_id", "active_at"],
    "ix_topic_kind_active": ["kind", "active_at"],
    "ix_topic_newest": ["created_at"],
    "ix_topic_agenda_newest": ["agenda_id", "created_at"],
}
PARTIAL = (
    ("ix_topic_waiting", "topic", ["kind", "id"], "answer_id IS NULL"),
    ("ix_topic_pinned", "topic", ["agenda_id", "active_at", "id"], "pinned_at IS NOT NULL"),
    ("ix_post_tried", "post", ["author_id", *WRITTEN, "tried_count"], "tried_count > 0"),
    (
        "ix_post_for_organisation",
        "post",
        ["organisation_id", *WRITTEN],
        "organisation_id IS NOT NULL",
    ),
    (
        "ix_notice_unread",
        "notice",
        ["member_id", "topic_id", "actor_id"],
        "read_at IS NULL AND hidden_at IS NULL",
    ),
)
BEFORE = (
    ("ix_topic_active_at_id", "topic", ["active_at", "id"]),
    ("ix_topic_agenda_id_active_at_id", "topic", ["agenda_id", "active_at", "id"]),
    ("ix_topic_kind_active_at_id", "topic", ["kind", "active_at", "id"]),
    ("ix_post_author_id_id", "post", ["author_id", "id"]),
    ("ix_member_city_id", "member", ["city_id"]),
    ("ix_member_organisation_id", "member", ["organisation_id"]),
)
COUNT = """
INSERT INTO topic_count (agenda_id, kind, audience, language, is_hidden, is_waiting, number)
SELECT agenda_id, kind, audience, language, hidden_at IS NOT NULL,
       kind = 'question' AND answer_id IS NULL, count(*)
FROM topic
WHERE deleted_at IS NULL AND (kind != 'case' OR replies_count > 0)
GROUP BY 1, 2, 3, 4, 5, 6
"""
ANSWERED_BY = """
ALTER TABLE topic ADD COLUMN answered_by_id INTEGER
CONSTRAINT fk_topic_answered_by_id REFERENCES member (id)
"""
WHO_ANSWERED = """
UPDATE topic SET answered_by_id = (SELECT author_id FROM post WHERE post.id = topic.answer_id)
WHERE answer_id IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "topic_count",
        sa.Column("agenda_id", sa.Integer(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.String(length=200), nullable=False)
            for name in ("kind", "audience", "language")
        ),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agenda_id"], ["agenda.id"], name="fk_topic_count_agenda_id"),
        sa.PrimaryKeyConstraint(
            "agenda_id",
            "kind",
            "audience",
            "language",
            "is_hidden",
            "is_waiting",
            name="pk_topic_count",
        ),
    )
    op.execute(COUNT)
    op.execute(
        ANSWERED_BY
    )  # the same words on both databases; SQLite would rebuild the table otherwise
    op.execute(WHO_ANSWERED)
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    key = sa.Column(
        "sort_key", sa.String(200, collation=collation), nullable=False, server_default=""
    )
    op.add_column("member", key)
    op.execute("UPDATE member SET sort_key = substr(folded, 1, 100)")
    for name, table, _columns in BEFORE:
        op.drop_index(name, table)
    for name, columns in IN_ORDER.items():
        more = [column for column in ASKED if column not in columns]
        op.create_index(name, "topic", [*columns, "id", *more])
    for name, table, columns, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_topic_answered_by_id_id", "topic", ["answered_by_id", "id"])
    op.create_index("ix_post_written", "post", ["author_id", *WRITTEN])
    op.create_index("ix_member_listed", "member", LISTED)
    for column in ("city_id", "organisation_id"):
        op.create_index(f"ix_member_{column}", "member", [column, *LISTED])


def downgrade() -> None:
    for column in ("city_id", "organisation_id"):
        op.drop_index(f"ix_member_{column}", "member")
    op.drop_index("ix_member_listed", "member")
    op.drop_index("ix_post_written", "post")
    op.drop_index("ix_topic_answered_by_id_id", "topic")
    for name, table, _columns, _condition in PARTIAL:
        op.drop_index(name, table)
    for name in IN_ORDER:
        op.drop_index(name, "topic")
    for name, table, columns in BEFORE:
        op.create_index(name, table, columns)
    with op.batch_alter_table("member") as batch:
        batch.drop_column("sort_key")
    with op.batch_alter_table("topic") as batch:
        batch.drop_column("answered_by_id")
    op.drop_table("topic_count")
