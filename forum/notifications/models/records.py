"""Events and the notices made of them, how each member wants to be notified, and what each member watches or mutes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base, partial_index
from forum.members.models import Member
from forum.notifications.models.kinds import NEVER, NOTICE_KINDS
from forum.sentences import Kept, Sentence, kept, said, unkept

WATCHING, MUTED = LEVELS = ("watching", "muted")
AGENDA, TOPIC, CITY, THEME, AUTHOR = SUBJECTS = ("agenda", "topic", "city", "theme", "author")
EVERYBODY = "everybody"  # stands for all members in `Event.watched`; nobody can watch it
NO_DIGEST = "never"
# The parts of an inbox: notices that ask for something, and the rest
WAITING, TOLD = "waiting", "told"
DIGEST_FREQUENCIES = ("daily", "weekly", NO_DIGEST)
# Addresses whose page shows a topic: opening it marks the notices about that topic as read
SHOWS_TOPIC = re.compile(r"/(topics|posts|cases|practices)/[^/]+")


class KeptSentences(TypedDict):
    """The forum's sentences in an event and its notices: those that replace the title, and those before the text."""

    title: Kept | None
    text: Kept | None


def kept_sentences(
    title: Sequence[Sentence] = (), text: Sequence[Sentence] = ()
) -> KeptSentences | None:
    """The value of the column `sentences` of an event and its notices; None if people wrote all of its texts."""
    return {"title": kept(title), "text": kept(text)} if title or text else None


def said_in(sentences: KeptSentences | None, place: Literal["title", "text"]) -> str:
    """The forum's sentences in a place of a notice, in the present language."""
    return said(sentences[place]) if sentences else ""


class Event(Base):
    """Something that concerns the members in `recipients`, or those who watch one of `watched`, except those in `but`.

    The worker makes the notices and sets `done_at`. Watchers get theirs in the order of their ids; `reached` is the
    last one who has. `watched` holds pairs of a subject's kind and id, and is null for events with recipients.
    `decision_id` is the moderator's decision that it is about: both are withdrawn together. `title` and `text` are
    texts by people, `sentences` those of the forum (see `Notice`). While `untold_at` is set, webhook deliveries are
    still to be made.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "done_at", "due_at"),
        Index(None, "post_id"),
        Index(None, "topic_id"),
        Index(None, "actor_id"),
        Index("ix_event_of_queue", "address", **partial_index("kind IN ('queue', 'urgent')")),
        Index("ix_event_of_reminder", "address", **partial_index("kind = 'reminder'")),
        Index("ix_event_decision_id", "decision_id", **partial_index("decision_id IS NOT NULL")),
        Index("ix_event_untold", "id", **partial_index("untold_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    recipients: Mapped[list[int]] = mapped_column(JSON)
    watched: Mapped[list[tuple[str, int]] | None] = mapped_column(JSON(none_as_null=True))
    but: Mapped[list[int]] = mapped_column(JSON, default=list)
    reached: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(server_default="")  # of the title
    text: Mapped[str] = mapped_column(Text, default="")
    sentences: Mapped[KeptSentences | None] = mapped_column(JSON(none_as_null=True))
    address: Mapped[str] = mapped_column(Text)
    topic_id: Mapped[int | None]
    post_id: Mapped[int | None]
    decision_id: Mapped[int | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    untold_at: Mapped[datetime | None]

    @property
    def heading(self) -> str | Sentence:
        """Its title, or the sentence instead of one, for another event with the same title."""
        instead = unkept(self.sentences["title"]) if self.sentences else ()
        return self.title or (instead[0] if instead else "")


class Notice(Base):
    """One line in a member's inbox; hidden while its subject is hidden.

    `way` is how it is mailed, decided when it is made, and `mailed_at` when it was. `others` is the number of people
    besides the actor in a merged notice. `title` and `text` are texts by people. The forum's own words instead of a
    title and before the text are stored in `sentences`, because the member may read another language than the doer.
    Rows of former releases have both in one, in the language of the doer. `all_read_at` is set on those that were
    marked as read together (`read_all`), and says by which press; it is null on one that was read by itself.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "event_id", "member_id", unique=True),
        Index(None, "member_id", "created_at", "id"),
        Index(None, "topic_id"),
        Index(None, "post_id"),
        Index(None, "actor_id"),
        Index("ix_notice_read_at", "read_at", **partial_index("read_at IS NOT NULL")),
        # Every page asks how many are unread; with the index this does not scan old notices.
        Index(
            "ix_notice_unread",
            "member_id",
            "topic_id",
            "actor_id",
            **partial_index("read_at IS NULL AND hidden_at IS NULL"),
        ),
        Index(
            "ix_notice_to_mail",
            "id",
            **partial_index("way = 'at once' AND mailed_at IS NULL AND read_at IS NULL"),
        ),
        Index(
            "ix_notice_for_digest",
            "member_id",
            "id",
            **partial_index("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"),
        ),
        Index("ix_notice_of_queue", "address", **partial_index("kind IN ('queue', 'urgent')")),
        Index("ix_notice_of_reminder", "address", **partial_index("kind = 'reminder'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    others: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(server_default="")  # of the title
    text: Mapped[str] = mapped_column(Text, default="")
    sentences: Mapped[KeptSentences | None] = mapped_column(JSON(none_as_null=True))
    address: Mapped[str] = mapped_column(Text)
    topic_id: Mapped[int | None]
    post_id: Mapped[int | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    all_read_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    way: Mapped[str] = mapped_column(default=NEVER)
    mailed_at: Mapped[datetime | None]

    actor: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[actor_id])

    @property
    def heading(self) -> str:
        """Its heading, in the present language; empty when the title was deleted."""
        return self.title or said_in(self.sentences, "title")

    @property
    def sentence(self) -> str:
        """The forum's sentences before the text, in the present language; empty for most."""
        return said_in(self.sentences, "text")

    @property
    def words(self) -> str:
        """The forum's sentences and the text, where both are shown together."""
        return f"{self.sentence} {self.text}".strip()

    @property
    def is_read_with_topic(self) -> bool:
        """Whether opening its address marks it as read, so that a plain link is enough."""
        shows_topic = bool(self.topic_id) and bool(SHOWS_TOPIC.fullmatch(self.address))
        facts = NOTICE_KINDS[self.kind]
        return shows_topic and (bool(facts.quotes) or not facts.is_official)


class NoticeChoice(Base):
    """How one kind of notice is mailed to a member; without a row `DEFAULT_WAYS` applies."""

    __tablename__ = "notice_choice"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    way: Mapped[str]


class NoticeSettings(Base):
    """When a member's digest comes, and whether they watch the topics they write in. Without a row the defaults apply.

    `digest_hour` is one of the 24 hours of the day in `time_zone`, a name of the IANA list, in which sentences
    without markup also give times (`clock.in_words`).
    """

    __tablename__ = "notice_settings"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    digest_every: Mapped[str] = mapped_column(default="daily")
    digest_hour: Mapped[int] = mapped_column(default=7)
    time_zone: Mapped[str] = mapped_column(default="UTC")
    watches_replies: Mapped[bool] = mapped_column(default=True)


class Watch(Base):
    """A member watches or mutes (`level`) an agenda, a topic, a city, a theme or an author (`subject` and `subject_id`).

    `watched_at` is since when the member had watched what is muted, and goes on watching it once it is not.
    """

    __tablename__ = "watch"
    __table_args__ = (Index(None, "subject", "subject_id", "level", "member_id"),)

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str]
    created_at: Mapped[datetime]
    watched_at: Mapped[datetime | None]
