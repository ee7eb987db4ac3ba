"""Meetings, and the members who come to them or wait for a place."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.members.models import City, Member
from forum.permissions import PUBLIC

IN_ROOM, ONLINE = WAYS = ("in the room", "online")  # ways to attend a meeting that is both
UNSAID = ""  # the way of a meeting that has only one


class Meeting(Base):
    """A meeting on an agenda, announced by its hosts. Both times are in UTC; `time_zone` is the one in which they were typed.

    It is in a place (words, a city or both), online, or both. `join_link` is for those who come and for moderators.
    `seats` is how many can come, None for all; `coming_count` and `waiting_count` count its attendances. `over_at` is when
    the worker found that it is over: no page asks the clock. `sequence` counts for calendar programs what they have to know
    of, and `uid` is the name by which they know it, which never changes. `outcome` is what came of it, and
    `topic_id` the topic in which it goes on. `announced_by_id` is who announced it, None where that is not known or they have left.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        Index(None, "starts_at", "id"),
        Index(None, "agenda_id", "starts_at", "id"),
        Index("ix_meeting_ahead", "ends_at", **partial_index("over_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    slug: Mapped[str]
    title: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(default="en")
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    time_zone: Mapped[str]
    place: Mapped[str] = mapped_column(Text, default="")
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"), index=True)
    is_online: Mapped[bool] = mapped_column(default=False)
    join_link: Mapped[str] = mapped_column(Text, default="")
    seats: Mapped[int | None]
    audience: Mapped[str] = mapped_column(default=PUBLIC)
    coming_count: Mapped[int] = mapped_column(default=0)
    waiting_count: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    announced_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    updated_at: Mapped[datetime]
    over_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    outcome_html: Mapped[Markup] = mapped_column(default=Markup(""))
    outcome_html_version: Mapped[int] = mapped_column(default=0)
    outcome_at: Mapped[datetime | None]
    recording: Mapped[str] = mapped_column(Text, default="")
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), index=True)

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")

    @property
    def address(self) -> str:
        """The path of its page."""
        return f"/meetings/{self.id}-{self.slug}"

    @property
    def told_at(self) -> str:
        """The path in notices, which does not depend on the title."""
        return f"/meetings/{self.id}"

    @property
    def is_in_room(self) -> bool:
        """Whether it takes place in a room."""
        return bool(self.place or self.city_id)

    @property
    def has_both_ways(self) -> bool:
        """Whether one can attend in the room or online."""
        return self.is_in_room and self.is_online

    @property
    def is_full(self) -> bool:
        """Whether all places are taken, so that one has to wait."""
        return self.seats is not None and self.coming_count >= self.seats

    @property
    def is_ahead(self) -> bool:
        """Whether it is neither over, as marked by the worker, nor cancelled."""
        return self.over_at is None and self.cancelled_at is None


class Attendance(Base):
    """A member comes to a meeting (in one of `WAYS`, where there are both), or since `waiting_at` waits for a place.

    At `remind_at` the worker reminds the member; None: it has, or the meeting was too near already.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        Index(None, "meeting_id", "member_id", unique=True),
        Index(None, "meeting_id", "waiting_at", "id"),
        Index(None, "member_id", "id"),
        Index("ix_attendance_remind_at", "remind_at", **partial_index("remind_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    way: Mapped[str] = mapped_column(default=UNSAID)
    said_at: Mapped[datetime]
    waiting_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")
