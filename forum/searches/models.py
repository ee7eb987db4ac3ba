"""Kept searches, and the texts found for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base

MAX_SEARCHES = 30  # kept searches of one member
MAX_NAME_LENGTH = 100
MAX_WORDS_LENGTH = 300  # characters, as on the search page
MAX_NEW = 20  # new texts are counted up to this number
MAX_FOUND = 100  # the ids of this many of the latest found texts are stored
# How often a member is notified of new texts
DAILY, WEEKLY, NEVER = FREQUENCIES = ("daily", "weekly", "never")


@dataclass(frozen=True)
class Wanted:
    """The words of a search and the values of its filters (none: all); with `topic_id`, only in one topic.

    With `is_exact`, without names in other languages from the glossary.
    """

    words: str
    kinds: tuple[str, ...] = ()
    agenda_ids: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    topic_id: int | None = None
    is_exact: bool = False


class KeptSearch(Base):
    """A search that a member keeps, which nobody else sees. Without a `name` it is called by its words and filters.

    `found` holds the id and the author (0 for none) of the documents that the worker found for it, oldest first, at most the
    latest `MAX_FOUND`. All ids of documents up to `seen_up_to` have been looked at; the member has looked at those up to `looked_up_to`, and was told
    of those up to `told_up_to`, once a week last for a day in the week of `told_on`. `came_at` is when the newest text that was found was written, and
    `look_at` when the worker looks again. Notices name it by its id, so ids are never reused.
    """

    __tablename__ = "kept_search"
    __table_args__ = (
        Index(None, "member_id", "id"),
        Index(None, "look_at", "id"),
        Index(None, "topic_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    agenda_ids: Mapped[list[int]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"))
    is_exact: Mapped[bool] = mapped_column(default=False)
    told: Mapped[str] = mapped_column(default=DAILY)
    found: Mapped[list[tuple[int, int]]] = mapped_column(JSON, default=list)
    seen_up_to: Mapped[int]
    looked_up_to: Mapped[int]
    told_up_to: Mapped[int]
    told_on: Mapped[date]
    created_at: Mapped[datetime]
    came_at: Mapped[datetime | None]
    look_at: Mapped[datetime]

    @property
    def wanted(self) -> Wanted:
        """Its words and filters."""
        chosen = (tuple(self.kinds), tuple(self.agenda_ids), tuple(self.languages))
        return Wanted(self.words, *chosen, self.topic_id, self.is_exact)

    @property
    def called(self) -> str:
        """Its name, or its words."""
        return self.name or self.words

    @property
    def path(self) -> str:
        """The path of its page, to which notices link."""
        return f"/searches/{self.id}"
