"""The rules that hold texts back, who counts as new, and traces of sent texts by which repetitions are found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base
from forum.members.models import Member
from forum.sentences import recognised, sentence

# In the order in which they apply: first author and agenda, then the content of the text
KINDS = MEMBER, AGENDA, DOMAIN, WORD, LINKS, SAME_TEXT = (
    "member",
    "agenda",
    "domain",
    "word",
    "links",
    "same text",
)

# What the author is told, unless the administrator writes something else
USUAL_SENTENCE = sentence("A moderator reads this before it is published.")


def said_of_rule(words: str) -> str:
    """The message for the author of a text: the default one in the present language, others as they were written."""
    return str(USUAL_SENTENCE) if is_usual(words) else words


def is_usual(words: str) -> bool:
    """Whether these are the words of the default message, in whatever language they were stored."""
    return recognised(words, USUAL_SENTENCE.message) is not None


class Rule(Base):
    """A rule that holds texts back until a moderator has read them. It never deletes anything.

    `value` is what was typed (a word, a domain, a number of repetitions), `key` its normalised form for comparing.
    `sentence` is shown to the author. The rule is off since `off_at`, on when that is null. The texts that it held
    back refer to it by its id, even after it is deleted, so ids are never reused.
    """

    __tablename__ = "screening_rule"
    __table_args__ = (
        Index(None, "kind", "key", unique=True),
        Index(None, "member_id"),
        Index(None, "made_by_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(default="")
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    sentence: Mapped[str] = mapped_column(Text, default="")
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    made_at: Mapped[datetime]
    off_at: Mapped[datetime | None]

    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")
    member: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[member_id])
    made_by: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[made_by_id])

    @property
    def name(self) -> str:
        """The name under which held texts remember the rule: `word: casino`."""
        return f"{self.kind}: {self.value}" if self.value else self.kind


class Newness(Base):
    """Who counts as new: one row, created when an administrator first chooses.

    Members are new who joined less than `days` ago and have published fewer than `posts` posts. Independently of
    that, the first `first_posts` posts of everybody are published at once, and a moderator is asked to look at them.
    """

    __tablename__ = "newness"

    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(default=14)
    posts: Mapped[int] = mapped_column(default=3)
    first_posts: Mapped[int] = mapped_column(default=2)


class TextTrace(Base):
    """A member has sent a text, of which only a hash is stored, for as long as the rule about repetitions needs it."""

    __tablename__ = "text_trace"
    __table_args__ = (Index(None, "text_hash", "sent_at"), Index(None, "sent_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    text_hash: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    sent_at: Mapped[datetime]


@dataclass(frozen=True)
class ScreeningMatch:
    """The rule that holds a text back: its id and name, and its sentence for the author."""

    rule_id: int
    name: str
    sentence: str
