"""Marks that readers give to posts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.dialogue.models.posts import Post
from forum.members.models import City, Member
from forum.plaintext import short_hash

# The kind of a "tried it" mark that was taken back while moderators hide its note
TAKEN_BACK = "taken back"
OUTCOMES = ("kept", "adapted", "stopped")


class Mark(Base):
    """One reader's mark on a post: `useful`, `same here`, or `tried it` with an outcome and a note that says why.

    `words` is the text of the note, in `language` (empty if that is not known, or there is no note). While moderators
    hide it, `note`, which pages print, is empty; the mark itself stays and counts. Reports and decisions refer to the
    note by the id of the mark, so ids are never reused.

    A mark that is taken back is deleted, unless its note is hidden: then the row stays with the kind `taken back`,
    which pages and counters ignore, so that the decision about the note can still be appealed.
    """

    __tablename__ = "mark"
    __table_args__ = (
        Index(None, "post_id", "member_id", "kind", unique=True),
        Index(None, "member_id", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    outcome: Mapped[str | None]
    words: Mapped[str] = mapped_column("note", Text, default="")
    language: Mapped[str] = mapped_column(server_default="")
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"), index=True)
    created_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    post: Mapped[Post] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")

    @property
    def fields(self) -> dict[str, str]:
        """What somebody who changes it has to have seen of it; nothing of one that was taken back."""
        return (
            {} if self.kind == TAKEN_BACK else {"outcome": self.outcome or "", "note": self.words}
        )

    @property
    def note(self) -> str:
        """The note as readers see it."""
        return "" if self.hidden_at else self.words

    @property
    def fingerprint(self) -> str:
        """A hash of the note: a moderator's decision is refused when the note has changed since it was read."""
        return short_hash(self.words)
