"""Polls: the text of a poll, its options, and the votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.clock import now
from forum.columns import Base
from forum.plaintext import excerpt, fold, on_one_line

MIN_OPTIONS, MAX_OPTIONS = 2, 10  # of a poll
MAX_QUESTION, MAX_OPTION = 200, 120  # characters
POLL_LASTS = {"week": timedelta(days=7), "month": timedelta(days=30)}


@dataclass(frozen=True)
class PollText:
    """A poll as its author writes it: a question, and options in order.

    Votes are counted for `lasts`, one of `POLL_LASTS`, beginning when the poll is published or changed. Without
    `lasts` they are counted until `closes_at` or, if that is None, until somebody closes the poll.
    """

    question: str
    options: Sequence[str]
    is_multiple: bool = False
    lasts: str = ""
    closes_at: datetime | None = None

    @property
    def tidied(self) -> PollText:
        """The poll with its white space normalised, and without empty options."""
        options = [words for words in map(on_one_line, self.options) if words]
        return replace(self, question=on_one_line(self.question), options=options)

    @property
    def faults(self) -> dict[str, str]:
        """The errors of a `tidied` poll: a sentence by the name of the field."""
        found: dict[str, str] = {}
        if not 0 < len(self.question) <= MAX_QUESTION:
            found["question"] = _(
                "Enter a question of up to %(most)s characters.", most=MAX_QUESTION
            )
        if not MIN_OPTIONS <= len(self.options) <= MAX_OPTIONS:
            found["options"] = _(
                "Write %(least)s to %(most)s options, each on a line of its own.",
                least=MIN_OPTIONS,
                most=MAX_OPTIONS,
            )
        elif long := next((words for words in self.options if len(words) > MAX_OPTION), ""):
            found["options"] = _(
                "Shorten the option “%(option)s” to %(most)s characters.",
                option=excerpt(long, 40),
                most=MAX_OPTION,
            )
        elif len(set(map(fold, self.options))) < len(self.options):
            found["options"] = _("Two of the options are the same.")
        if self.lasts and self.lasts not in POLL_LASTS:
            found["lasts"] = _("Choose until when votes are counted.")
        return found

    @property
    def lines(self) -> tuple[str, ...]:
        """All its words, one line for each text."""
        return self.question, *self.options

    def end(self, begins_at: datetime) -> datetime | None:
        """When voting ends if the poll begins at a moment; None for no end."""
        return begins_at + POLL_LASTS[self.lasts] if self.lasts else self.closes_at

    @property
    def stored(self) -> dict[str, Any]:
        """The poll as values that can be stored as JSON."""
        end = self.closes_at.isoformat() if self.closes_at else None
        return asdict(self) | {"options": list(self.options), "closes_at": end}


class PollMixin:
    """Properties computed from the columns of a poll, shared by `Poll` and `PollRow` (see `queries/polls.py`)."""

    closes_at: Any
    closed_at: Any

    @property
    def is_closed(self) -> bool:
        """Whether voting has ended. This depends on the time of day, so no cached page may use it."""
        return self.closed_at is not None or (
            self.closes_at is not None and self.closes_at <= now()
        )


class Poll(PollMixin, Base):
    """A question with options below a post, the one that opens a topic; it goes wherever the post goes.

    `voters_count` is how many members have voted, each option's `votes_count` how many have chosen it. Votes are counted
    until `closes_at`, if that is set, or until author or moderators closed it (`closed_at`).
    """

    __tablename__ = "poll"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), unique=True)
    question: Mapped[str] = mapped_column(Text)
    is_multiple: Mapped[bool]
    voters_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    options: Mapped[list[PollOption]] = relationship(
        lazy="raise_on_sql", order_by="PollOption.position", passive_deletes="all"
    )

    @property
    def text(self) -> PollText:
        """What its author wrote; its options must be loaded."""
        words = [option.words for option in self.options]
        return PollText(self.question, words, self.is_multiple, closes_at=self.closes_at)

    def is_as(self, text: PollText) -> bool:
        """Whether it is already as its author wants it, such as when a form is sent twice; its options must be loaded."""
        ends = {(self.text_to_publish_again.lasts, None), ("", self.closes_at)}
        is_same = (self.text.lines, self.is_multiple) == (text.lines, text.is_multiple)
        return is_same and (text.lasts, text.closes_at) in ends

    @property
    def text_to_publish_again(self) -> PollText:
        """What its author wrote, to be published later: the duration is counted from then, and an end that is over is left out."""
        length = self.closes_at - self.created_at if self.closes_at else None
        lasts = next((name for name, most in POLL_LASTS.items() if length and length <= most), "")
        return replace(self.text, lasts=lasts, closes_at=None) if lasts else self.text


class PollOption(Base):
    """One of the options of a poll; `position` counts them from 1.

    A poll that is changed gets new options, and ids are never reused: a page that was opened before cannot vote for a
    wrong one.
    """

    __tablename__ = "poll_option"
    __table_args__ = (
        Index(None, "poll_id", "position", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    position: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    votes_count: Mapped[int] = mapped_column(default=0)


class PollVote(Base):
    """A member has chosen an option. Nobody else can see it: only the member's own data export contains it."""

    __tablename__ = "poll_vote"
    __table_args__ = (Index(None, "member_id", "option_id"),)

    option_id: Mapped[int] = mapped_column(
        ForeignKey("poll_option.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime]
