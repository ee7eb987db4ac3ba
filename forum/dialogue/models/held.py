"""Texts that rules hold back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.dialogue.models._shared import SubmissionMixin
from forum.dialogue.models.polls import PollText
from forum.dialogue.models.posts import Post
from forum.dialogue.models.topics import Topic
from forum.markup import write
from forum.members.models import Member
from forum.plaintext import short_hash
from forum.screening.models import said_of_rule

OPEN, REPLY, EDIT = "open_topic", "reply", "edit"  # the values of `Held.deed`


class Held(SubmissionMixin, Base):
    """A text that a rule holds back until a moderator has read it. It is not a post, so that no list can show it.

    `deed` is the action that its approval completes: opening a topic of its `kind`, a reply in `topic`, or a new text
    for `post` (whose fingerprint when the author wrote it was `seen`: see `queries.fingerprint_of`).

    The text waits until `decided_at`. When it is approved, it becomes the post `became_id` and its own text is
    emptied. When it is refused (`refused_at`, for a `reason`, with the decision `decision_id`), it stays with its
    author, who may revise it: then it waits again.

    `rule` and `sentence` are copies, because the rule may be changed or deleted. Notes and decisions refer to the
    text by its id, even after its author has withdrawn it, so ids are never reused.
    """

    __tablename__ = "held"
    __table_args__ = (
        Index(None, "author_id", "submission_key", unique=True),
        Index("ix_held_waiting", "agenda_id", "id", **partial_index("decided_at IS NULL")),
        Index("ix_held_decided", "decided_at", **partial_index("decided_at IS NOT NULL")),
        Index(None, "author_id", "id"),
        Index(None, "topic_id"),
        Index(None, "post_id"),
        Index(None, "became_id"),
        Index(None, "rule_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deed: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    became_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    kind: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(Text, default="")
    themes: Mapped[list[int] | None] = mapped_column(JSON)
    audience: Mapped[str | None]
    # The poll of a new topic, as `PollText.stored`
    poll: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(default="en")
    paragraph: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    submission_key: Mapped[str | None]
    seen: Mapped[str] = mapped_column(default="")
    rule_id: Mapped[int | None]  # the rule may have been deleted
    rule: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    decision_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")

    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    topic: Mapped[Topic | None] = relationship(lazy="raise_on_sql")
    post: Mapped[Post | None] = relationship(lazy="raise_on_sql", foreign_keys=[post_id])

    @property
    def state(self) -> str:
        """Waiting, approved or refused."""
        if self.decided_at is None:
            return "waiting"
        return "approved" if self.became_id else "refused"

    @property
    def html(self) -> Markup:
        """The rendered text. It is not stored, because few people look at it."""
        return write(self.source, self.language).html

    @property
    def fingerprint(self) -> str:
        """A hash of title, audience, text and poll: a moderator's decision is refused when they have changed since."""
        return self.fingerprint_under(self.title)

    @property
    def poll_text(self) -> PollText | None:
        """The poll of a new topic, if it has one."""
        if not self.poll:
            return None
        end = self.poll["closes_at"]
        return PollText(**{**self.poll, "closes_at": datetime.fromisoformat(end) if end else None})

    def fingerprint_under(self, title: str) -> str:
        """The `fingerprint` with another title: that of an edit does not count once its post no longer opens its topic."""
        content = f"{title}\n{self.audience}\n{self.source}"
        if poll := self.poll_text:
            content = "\n".join((content, *poll.lines, str(poll.is_multiple)))
        return short_hash(content)

    def empty(self) -> None:
        """Delete the words of author and moderator; the row stays."""
        self.source, self.title, self.reason, self.poll = "", "", "", None

    @property
    def why(self) -> str:
        """The message for the author: the default one in the language of the page, or that of the rule."""
        return said_of_rule(self.sentence)
