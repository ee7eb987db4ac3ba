"""Bookmarks of members."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base, partial_index

POST, CASE, PRACTICE, READING = KINDS = ("post", "case", "practice", "reading")
MAX_BOOKMARKS = 2_000  # of one member
MAX_NOTE_LENGTH = 300
# The spans after which to be reminded, counted from today; days of one's own may be so many months ahead
TOMORROW, WEEK, MONTH = ("tomorrow", "week", "month")
MAX_MONTHS_AHEAD = 24

_IS_ONE_THING = " + ".join(f"CASE WHEN {kind}_id IS NULL THEN 0 ELSE 1 END" for kind in KINDS)


class Bookmark(Base):
    """A post, case, practice or best read that a member has bookmarked; nobody else ever sees it.

    A topic is bookmarked as the post that opens it, so that moves, splits and mergers do not affect it. The rooms of
    these things are above this one: here only their ids are known, and those rooms check whether the member may still
    read them. `note` is a line by the member.

    `remind_on` is the day on which the member wants to be reminded, and `remind_at` its moment in the member's time
    zone; both are None for none, and again once the notice is made.
    """

    __tablename__ = "bookmark"
    __table_args__ = (
        *(Index(None, f"{kind}_id", "member_id", unique=True) for kind in KINDS),
        Index(None, "member_id", "id"),
        Index("ix_bookmark_remind_at", "remind_at", **partial_index("remind_at IS NOT NULL")),
        CheckConstraint(f"{_IS_ONE_THING} = 1", name="one_thing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id", ondelete="CASCADE"))
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id", ondelete="CASCADE"))
    note: Mapped[str] = mapped_column(Text, default="")
    remind_on: Mapped[date | None]
    remind_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def kind(self) -> str:
        """The kind of the bookmarked thing, one of `KINDS`."""
        return next(kind for kind in KINDS if getattr(self, f"{kind}_id") is not None)

    @property
    def thing_id(self) -> int:
        """The id of the bookmarked thing."""
        number: int = getattr(self, f"{self.kind}_id")
        return number
