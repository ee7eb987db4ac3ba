"""Requests for advice, availability of members, what the worker has done for questions, and follow-ups."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.dialogue.models import Topic
from forum.members.models import Member
from forum.plaintext import short_hash

YES, PARTLY, NO, NOT_YET = OUTCOMES = ("yes", "partly", "no", "not yet tried")


class AdviceRequest(Base):
    """A member was asked about a question: by whom and why. Nobody is asked twice about the same question.

    `reasons` are lists of (kind, words, number), see `queries.Reason`. The times say how the member responded;
    whether they have answered follows from the posts of the topic.
    """

    __tablename__ = "asked"
    __table_args__ = (Index(None, "member_id", "asked_at"),)

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    asker_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    asked_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]
    postponed_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    passed_to_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[member_id])
    asker: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[asker_id])
    passed_to: Mapped[Member | None] = relationship(
        lazy="raise_on_sql", foreign_keys=[passed_to_id]
    )

    @property
    def state(self) -> str:
        """How the member responded: asked (not yet), not me, not now, passed on."""
        if self.passed_at:
            return "passed on"
        if self.declined_at:
            return "not me"
        return "not now" if self.postponed_at else "asked"


class Availability(Base):
    """When a member may be asked: never once `muted_at` is set, and not before `away_until`. Without a row: always."""

    __tablename__ = "availability"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    muted_at: Mapped[datetime | None]
    away_until: Mapped[datetime | None]


class QuestionCare(Base):
    """What the worker has done for one question, and when to look at it next (`look_at`; None for never).

    `unanswered_at` is when the hosts were told that nobody answers, or are to be told (`is_to_be_told`); `followups`
    is how often the asker was asked what happened next.
    """

    __tablename__ = "care"
    __table_args__ = (Index(None, "look_at"),)

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    look_at: Mapped[datetime | None]
    unanswered_at: Mapped[datetime | None]
    followups: Mapped[int] = mapped_column(default=0)

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")

    @property
    def is_to_be_told(self) -> bool:
        """Whether the next look tells the hosts, however old the question is: members could not find it before."""
        return self.look_at is not None and self.unanswered_at == self.look_at


class FollowUp(Base):
    """A follow-up, told by the asker: what was done, whether it worked, and some sentences. Plain text.

    A question has at most one. When it is withdrawn and told again, that is another row with another id.
    """

    __tablename__ = "follow_up"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), unique=True, index=True
    )
    deed: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    told_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")

    @property
    def fingerprint(self) -> str:
        """A hash of what is told: a moderator's decision is refused when it has changed since the moderator read it."""
        told = json.dumps([self.deed, self.outcome, self.text])
        return short_hash(told)
