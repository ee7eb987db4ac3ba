"""Notices that are mailed as each member chooses, what members watch and mute, how far they have read, whom posts mention."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT, NUMBER, WORDS = sa.DateTime(timezone=True), sa.Integer(), sa.String(200)
TO_MAIL = "way = '{way}' AND mailed_at IS NULL AND read_at IS NULL"
PARTIAL = (
    ("ix_notice_to_mail", ["id"], TO_MAIL.format(way="at once")),
    ("ix_notice_for_digest", ["member_id", "id"], TO_MAIL.format(way="digest")),
    ("ix_notice_of_queue", ["address"], "kind = 'queue' AND read_at IS NULL"),
)
IN_TIME = "ix_notice_member_id_created_at_id"
MEMBER = ("member_id", NUMBER, "member")
TOPIC = ("topic_id", NUMBER, "topic")
POST = ("post_id", NUMBER, "post")


def upgrade() -> None:
    op.add_column("event", sa.Column("watched", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("event", sa.Column("but", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("event", sa.Column("reached", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("notice", sa.Column("others", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "notice", sa.Column("way", WORDS, nullable=False, server_default="never")
    )
    op.add_column("notice", sa.Column("mailed_at", MOMENT, nullable=True))
    op.drop_index("ix_notice_member_id_id", "notice")
    op.create_index(IN_TIME, "notice", ["member_id", "created_at", "id"])
    for name, columns, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(name, "notice", columns, sqlite_where=where, postgresql_where=where)
    _create("notice_choice", [MEMBER, ("kind", WORDS, None)], ("way", WORDS))
    digest = (("digest_every", WORDS), ("digest_hour", NUMBER), ("time_zone", WORDS))
    _create("notice_settings", [MEMBER], *digest, ("watches_replies", sa.Boolean()))
    key = [MEMBER, ("subject", WORDS, None), ("subject_id", NUMBER, None)]
    _create("watch", key, ("level", WORDS), ("created_at", MOMENT))
    columns = ["subject", "subject_id", "level", "member_id"]
    op.create_index(f"ix_watch_{'_'.join(columns)}", "watch", columns)
    _create("place", [TOPIC, MEMBER], ("number", NUMBER))
    _create("mention", [POST, MEMBER])
    _create("all_read", [MEMBER, ("agenda_id", NUMBER, None)], ("until", MOMENT))
    # What is there on the day of the upgrade is not new to anybody.
    everybody = "INSERT INTO all_read (member_id, agenda_id, until) SELECT id, 0, :now FROM member"
    now = sa.bindparam("now", datetime.now(UTC).replace(microsecond=0), type_=MOMENT)
    op.execute(sa.text(everybody).bindparams(now))


def _create(table: str, key: list[tuple], *columns: tuple) -> None:
    """A table with a key of several columns, each perhaps a reference to a row with which it goes."""
    kept = [sa.Column(name, kind, autoincrement=False, nullable=False) for name, kind, _to in key]
    kept += [sa.Column(name, kind, nullable=False) for name, kind in columns]
    kept += [
        sa.ForeignKeyConstraint([name], [f"{to}.id"], name=f"fk_{table}_{name}", ondelete="CASCADE")
        for name, _kind, to in key
        if to
    ]
    names = [name for name, _kind, _to in key]
    op.create_table(table, *kept, sa.PrimaryKeyConstraint(*names, name=f"pk_{table}"))


def downgrade() -> None:
    for table in (
        "mention",
        "all_read",
        "place",
        "watch",
        "notice_settings",
        "notice_choice",
    ):
        op.drop_table(table)
    for name, _columns, _condition in PARTIAL:
        op.drop_index(name, "notice")
    op.drop_index(IN_TIME, "notice")
    op.create_index("ix_notice_member_id_id", "notice", ["member_id", "id"])
    for table, columns in (
        ("notice", ["mailed_at", "way", "others"]),
        ("event", ["reached", "but", "watched"]),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
