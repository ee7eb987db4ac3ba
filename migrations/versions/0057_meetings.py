"""Meetings on an agenda, and who comes to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forum.columns import Moment

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(200), nullable=False),
        sa.Column("agenda_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(200), nullable=False, server_default="en"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("time_zone", sa.String(200), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, server_default=""),
        sa.Column("city_id", sa.Integer(), nullable=True),
        sa.Column("is_online", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("join_link", sa.Text(), nullable=False, server_default=""),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("audience", sa.String(200), nullable=False, server_default="public"),
        sa.Column("coming_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("waiting_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("over_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome_html", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome_html_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("outcome_at", Moment(), nullable=True),
        sa.Column("recording", sa.Text(), nullable=False, server_default=""),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["agenda_id"], ["agenda.id"], name="fk_meeting_agenda_id"),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name="fk_meeting_city_id"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name="fk_meeting_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.UniqueConstraint("uid", name="uq_meeting_uid"),
    )
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(200), nullable=False, server_default=""),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("waiting_at", Moment(), nullable=True),
        sa.Column("remind_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name="fk_attendance_meeting_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_attendance_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attendance"),
    )
    for table, name, columns, options in (
        ("meeting", "starts_at_id", ["starts_at", "id"], {}),
        ("meeting", "agenda_id_starts_at_id", ["agenda_id", "starts_at", "id"], {}),
        ("meeting", "ahead", ["ends_at"], _partial("over_at IS NULL")),
        ("meeting", "city_id", ["city_id"], {}),
        ("meeting", "topic_id", ["topic_id"], {}),
        ("attendance", "meeting_id_member_id", ["meeting_id", "member_id"], {"unique": True}),
        ("attendance", "meeting_id_waiting_at_id", ["meeting_id", "waiting_at", "id"], {}),
        ("attendance", "member_id_id", ["member_id", "id"], {}),
        ("attendance", "remind_at", ["remind_at"], _partial("remind_at IS NOT NULL")),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns, **options)


def downgrade() -> None:
    op.drop_table("attendance")
    op.drop_table("meeting")


def _partial(condition: str) -> dict[str, object]:
    where = sa.text(condition)
    return {"sqlite_where": where, "postgresql_where": where}
