"""Topics and posts, their earlier versions, polls, texts that rules hold back, and what readers mark, mention, quote and read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2s
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda, Theme
from forum.clock import now
from forum.columns import Base, partial_index
from forum.markup import write
from forum.members.models import City, Member, Organisation
from forum.permissions import PUBLIC
from forum.plaintext import excerpt, fold, on_one_line
from forum.screening.models import said_of_rule

KINDS = ("experience", "question", "practice", "case")
CHOSEN_KINDS = KINDS[:2]  # those that an author chooses, because they have no page of their own
USEFUL, SAME_HERE, TRIED = MARKS = ("useful", "same here", "tried it")
# The kind of a "tried it" mark that was taken back while moderators hide its note
TAKEN_BACK = "taken back"
OUTCOMES = ("kept", "adapted", "stopped")
POSTS_PER_PAGE = 20
MAX_MENTIONED = 20  # members whom a post tells that it mentions them, and whose names are links
MAX_THEMES = 5  # that an author gives to a topic
MIN_OPTIONS, MAX_OPTIONS = 2, 10  # of a poll
MAX_QUESTION, MAX_OPTION = 200, 120  # characters
POLL_LASTS = {"week": timedelta(days=7), "month": timedelta(days=30)}
MAX_DRAFTS = 30  # of one author; with one more the oldest is deleted
# Characters of all its fields: more than may be published, since one may shorten it
MAX_DRAFT_LENGTH = 100_000
DRAFTS_KEPT = timedelta(days=90)  # after they were last saved
# The columns by which lists filter topics. The indexes of lists contain them, so that turning pages reads no rows.
LISTED_COLUMNS = [
    "kind",
    "audience",
    "agenda_id",
    "language",
    "hidden_at",
    "deleted_at",
    "answer_id",
]
MARKDOWN_SYNTAX = re.compile(
    r"!(?=\[)|\]\([^)\s]*\)|^\s*(?:#{1,6}|[-*+]|\d+[.)])\s+|^[>|].*$|[*_`\[\]|~]", re.MULTILINE
)
VISIBILITY_COLUMNS = ["hidden_at", "deleted_at"]
# The columns that lists of what one member has written ask of a post
AUTHORED_COLUMNS = ["created_at", "id", "topic_id", "number", *VISIBILITY_COLUMNS]
AGENDA_ACTIVITY_COLUMNS = ["agenda_id", "active_at", "id"]


def _list_index(name: str, *columns: str) -> Index:
    more = [column for column in LISTED_COLUMNS if column not in columns]
    return Index(f"ix_topic_{name}", *columns, "id", *more)


class TopicMixin:
    """What follows from the columns of a topic, for a `Topic` and for a `TopicRow` (see `queries/_rows.py`) alike."""

    id: Any
    slug: Any
    home: Any
    audience: Any
    hidden_at: Any
    unseen_at: Any
    agenda: Any

    @property
    def is_indexable(self) -> bool:
        """Whether search engines and feeds get the topic, as `indexable_topics` says in SQL.

        It is public and shown, on an agenda that is open, and if its author is new, moderators have looked at it.
        """
        is_shown = self.audience == PUBLIC and self.hidden_at is None and self.unseen_at is None
        return is_shown and self.agenda.opened_at is not None

    @property
    def address(self) -> str:
        """The path of the page that shows the topic."""
        return self.home or f"/topics/{self.id}-{self.slug}"


def _gist(source: str, length: int = 160) -> str:
    words = MARKDOWN_SYNTAX.sub("", source[:1_000]).split()
    return excerpt(" ".join(words), length)  # a line end in Markdown ends nothing


class SubmissionMixin:
    """What a member submits by a form: a `Topic`, a `Post`, or a `Held` text.

    `is_duplicate` is set (on the object, in no column) when an action returns what was submitted before instead of
    adding the same once more.
    """

    is_duplicate = False


class Topic(TopicMixin, SubmissionMixin, Base):
    """One discussion on an agenda, of a kind: experience, question, practice, case.

    `home` is the path of the case or practice whose page shows the topic; empty for a topic with a page of its own.
    `posts_count` is the number of the last post: numbers are never given twice, so gaps count. `replies_count` is how
    many replies a reader sees.

    `answered_by_id` is who wrote the answer, `answered_at` when it was chosen. `followed_up_at` is when the asker told
    what happened next; it is empty while moderators hide that (`follow_up_hidden_at`).

    `hidden_at` hides the topic. `removed_at` is set beside it when readers are not even told that there was a topic,
    `emptied_at` when it is hidden only because none of its posts is shown.

    A topic that was merged into another has `deleted_at` and `merged_into_id`. `regrouped_at` is when posts were last
    moved from here or to here: only when it is set does the page look for their `Trace`.
    """

    __tablename__ = "topic"
    __table_args__ = (
        _list_index("active", "active_at"),
        _list_index("agenda_active", "agenda_id", "active_at"),
        _list_index("kind_active", "kind", "active_at"),
        _list_index("newest", "created_at"),
        _list_index("agenda_newest", "agenda_id", "created_at"),
        Index("ix_topic_waiting", "kind", "id", **partial_index("answer_id IS NULL")),
        Index(
            "ix_topic_pinned", *AGENDA_ACTIVITY_COLUMNS, **partial_index("pinned_at IS NOT NULL")
        ),
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
    audience: Mapped[str] = mapped_column(default=PUBLIC)
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
    """How many topics with the same key the lists of an agenda contain. The key is the whole primary key.

    `is_hidden` topics are seen by moderators only; `is_waiting` are questions without an answer that are not locked. Deleted
    topics and cases without comments are in no list, so they are not counted.
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


