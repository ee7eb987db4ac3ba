"""Who may join, invitations, candidates who wait, accounts of elsewhere; what names and handles look like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment
from forum.confusables import skeleton

revision = "0012"
down_revision = "0011"
BATCH = 1_000
# By hand, because Alembic adds no key with a column on SQLite; both databases take this.
COLUMN = "ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT fk_{table}_{column} REFERENCES {other} (id)"
KEYS = (
    ("member", "invited_by_id", "member"),
    ("candidate", "invitation_id", "invitation"),
    ("candidate", "invited_by_id", "member"),
)


def upgrade() -> None:
    _entrance()
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column(
            "member_id", sa.Integer(), sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", Moment(), nullable=False),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_index("ix_identity_member_id", "identity", ["member_id"])
    for table, column, other in KEYS:
        op.execute(COLUMN.format(table=table, column=column, other=other))
        op.create_index(f"ix_{table}_{column}", table, [column])
    _candidate()
    _skeletons()


def _entrance() -> None:
    op.create_table(
        "entrance",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("mode", sa.String(200), nullable=False),
        sa.Column("inviters", sa.String(200), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("welcomes", sa.JSON(), nullable=False),
        sa.Column("refusals", sa.JSON(), nullable=False),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code_hash", sa.String(200), nullable=False, unique=True),
        sa.Column("salt", sa.String(200), nullable=False),
        sa.Column("maker_id", sa.Integer(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id")),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
    )
    op.create_index("ix_invitation_maker_id", "invitation", ["maker_id"])
    op.create_index("ix_invitation_organisation_id", "invitation", ["organisation_id"])
    member = sa.ForeignKey("member.id", ondelete="CASCADE")
    came_by = sa.ForeignKey("invitation.id", ondelete="CASCADE")
    op.create_table(
        "arrival",
        sa.Column("member_id", sa.Integer(), member, primary_key=True),
        sa.Column("invitation_id", sa.Integer(), came_by, nullable=False),
    )
    op.create_index("ix_arrival_invitation_id", "arrival", ["invitation_id"])


def _candidate() -> None:
    added = (
        sa.Column("answers", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("identity", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("confirmed_at", Moment()),
        sa.Column("refused_at", Moment()),
        sa.Column("refused_why", sa.Text(), nullable=False, server_default=""),
    )
    for column in added:
        op.add_column("candidate", column)
    op.create_index("ix_candidate_confirmed_at", "candidate", ["confirmed_at"])


def _skeletons() -> None:
    """Fill what names and handles look like, some at a time."""
    for column in ("name_skeleton", "handle_skeleton"):
        op.add_column(
            "member", sa.Column(column, sa.String(200), nullable=False, server_default="")
        )
    connection, last = op.get_bind(), 0
    some = sa.text("SELECT id, name, handle FROM member WHERE id > :last ORDER BY id LIMIT :most")
    fill = sa.text("UPDATE member SET name_skeleton = :n, handle_skeleton = :h WHERE id = :id")
    while rows := connection.execute(some, {"last": last, "most": BATCH}).all():
        values = [{"id": r.id, "n": skeleton(r.name), "h": skeleton(r.handle)} for r in rows]
        connection.execute(fill, values)
        last = rows[-1].id
    for column in ("name_skeleton", "handle_skeleton"):
        op.create_index(f"ix_member_{column}", "member", [column])


def downgrade() -> None:
    for column in ("name_skeleton", "handle_skeleton"):
        op.drop_index(f"ix_member_{column}", "member")
        op.drop_column("member", column)
    op.drop_index("ix_candidate_confirmed_at", "candidate")
    for column in ("answers", "identity", "confirmed_at", "refused_at", "refused_why"):
        op.drop_column("candidate", column)
    for table, column, _other in KEYS:
        op.drop_index(f"ix_{table}_{column}", table)
        _drop_key(table, column)
    for table in ("identity", "arrival", "invitation", "entrance"):
        op.drop_table(table)


def _drop_key(table: str, column: str) -> None:
    """SQLite drops no column that has a key; made anew without it, the table stays what it was."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_column(table, column)
        return
    kept = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    triggers = op.get_bind().execute(kept, {"name": table}).scalars().all()
    with op.batch_alter_table(table) as batch:
        batch.drop_column(column)
    for trigger in triggers:  # they went with the old table
        op.execute(trigger)
