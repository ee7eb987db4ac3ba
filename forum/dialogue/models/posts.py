"""Posts, their earlier versions, former places, and what they quote and mention."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base, partial_index
from forum.dialogue.models._shared import MARKS, VISIBILITY_COLUMNS, SubmissionMixin, gist
from forum.dialogue.models.topics import Topic
from forum.markup import Written
from forum.members.models import Member, Organisation
from forum.plaintext import short_hash

POSTS_PER_PAGE = 20
MAX_MENTIONED = 20  # members whom one post notifies of a mention, and whose names become links
# The columns that lists of one member's texts need
AUTHORED_COLUMNS = ["created_at", "id", "topic_id", "number", *VISIBILITY_COLUMNS]


class PostMixin:
    """Properties computed from the columns of a post, shared by `Post` and `PostRow` (see `queries/_rows.py`)."""

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
        """How many readers gave the post a mark of this kind, one of `MARKS`."""
        counts = (self.useful_count, self.same_here_count, self.tried_count)
        return dict(zip(MARKS, counts, strict=True))[kind]

    @property
    def is_marked(self) -> bool:
        """Whether any reader has marked the post."""
        return bool(self.useful_count or self.same_here_count or self.tried_count)

    @property
    def page(self) -> int:
        """The number of the page of its topic that shows the post. It does not change when other posts are deleted."""
        return (self.number - 1) // POSTS_PER_PAGE + 1

    @property
    def address(self) -> str:
        """The address of the post: page and anchor. Needs its topic loaded."""
        page = f"?page={self.page}" if self.page > 1 else ""
        return f"{self.topic.address}{page}#post-{self.number}"

    @property
    def gist(self) -> str:
        """The first words of the text (at most 160 characters), without Markdown syntax and without quotations."""
        return gist(self.source)

    @property
    def fingerprint(self) -> str:
        """A hash of the text; `queries.fingerprint_of` is the one of an edit form."""
        return short_hash(self.source)


class Post(PostMixin, SubmissionMixin, Base):
    """One contribution in a topic. Number 1 opens it; a deleted post leaves its number as a gap.

    `paragraph` is the key of the paragraph of a case that the post comments on. `submission_key` is that of the form: the
    same key twice from the same author is the same post. `removed_at` is set beside `hidden_at` when only who moderates
    sees that there was a post. `note_source` is the moderators' note below the post, empty for none. `edit_asked_at` is
    when they asked the author to change it, `edit_answered_at` when the author did.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index(None, "topic_id", "number", unique=True),
        Index(None, "author_id", "submission_key", unique=True),
        # All columns that the query for the newest posts, and for new posts in a topic, needs: the rows are long, and
        # few are shown
        Index(
            "ix_post_newest",
            "created_at",
            "id",
            "number",
            "topic_id",
            "author_id",
            *VISIBILITY_COLUMNS,
        ),
        Index("ix_post_news", "topic_id", "number", "author_id", "created_at", *VISIBILITY_COLUMNS),
        Index("ix_post_written", "author_id", *AUTHORED_COLUMNS),
        Index(
            "ix_post_for_organisation",
            "organisation_id",
            *AUTHORED_COLUMNS,
            **partial_index("organisation_id IS NOT NULL"),
        ),
        Index(
            "ix_post_tried",
            "author_id",
            *AUTHORED_COLUMNS,
            "tried_count",  # so that SQLite reads no row, and prefers this index to the one above
            **partial_index("tried_count > 0"),
        ),
        Index(
            "ix_post_useful",
            "topic_id",
            "useful_count",
            "number",
            **partial_index("useful_count > 0"),
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
    # For one of its author's first posts: since when it has been waiting for a moderator to look at it.
    unseen_at: Mapped[datetime | None]
    # Whether it has a `Poll`, so that pages of posts without polls need no query.
    has_poll: Mapped[bool] = mapped_column(server_default=false())

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql", foreign_keys=[topic_id])
    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")

    def write(self, text: Written) -> None:
        """Replace the text of the post."""
        self.source, self.html, self.html_version = text.source, text.html, text.html_version
        self.language = text.language


class Revision(Base):
    """An earlier version of a post, in force until `replaced_at`. Readers may compare versions, unless the author withdrew one.

    `number` counts the versions of a post from 1; it is an attribute, not a column, set by `queries.revisions_of`.
    """

    __tablename__ = "revision"
    __table_args__ = (Index(None, "post_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    number = 0


class Trace(Base):
    """Where a post was before it was moved to another topic. Its former number is not reused there.

    `step` is 1 for the post's first move, 2 for its second, …
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
    """One post quotes another."""

    __tablename__ = "quote"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    quoted_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Mention(Base):
    """A post mentions a member. The row stays when an edit removes the mention, so that nobody is notified twice."""

    __tablename__ = "mention"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
