"""Topics and posts, what posts said before, and what readers said to them with one press."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2s
from typing import Any

from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda, Theme
from forum.db import Base, partial_index
from forum.markup import excerpt, write
from forum.members.models import City, Member, Organisation

KINDS = ("experience", "question", "practice", "case")
USEFUL, SAME_HERE, TRIED = MARKS = ("useful", "same here", "tried it")
TAKEN_BACK = "taken back"  # "tried it", taken back while moderators hide its note
OUTCOMES = ("kept", "adapted", "stopped")
POSTS_ON_A_PAGE = 20
# What lists ask of a topic before they show it. Indexes carry it along, so that turning pages reads no rows.
ASKED = ["kind", "audience", "agenda_id", "language", "hidden_at", "deleted_at", "answer_id"]
SIGNS = re.compile(
    r"\]\([^)\s]*\)|^\s*(?:#{1,6}|[-*+]|\d+[.)])\s+|^[>|].*$|[*_`\[\]|~]", re.MULTILINE
)
WHETHER = ["hidden_at", "deleted_at"]
# The same of what somebody has written.
WHEN_AND_WHETHER = ["created_at", "id", "topic_id", "number", *WHETHER]
IN_AGENDA = ["agenda_id", "active_at", "id"]


def _in_order(name: str, *columns: str) -> Index:
    more = [column for column in ASKED if column not in columns]
    return Index(f"ix_topic_{name}", *columns, "id", *more)


class Addressed:
    """Where a topic is shown, for a whole row and for a `TopicLine` alike."""

    id: Any
    slug: Any
    home: Any

    @property
    def address(self) -> str:
        """The path of the page that shows the topic."""
        return self.home or f"/topics/{self.id}-{self.slug}"


class Sent:
    """Topics, posts and texts that wait. `is_again` is said by a deed that hands back what was sent before, not the same anew."""

    is_again = False


class Topic(Addressed, Sent, Base):
    """One discussion on an agenda, of a kind: experience, question, practice, case.

    `posts_count` is the number of the last post: numbers are never given twice, so gaps count. `replies_count`
    is how many replies a reader sees. The topic of a case or a practice is shown on that page, `home`.
    `answered_by_id` is who wrote the answer, `answered_at` when it was chosen, `followed_up_at` when the asker told
    what happened next, empty while moderators hide that (`follow_up_hidden_at`). `removed_at` is set beside `hidden_at` when readers are told nothing of it, `emptied_at` when it
    is hidden because none of its posts is shown. A topic that was merged is deleted, and leads to the one of
    `merged_into_id`. `regrouped_at` is when posts went from here or came here last: only then does its page look for
    their `Trace`.
    """

    __tablename__ = "topic"
    __table_args__ = (
        _in_order("active", "active_at"),
        _in_order("agenda_active", "agenda_id", "active_at"),
        _in_order("kind_active", "kind", "active_at"),
        _in_order("newest", "created_at"),
        _in_order("agenda_newest", "agenda_id", "created_at"),
        Index("ix_topic_waiting", "kind", "id", **partial_index("answer_id IS NULL")),
        Index("ix_topic_pinned", *IN_AGENDA, **partial_index("pinned_at IS NOT NULL")),
        Index(None, "author_id", "id"),
        Index(None, "answered_by_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(Text)
    slug: Mapped[str]
    excerpt: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    audience: Mapped[str] = mapped_column(default="public")
    home: Mapped[str | None] = mapped_column(Text)
    posts_count: Mapped[int] = mapped_column(default=0)
    replies_count: Mapped[int] = mapped_column(default=0)
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", use_alter=True, name="fk_topic_answer_id")
    )
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    followed_up_at: Mapped[datetime | None]
    follow_up_hidden_at: Mapped[datetime | None]
    # Opened by somebody new, since when it waits for a moderator to look at it; search engines wait as well.
    unseen_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    locked_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    removed_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("topic.id", name="fk_topic_merged_into_id"), index=True
    )
    regrouped_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    author: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")
    themes: Mapped[list[Theme]] = relationship(
        secondary="topic_theme", lazy="raise_on_sql", order_by=Theme.name
    )


class TopicCount(Base):
    """How many topics of one kind stand in the lists of an agenda, for one audience and in one language.

    `is_hidden` are those that their moderators alone see, `is_waiting` the questions without an answer. Deleted
    topics and cases without comments stand in no list.
    """

    __tablename__ = "topic_count"

    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    is_hidden: Mapped[bool] = mapped_column(primary_key=True)
    is_waiting: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[int]


class TopicTheme(Base):
    """A theme that a topic is about."""

    __tablename__ = "topic_theme"
    __table_args__ = (Index(None, "theme_id", "topic_id"),)

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)


class Said:
    """What follows from the fields of a post, for a whole row and for a `Line` alike."""

    number: int
    source: str
    topic: Any
    hidden_at: Any
    removed_at: Any
    deleted_at: Any
    edit_asked_at: Any
    edit_answered_at: Any
    useful_count: int
    same_here_count: int
    tried_count: int

    @property
    def is_gone(self) -> bool:
        """Whether the text is withheld from readers: deleted by its author or hidden by a moderator."""
        return self.deleted_at is not None or self.hidden_at is not None

    def count_of(self, kind: str) -> int:
        """How many readers have said this to the post."""
        counts = (self.useful_count, self.same_here_count, self.tried_count)
        return dict(zip(MARKS, counts, strict=True))[kind]

    @property
    def is_marked(self) -> bool:
        """Whether somebody has marked it."""
        return bool(self.useful_count or self.same_here_count or self.tried_count)

    @property
    def page(self) -> int:
        """The number of the page of its topic that shows the post; it never changes."""
        return (self.number - 1) // POSTS_ON_A_PAGE + 1

    @property
    def address(self) -> str:
        """Where the post is shown: page and anchor. Needs its topic loaded."""
        page = f"?page={self.page}" if self.page > 1 else ""
        return f"{self.topic.address}{page}#post-{self.number}"

    @property
    def gist(self) -> str:
        """The first words of the text, without the signs of Markdown and without what it quotes."""
        return excerpt(SIGNS.sub("", self.source[:1_000]), 160)

    @property
    def fingerprint(self) -> str:
        """Changes with the text: a form that was opened on another text is out of date."""
        return blake2s(self.source.encode(), digest_size=8).hexdigest()


class Post(Said, Sent, Base):
    """One contribution in a topic. Number 1 opens it; a deleted post leaves its number as a gap.

    `paragraph` is the key of the paragraph of a case that the post comments on. `submission_key` is the
    form's: one that comes twice from the same author is the same post. `removed_at` is set beside `hidden_at` when
    only who moderates sees that there was anything. `note_source` is what the moderators say below it, empty for
    nothing. `edit_asked_at` is when they asked the author to change it, `edit_answered_at` when that was done.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index(None, "topic_id", "number", unique=True),
        Index(None, "author_id", "submission_key", unique=True),
        # All that is asked of the newest posts, and of what is new in a topic: the rows are long, and few are shown
        Index("ix_post_newest", "created_at", "id", "number", "topic_id", "author_id", *WHETHER),
        Index("ix_post_news", "topic_id", "number", "author_id", "created_at", *WHETHER),
        Index("ix_post_written", "author_id", *WHEN_AND_WHETHER),
        Index(
            "ix_post_for_organisation",
            "organisation_id",
            *WHEN_AND_WHETHER,
            **partial_index("organisation_id IS NOT NULL"),
        ),
        Index(
            "ix_post_tried",
            "author_id",
            *WHEN_AND_WHETHER,
            "tried_count",  # so that SQLite reads no row, and prefers this index to the one above
            **partial_index("tried_count > 0"),
        ),
        Index("ix_post_unseen", "unseen_at", **partial_index("unseen_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    number: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]
    language: Mapped[str] = mapped_column(default="en")
    paragraph: Mapped[str | None]
    submission_key: Mapped[str | None]
    useful_count: Mapped[int] = mapped_column(default=0)
    same_here_count: Mapped[int] = mapped_column(default=0)
    tried_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    removed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    note_source: Mapped[str] = mapped_column(Text, default="")
    note_html: Mapped[Markup] = mapped_column(default="")
    note_html_version: Mapped[int] = mapped_column(default=0)
    note_language: Mapped[str] = mapped_column(default="en")
    note_at: Mapped[datetime | None]
    edit_asked_at: Mapped[datetime | None]
    edit_answered_at: Mapped[datetime | None]
    # One of somebody's first posts, since when it waits for a moderator to look at it.
    unseen_at: Mapped[datetime | None]

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql", foreign_keys=[topic_id])
    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")


OPEN, REPLY, EDIT = "open_topic", "reply", "edit"  # what becomes of a held text


class Held(Sent, Base):
    """A text that a rule holds back until a moderator has read it. It is no post, so that no list can show it.

    `deed` says what becomes of it: a topic of its `kind`, a reply in `topic`, or what `post` says then (`seen` is the
    fingerprint of what it said). It waits until `decided_at`. Approved, it has become the post `became_id` and keeps no
    text; refused (`refused_at`, for a `reason`), it stays with its author, who may send it again: then it waits as before.
    The rule is kept as it was.
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
    source: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(default="en")
    paragraph: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    submission_key: Mapped[str | None]
    seen: Mapped[str] = mapped_column(default="")
    rule_id: Mapped[int | None]  # the rule may be gone by now
    rule: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
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
        """What the text will look like; few look at it, so that it is made for each."""
        return write(self.source, self.language).html

    @property
    def fingerprint(self) -> str:
        """Changes with what is said: a moderator decides about what the page showed."""
        said = f"{self.title}\n{self.audience}\n{self.source}"
        return blake2s(said.encode(), digest_size=8).hexdigest()


class Revision(Base):
    """What a post said until `replaced_at`; readers may compare, unless its author withdrew it."""

    __tablename__ = "revision"
    __table_args__ = (Index(None, "post_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Trace(Base):
    """That a post stood in a topic under a number before it went to another topic. The number is never given again.

    `step` counts the ways that the post has gone: 1 for the first.
    """

    __tablename__ = "trace"

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    step: Mapped[int]
    moved_at: Mapped[datetime]

    post: Mapped[Post] = relationship(lazy="raise_on_sql")
    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")


class Quote(Base):
    """That one post quotes another."""

    __tablename__ = "quote"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    quoted_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Mark(Base):
    """What one reader said to a post: `useful`, `same here` or `tried it` (then with outcome and why).

    Its note is a thing of moderation, so a mark has a number, which is never given again. `words` is what the note says;
    pages print `note`, which is empty while moderators hide it: the mark stays, and is counted. Who takes it back
    then leaves the row, as of kind `taken back`, which no page and no counter knows: what is hidden stays to be decided.
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
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"), index=True)
    created_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    post: Mapped[Post] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")

    @property
    def note(self) -> str:
        """What readers read of it."""
        return "" if self.hidden_at else self.words

    @property
    def fingerprint(self) -> str:
        """Changes with the words: a decision about others than were read is out of date."""
        return blake2s(self.words.encode(), digest_size=8).hexdigest()


class Mention(Base):
    """That a post names a member. It stays when the name is taken out, so that nobody is told twice."""

    __tablename__ = "mention"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )


class Place(Base):
    """How far a member has read in a topic: the number of the last post on the last page read."""

    __tablename__ = "place"

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int]


class AllRead(Base):
    """That a member has read all that was written on an agenda until a moment; on every agenda, when it is 0."""

    __tablename__ = "all_read"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    agenda_id: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime]
