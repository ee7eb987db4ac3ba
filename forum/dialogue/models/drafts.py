"""Drafts: texts that are not sent yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base
from forum.dialogue.models._shared import gist

MAX_DRAFTS = 30  # of one author; with one more the oldest is deleted
# Characters of all its fields: more than may be published, because a long text can still be shortened
MAX_DRAFT_LENGTH = 100_000
DRAFTS_KEPT = timedelta(days=90)  # after they were last saved
WINDOW = "window"  # the name of a draft's field for the browser window
# If none of these fields has words, a form is empty; the last two are those of a poll
TYPED = ("title", "source", "question", "options")


class Draft(Base):
    """A text that its author has begun in a form and not published; nobody else can read it.

    It is for a new topic on an agenda, or for a reply in a topic. In a form of another room, `kind` says of what, and
    `item_id` which one it changes (None: a new one), or of what something new is: a `translation of case`, say. `fields` is the content of the form, as [name, value]; a field
    with several values has several pairs, and the field `WINDOW` names the browser window that saved it last.
    `submission_key` is that of the form, and so of the text that will be published.
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
    kind: Mapped[str] = mapped_column(default="", server_default="")
    item_id: Mapped[int | None]
    submission_key: Mapped[str]
    fields: Mapped[list[list[str]]] = mapped_column(JSON)
    saved_at: Mapped[datetime]

    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")

    @property
    def values(self) -> dict[str, list[str]]:
        """The content of the form, by the names of its fields."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        return found

    def value(self, name: str) -> str:
        """The value of one field; empty if there is none."""
        return self.values.get(name, [""])[0]

    @property
    def window(self) -> str:
        """The window that saved it last, and the number of that request (`NAME:7`); empty if the window has no name."""
        return self.value(WINDOW)

    @property
    def gist(self) -> str:
        """The first words of the text, as of a post."""
        return gist(self.value("source"))

    @property
    def name(self) -> str:
        """What to call a topic that is begun: its title, or else the first words of its text, or of its poll."""
        begun = (self.value(name) for name in ("source", "question", "options"))
        return self.value("title") or next(filter(None, (gist(text, 60) for text in begun)), "…")
