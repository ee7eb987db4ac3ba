"""Asking a peer: who was asked, who wants to be asked, what happened next; an index of what members can help with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# As models.Moment is kept.
MOMENT = sa.DateTime(timezone=True)
# The words of name, position and offer of help, which `member.folded` holds. Whoever rebuilds the table `member`
# on SQLite (Alembic's batch mode) makes these triggers anew: they go with the old table.
FTS = """CREATE VIRTUAL TABLE member_fts USING fts5(folded, content='member', content_rowid='id',
tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'")"""
ADD = "INSERT INTO member_fts(rowid, folded) VALUES (new.id, new.folded)"
TAKE = "INSERT INTO member_fts(member_fts, rowid, folded) VALUES ('delete', old.id, old.folded)"
TRIGGERS = {
    "insert": f"AFTER INSERT ON member BEGIN {ADD}; END",
    "delete": f"AFTER DELETE ON member BEGIN {TAKE}; END",
    "update": f"AFTER UPDATE OF folded ON member BEGIN {TAKE}; {ADD}; END",
}
WORDS = """ALTER TABLE member ADD COLUMN words tsvector
GENERATED ALWAYS AS (to_tsvector('simple', folded)) STORED"""
WHEN_ANSWERED = """UPDATE topic SET answered_at =
(SELECT created_at FROM post WHERE post.id = topic.answer_id) WHERE answer_id IS NOT NULL"""


def upgrade() -> None:
    _create_tables()
    for name in ("answered_at", "followed_up_at"):
        op.add_column("topic", sa.Column(name, MOMENT))
    op.execute(WHEN_ANSWERED)
    for name, column in (("topic_theme", "topic_id"), ("member_theme", "member_id")):
        op.drop_index(f"ix_{name}_theme_id", name)
        op.create_index(f"ix_{name}_theme_id_{column}", name, ["theme_id", column])
    if op.get_bind().dialect.name != "sqlite":
        op.execute(WORDS)
        op.execute("CREATE INDEX words_of_members ON member USING gin (words)")
        return
    op.execute(FTS)
    for name, words in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER member_fts_{name} {words}")
    op.execute("INSERT INTO member_fts(member_fts) VALUES ('rebuild')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER member_fts_{name}")
        op.execute("DROP TABLE member_fts")
    else:
        op.execute("ALTER TABLE member DROP COLUMN words")
    for name, column in (("topic_theme", "topic_id"), ("member_theme", "member_id")):
        op.drop_index(f"ix_{name}_theme_id_{column}", name)
        op.create_index(f"ix_{name}_theme_id", name, ["theme_id"])
    for name in ("answered_at", "followed_up_at"):
        op.drop_column("topic", name)
    for name in ("follow_up", "care", "availability", "asked"):
        op.drop_table(name)


def _create_tables() -> None:
    op.create_table(
        "asked",
        sa.Column("topic_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        *(sa.Column(name, MOMENT) for name in ("declined_at", "postponed_at", "passed_at")),
        sa.Column("passed_to_id", sa.Integer()),
        _of("asked", "topic"),
        _of("asked", "member"),
        *(
            sa.ForeignKeyConstraint([name], ["member.id"], name=f"fk_asked_{name}")
            for name in ("asker_id", "passed_to_id")
        ),
        sa.PrimaryKeyConstraint("topic_id", "member_id", name="pk_asked"),
    )
    op.create_index("ix_asked_member_id_asked_at", "asked", ["member_id", "asked_at"])
    for name in ("asker_id", "passed_to_id"):
        op.create_index(f"ix_asked_{name}", "asked", [name])
    op.create_table(
        "availability",
        sa.Column("member_id", sa.Integer(), nullable=False),
        *(sa.Column(name, MOMENT) for name in ("muted_at", "away_until")),
        _of("availability", "member"),
        sa.PrimaryKeyConstraint("member_id", name="pk_availability"),
    )
    op.create_table(
        "care",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        *(sa.Column(name, MOMENT) for name in ("look_at", "unanswered_at")),
        sa.Column("followups", sa.Integer(), nullable=False),
        _of("care", "topic"),
        sa.PrimaryKeyConstraint("topic_id", name="pk_care"),
    )
    op.create_index("ix_care_look_at", "care", ["look_at"])
    op.create_table(
        "follow_up",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("edited_at", MOMENT),
        _of("follow_up", "topic"),
        sa.PrimaryKeyConstraint("topic_id", name="pk_follow_up"),
    )


def _of(table: str, other: str) -> sa.ForeignKeyConstraint:
    """A key to another table, with which the row goes."""
    name = f"fk_{table}_{other}_id"
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=name, ondelete="CASCADE")
