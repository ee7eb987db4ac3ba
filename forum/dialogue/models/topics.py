"""Topics, their themes, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda, Theme
from forum.clock import now
from forum.columns import Base, partial_index
from forum.dialogue.models._shared import SubmissionMixin
from forum.members.models import Member, Organisation
from forum.permissions import PUBLIC
from forum.sentences import Sentence, sentence

KINDS = ("experience", "question", "practice", "case")
# Those that authors choose from, because the others have a page of their own
CHOSEN_KINDS = KINDS[:2]
POSTS_ON_LONG_PAGE = 100  # of a topic that is read or printed in one piece
MAX_THEMES = 5  # that an author gives to a topic
# What readers of a slow topic are told, by the minutes between two replies of the same member
PACES = {
    10: sentence("This topic is slow: each member can write here once in 10 minutes."),
    60: sentence("This topic is slow: each member can write here once an hour."),
    480: sentence("This topic is slow: each member can write here once in 8 hours."),
    1440: sentence("This topic is slow: each member can write here once a day."),
}
# The columns by which lists filter topics. The indexes of lists contain them, so that skipping pages reads no rows.
LISTED_COLUMNS = [
    "kind",
    "audience",
    "agenda_id",
    "language",
    "hidden_at",
    "deleted_at",
    "answer_id",
]
AGENDA_ACTIVITY_COLUMNS = ["agenda_id", "active_at", "id"]


def _list_index(name: str, *columns: str) -> Index:
    more = [column for column in LISTED_COLUMNS if column not in columns]
    return Index(f"ix_topic_{name}", *columns, "id", *more)


@dataclass(frozen=True)
class Pace:
    """How slow a topic is: one reply per member in so many `minutes`, for a reason, `until` a moment if there is one."""

    minutes: int
    until: datetime | None = None
    reason: str = ""

    @classmethod
    def of(cls, topic: Any) -> Pace | None:
        """The pace that moderators have set for a topic (from its columns), even if it has expired; None when there is none."""
        if topic.slowed_at is None:
            return None
        return cls(topic.slow_minutes, topic.slow_until, topic.slow_reason)

    @classmethod
    def present(cls, topic: Any) -> Pace | None:
        """The pace that applies now. This depends on the time of day, so no cached page may use it."""
        pace = cls.of(topic)
        return None if pace is None or pace.is_over else pace

    @property
    def is_over(self) -> bool:
        """Whether it has expired. This depends on the time of day, so no cached page may use it."""
        return self.until is not None and self.until <= now()

    @property
    def sentence(self) -> Sentence:
        """What readers are told."""
        return PACES[self.minutes]

    @property
    def begins_at(self) -> datetime:
        """The moment from which replies count: a member without a reply since then can write one now."""
        return now() - timedelta(minutes=self.minutes)

    def stricter(self, other: Pace | None) -> Pace:
        """The slower of two paces, with the later of their ends."""
        if other is None:
            return self
        slower = other if other.minutes > self.minutes else self
        ends = [end for end in (self.until, other.until) if end]
        return Pace(slower.minutes, max(ends) if len(ends) == 2 else None, slower.reason)


class TopicMixin:
    """Properties computed from the columns of a topic, shared by `Topic` and `TopicRow` (see `queries/_rows.py`)."""

    id: Any
    slug: Any
    home: Any
    posts_count: Any
    audience: Any
    hidden_at: Any
    unseen_at: Any
    slowed_at: Any
    slow_until: Any
    slow_minutes: Any
    slow_reason: Any
    agenda: Any

    @property
    def is_indexable(self) -> bool:
        """Whether search engines and feeds may have the topic, as `indexable_topics` says in SQL.

        It is public and visible, on an open agenda, and if its author is new, moderators have looked at it.
        """
        is_shown = self.audience == PUBLIC and self.hidden_at is None and self.unseen_at is None
        return is_shown and self.agenda.opened_at is not None

    @property
    def fits_on_one_page(self) -> bool:
        """Whether all posts stand on one page where the topic is read in one piece."""
        fits: bool = self.posts_count <= POSTS_ON_LONG_PAGE
        return fits

    @property
    def pace(self) -> Pace | None:
        """The pace that moderators have set for the topic, even if it has expired; None when there is none."""
        return Pace.of(self)

    @property
    def present_pace(self) -> Pace | None:
        """The pace that applies now. This depends on the time of day, so no cached page may use it."""
        return Pace.present(self)

    def again_at(self, latest_at: datetime | None) -> datetime | None:
        """From when a member whose latest reply was at a moment can write the next one; None for immediately.

        It is rounded up to a whole minute, as pages show it, so that nobody tries some seconds too early.
        """
        pace = self.present_pace
        if pace is None or latest_at is None:
            return None
        again_at = (latest_at + timedelta(minutes=pace.minutes)).replace(second=0)
        again_at = min(again_at, pace.until or again_at)
        return again_at if again_at > now() else None

    @property
    def address(self) -> str:
        """The path of the page that shows the topic."""
        return self.home or f"/topics/{self.id}-{self.slug}"


class Topic(TopicMixin, SubmissionMixin, Base):
    """One discussion on an agenda, of a kind: experience, question, practice, case.

    `home` is the path of the case or practice on whose page the topic is shown; empty for a topic with a page of its
    own. `posts_count` is the number of the last post: numbers are never reused, so gaps count. `replies_count` is how
    many replies a reader can see, `active_at` when the latest post that they can see was written.

    `answered_by_id` is the author of the answer, `answered_at` when it was chosen. `followed_up_at` is when the asker
    told what happened next; it is None while moderators hide that (`follow_up_hidden_at`).

    `hidden_at` hides the topic. `removed_at` is also set when readers are not even told that there was a topic,
    `emptied_at` when it is hidden only because it has no visible post.

    In a topic that is slow since `slowed_at`, each member may write one reply per `slow_minutes`, until `slow_until`
    if that is set: see `Pace`. A topic that was merged into another has `deleted_at` and `merged_into_id`.
    `regrouped_at` is when posts were last moved from here or to here: only if it is set does the page look for their
    `Trace`.
    """

    __tablename__ = "topic"
    __table_args__ = (
        _list_index("active", "active_at"),
        _list_index("agenda_active", "agenda_id", "active_at"),
        _list_index("kind_active", "kind", "active_at"),
        _list_index("newest", "created_at"),
        _list_index("agenda_newest", "agenda_id", "created_at"),
        Index("ix_topic_waiting", "kind", "id", **partial_index("answer_id IS NULL")),
        Index(
            "ix_topic_pinned", *AGENDA_ACTIVITY_COLUMNS, **partial_index("pinned_at IS NOT NULL")
        ),
        Index(
            "ix_topic_locked_until",
            *("locked_until", "id"),
            **partial_index("locked_until IS NOT NULL"),
        ),
        Index("ix_topic_slow", "slow_until", **partial_index("slow_until IS NOT NULL")),
        Index("ix_topic_told_all", "told_all_at", **partial_index("told_all_at IS NOT NULL")),
        Index(None, "author_id", "id"),
        Index(None, "answered_by_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(Text)
    slug: Mapped[str]
    excerpt: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    audience: Mapped[str] = mapped_column(default=PUBLIC)
    home: Mapped[str | None] = mapped_column(Text)
    posts_count: Mapped[int] = mapped_column(default=0)
    replies_count: Mapped[int] = mapped_column(default=0)
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", use_alter=True, name="fk_topic_answer_id")
    )
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    followed_up_at: Mapped[datetime | None]
    follow_up_hidden_at: Mapped[datetime | None]
    # For a topic of a new member: since when it has been waiting for a moderator to look at it; until then search
    # engines do not get it.
    unseen_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    told_all_at: Mapped[datetime | None]  # when an administrator told all members of it
    locked_at: Mapped[datetime | None]
    locked_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    locked_until: Mapped[date | None]  # the last day of the lock, if it has one
    slowed_at: Mapped[datetime | None]
    slow_until: Mapped[datetime | None]
    slow_minutes: Mapped[int | None]
    slow_reason: Mapped[str] = mapped_column(Text, server_default="")
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    removed_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("topic.id", name="fk_topic_merged_into_id"), index=True
    )
    regrouped_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    author: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")
    themes: Mapped[list[Theme]] = relationship(
        secondary="topic_theme", lazy="raise_on_sql", order_by=Theme.name
    )


class TopicCount(Base):
    """How many topics with the same key the lists of an agenda contain. The key is the whole primary key.

    `is_hidden` topics are seen by moderators only; `is_waiting` are unanswered questions that are not locked. Deleted
    topics and cases without comments are in no list, so they are not counted.
    """

    __tablename__ = "topic_count"

    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    is_hidden: Mapped[bool] = mapped_column(primary_key=True)
    is_waiting: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[int]


class TopicTheme(Base):
    """A theme that a topic is about."""

    __tablename__ = "topic_theme"
    __table_args__ = (Index(None, "theme_id", "topic_id"),)

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