class PostMixin:
    """What follows from the columns of a post, for a `Post` and for a `PostRow` (see `queries/_rows.py`) alike."""

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
        """The number of the page of its topic that shows the post. It stays the same when other posts are deleted."""
        return (self.number - 1) // POSTS_PER_PAGE + 1

    @property
    def address(self) -> str:
        """Where the post is shown: page and anchor. Needs its topic loaded."""
        page = f"?page={self.page}" if self.page > 1 else ""
        return f"{self.topic.address}{page}#post-{self.number}"

    @property
    def gist(self) -> str:
        """The first words of the text (at most 160 characters), without Markdown syntax and without quotations."""
        return _gist(self.source)

    @property
    def fingerprint(self) -> str:
        """A hash of the text; `queries.fingerprint_of` is the one of an edit form."""
        return blake2s(self.source.encode(), digest_size=8).hexdigest()


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
        # All that is asked of the newest posts, and of what is new in a topic: the rows are long, and few are shown
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
    # Whether a `Poll` stands below it: pages of posts without one ask for none.
    has_poll: Mapped[bool] = mapped_column(server_default=false())

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql", foreign_keys=[topic_id])
    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")


@dataclass(frozen=True)
class PollText:
    """A poll as its author writes it: a question, and options in order.

    Votes are counted for `lasts`, one of `POLL_LASTS`, from when the poll is published or changed; without it until
    `closes_at`, or for as long as nobody closes the poll.
    """

    question: str
    options: Sequence[str]
    is_multiple: bool = False
    lasts: str = ""
    closes_at: datetime | None = None

    @property
    def tidied(self) -> PollText:
        """The same with its white space normalised, and without empty options."""
        options = [words for words in map(on_one_line, self.options) if words]
        return replace(self, question=on_one_line(self.question), options=options)

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with it when it is `tidied`: a sentence by the name of the field."""
        found: dict[str, str] = {}
        if not 0 < len(self.question) <= MAX_QUESTION:
            found["question"] = _(
                "Enter a question of up to %(most)s characters.", most=MAX_QUESTION
            )
        if not MIN_OPTIONS <= len(self.options) <= MAX_OPTIONS:
            found["options"] = _(
                "Write %(least)s to %(most)s options, each on a line of its own.",
                least=MIN_OPTIONS,
                most=MAX_OPTIONS,
            )
        elif long := next((words for words in self.options if len(words) > MAX_OPTION), ""):
            found["options"] = _(
                "Shorten the option “%(option)s” to %(most)s characters.",
                option=excerpt(long, 40),
                most=MAX_OPTION,
            )
        elif len(set(map(fold, self.options))) < len(self.options):
            found["options"] = _("Two of the options are the same.")
        if self.lasts and self.lasts not in POLL_LASTS:
            found["lasts"] = _("Choose until when votes are counted.")
        return found

    @property
    def lines(self) -> tuple[str, ...]:
        """All its words, in lines."""
        return self.question, *self.options

    @property
    def end(self) -> datetime | None:
        """Until when votes are counted if the poll begins now; None for no end."""
        return now() + POLL_LASTS[self.lasts] if self.lasts else self.closes_at

    @property
    def stored(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        end = self.closes_at.isoformat() if self.closes_at else None
        return asdict(self) | {"options": list(self.options), "closes_at": end}


class PollMixin:
    """What follows from the columns of a poll, for a `Poll` and for a `PollRow` (see `queries/polls.py`) alike."""

    closes_at: Any
    closed_at: Any

    @property
    def is_closed(self) -> bool:
        """Whether votes are counted no more. It depends on the time of day, so no page that is kept may ask for it."""
        return self.closed_at is not None or (
            self.closes_at is not None and self.closes_at <= now()
        )


class Poll(PollMixin, Base):
    """A question with options below a post, the one that opens a topic; it goes wherever the post goes.

    `voters_count` is how many members have voted, each option's `votes_count` how many have chosen it. Votes are counted
    until `closes_at`, if that is set, or until author or moderators closed it (`closed_at`).
    """

    __tablename__ = "poll"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), unique=True)
    question: Mapped[str] = mapped_column(Text)
    is_multiple: Mapped[bool]
    voters_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    options: Mapped[list[PollOption]] = relationship(
        lazy="raise_on_sql", order_by="PollOption.position", passive_deletes="all"
    )

    @property
    def text(self) -> PollText:
        """What its author wrote; its options must be loaded."""
        words = [option.words for option in self.options]
        return PollText(self.question, words, self.is_multiple, closes_at=self.closes_at)


class PollOption(Base):
    """One of the options of a poll; `position` counts them from 1.

    A poll that is changed gets new ones, and ids are never reused: a page that was open before cannot choose another.
    """

    __tablename__ = "poll_option"
    __table_args__ = (
        Index(None, "poll_id", "position", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    position: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    votes_count: Mapped[int] = mapped_column(default=0)


class PollVote(Base):
    """A member has chosen an option. Nobody is shown who: only the member's own file says it."""

    __tablename__ = "poll_vote"
    __table_args__ = (Index(None, "member_id", "option_id"),)

    option_id: Mapped[int] = mapped_column(
        ForeignKey("poll_option.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime]


OPEN, REPLY, EDIT = "open_topic", "reply", "edit"  # the values of `Held.deed`


WINDOW = "window"  # as the name of a field of a draft
TYPED = ("title", "source")  # without a word in one of these fields a form holds nothing


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
        return _gist(self.value("source"))

    @property
    def name(self) -> str:
        """What to call a topic that is begun: its title, or else the first words of its text."""
        return self.value("title") or _gist(self.value("source"), 60) or "…"


class Held(SubmissionMixin, Base):
    """A text that a rule holds back until a moderator has read it. It is not a post, so that no list can show it.

    `deed` is the action that its approval completes: opening a topic of its `kind`, a reply in `topic`, or a new text for
    `post` (which was as `seen` when the author wrote it: see `queries.fingerprint_of`).

    The text waits until `decided_at`. When it is approved, it becomes the post `became_id` and its own text is emptied.
    When it is refused (`refused_at`, for a `reason`, with the decision `decision_id`), it stays with its author, who may revise
    it: then it waits again.
    `rule` and `sentence` are copies, since the rule may be changed or deleted. Notes and decisions refer to the text by its
    id, also when its author has taken it back, so ids are never reused.
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
    # Of a new topic: its poll, as `PollText.stored`
    poll: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
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
        """What the text will look like. Not stored: few people look at it."""
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
        """The same hash with another title: none for an edit of a post that opens its topic no more."""
        content = f"{title}\n{self.audience}\n{self.source}"
        if poll := self.poll_text:
            content = "\n".join((content, *poll.lines, str(poll.is_multiple)))
        return blake2s(content.encode(), digest_size=8).hexdigest()

    @property
    def why(self) -> str:
        """The sentence that the author reads: the usual one in the language of the page."""
        return said_of_rule(self.sentence)


class Revision(Base):
    """An earlier version of a post, in force until `replaced_at`. Readers may compare it, unless its author withdrew it.

    `number` counts the versions of a post from 1; `queries.revisions_of` sets it (on the object, in no column).
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
    """Where a post was before it was moved to another topic. Its old number is not given to another post there.

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


class Mark(Base):
    """One reader's mark on a post: `useful`, `same here`, or `tried it` with an outcome and a note that says why.

    `words` is the text of the note. Moderators may hide it: then `note`, which pages print, is empty, while the mark stays
    and counts. Reports and decisions refer to the note by the id of the mark, so ids are never reused.

    A mark that is taken back is deleted, unless its note is hidden: then the row stays, with the kind `taken back` that no
    page and no counter knows, so that the decision about the note can still be appealed.
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
        """The note as readers see it."""
        return "" if self.hidden_at else self.words

    @property
    def fingerprint(self) -> str:
        """A hash of the note: a moderator's decision is refused when the note has changed since it was read."""
        return blake2s(self.words.encode(), digest_size=8).hexdigest()


class Mention(Base):
    """A post mentions a member. The row stays when an edit takes the mention out, so that nobody is notified twice."""

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
    """A member has marked all that was written `until` a moment as read: on one agenda, or on all when `agenda_id` is 0."""

    __tablename__ = "all_read"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    agenda_id: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime]
