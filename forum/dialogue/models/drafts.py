"""Texts that are not sent yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base
from forum.dialogue.models._shared import gist

MAX_DRAFTS = 30  # of one author; with one more the oldest is deleted
# Characters of all its fields: more than may be published, since one may shorten it
MAX_DRAFT_LENGTH = 100_000
DRAFTS_KEPT = timedelta(days=90)  # after they were last saved
WINDOW = "window"  # as the name of a field of a draft
# Without a word in one of these fields a form holds nothing; the last two are of a poll
TYPED = ("title", "source", "question", "options")


class Draft(Base):
    """A text that its author has begun in a form of the dialogue and not published; nobody else ever reads it.

    It is for a new topic on an agenda, or for a reply in a topic. `fields` is what the form holds, as [name, value]; a
    field with several values has several pairs, and `WINDOW` names the window of a browser that kept it last.
    `submission_key` is that of the form: the text published with it is this one.
    """

    __tablename__ = "draft"
    __table_args__ = (
        Index(None, "author_id", "submission_key", unique=True),
        Index(None, "agenda_id"),
        Index(None, "topic_id"),
        Index(None, "saved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    submission_key: Mapped[str]
    fields: Mapped[list[list[str]]] = mapped_column(JSON)
    saved_at: Mapped[datetime]

    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")

    @property
    def values(self) -> dict[str, list[str]]:
        """What the form holds, by the names of its fields."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        return found

    def value(self, name: str) -> str:
        """What one field holds; empty if it holds nothing."""
        return self.values.get(name, [""])[0]

    @property
    def window(self) -> str:
        """The window that kept it last, and the number of that sending (`NAME:7`); empty if the window has no name."""
        return self.value(WINDOW)

    @property
    def gist(self) -> str:
        """The first words of the text, as of a post."""
        return gist(self.value("source"))

    @property
    def name(self) -> str:
        """What to call a topic that is begun: its title, or else the first words of its text, or of its poll."""
        begun = (self.value(name) for name in ("source", "question", "options"))
        return self.value("title") or next(filter(None, (gist(one, 60) for one in begun)), "…")
