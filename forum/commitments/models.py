"""Commitments, their milestones, and the members of other organisations who follow them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.declarations.models import Declaration
from forum.library.models import Case, Practice
from forum.members.models import Member, Organisation
from forum.plaintext import short_hash

RUNNING, KEPT, ENDED = STATES = ("running", "kept", "ended")
OPEN = "reached_at IS NULL AND given_up_at IS NULL"  # of milestones


class Commitment(Base):
    """What an organisation says in public that it will do, by the end of `last_day`. Its state follows from the times.

    `author_id` is the member who published it for the organisation, None when that member has left. It may follow
    from a declaration, and copy a practice or a case. `next_on` is the next day: that of its first open milestone,
    else its last day; None once it is kept or ended. While moderators hide it, only they and its author find it.
    Reports and decisions refer to it by its id, so ids are never reused.
    """

    __tablename__ = "commitment"
    __table_args__ = (
        Index(None, "next_on", "id"),
        Index(None, "agenda_id", "next_on", "id"),
        Index(None, "organisation_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    declaration_id: Mapped[int | None] = mapped_column(ForeignKey("declaration.id"), index=True)
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    title: Mapped[str]
    slug: Mapped[str]  # the end of its address, made from the title
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]
    language: Mapped[str] = mapped_column(default="en")
    last_day: Mapped[date]
    next_on: Mapped[date | None]
    peers_count: Mapped[int] = mapped_column(default=0, server_default="0")
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]
    kept_words: Mapped[str] = mapped_column(Text, default="", server_default="")
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql")
    declaration: Mapped[Declaration | None] = relationship(lazy="raise_on_sql")
    practice: Mapped[Practice | None] = relationship(lazy="raise_on_sql")
    case: Mapped[Case | None] = relationship(lazy="raise_on_sql")
    milestones: Mapped[list[Milestone]] = relationship(viewonly=True, lazy="raise_on_sql")

    @property
    def address(self) -> str:
        """The path of its page."""
        return f"/commitments/{self.id}-{self.slug}"

    @property
    def told_at(self) -> str:
        """The path in notices, which does not depend on the title."""
        return f"/commitments/{self.id}"

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.ended_at:
            return ENDED
        return KEPT if self.kept_at else RUNNING

    @property
    def words(self) -> str:
        """All its texts, including those of its milestones (which must be loaded), for a moderator's decision."""
        lines = (milestone.line for milestone in self.milestones)
        said = (self.title, self.source, *lines, self.kept_words, self.ended_reason)
        return "\n\n".join(filter(None, said))

    @property
    def fingerprint(self) -> str:
        """A hash of its words: a moderator's decision is refused when they have changed since the moderator read them."""
        return short_hash(self.words)


class Move(NamedTuple):
    """A milestone was moved: its earlier day, when that was done, and why."""

    earlier: date
    moved_on: date
    reason: str


class Milestone(Base):
    """A step of a commitment that shows its progress: reached, given up, or open until the end of `day`.

    `kept_moves` are its earlier days, as JSON (see `moves`). Members who speak for the organisation are reminded once
    before the day (`reminded_before_at`) and once after it (`reminded_after_at`); another day resets both.
    """

    __tablename__ = "milestone"
    __table_args__ = (
        Index(None, "commitment_id", "day", "id"),
        Index("ix_milestone_open", "day", **partial_index(OPEN)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id", ondelete="CASCADE"))
    words: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    kept_moves: Mapped[list[Any]] = mapped_column("moves", JSON, default=list)
    reached_at: Mapped[datetime | None]
    reached_words: Mapped[str] = mapped_column(Text, default="", server_default="")
    given_up_at: Mapped[datetime | None]
    given_up_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    reminded_before_at: Mapped[datetime | None]
    reminded_after_at: Mapped[datetime | None]

    commitment: Mapped[Commitment] = relationship(lazy="raise_on_sql")

    @property
    def is_open(self) -> bool:
        """Whether it is neither reached nor given up."""
        return self.reached_at is None and self.given_up_at is None

    @property
    def moves(self) -> list[Move]:
        """The earlier days of the milestone, in order."""
        return [
            Move(date.fromisoformat(earlier), date.fromisoformat(moved_on), reason)
            for earlier, moved_on, reason in self.kept_moves
        ]

    @property
    def line(self) -> str:
        """Everything that was said about it, in one line: for the history, and for a moderator's decision."""
        moved = [f"← {move.earlier}: {move.reason}" for move in reversed(self.moves)]
        reached = self.reached_at and f"✓ {self.reached_at.date()} {self.reached_words}"
        up = self.given_up_at and f"✗ {self.given_up_at.date()} {self.given_up_reason}"
        parts = [f"{self.day} {self.words}", *moved, reached, up]
        return " | ".join(part.strip() for part in parts if part)

    @property
    def told_at(self) -> str:
        """The path in reminders, where pressing one button reports what became of it."""
        return f"/commitments/{self.commitment_id}/milestones/{self.id}"


class Peer(Base):
    """A member of another organisation follows a commitment, to compare notes, and is notified of its progress."""

    __tablename__ = "commitment_peer"

    commitment_id: Mapped[int] = mapped_column(
        ForeignKey("commitment.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    followed_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
