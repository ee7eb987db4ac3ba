"""Cases, practices and readings; cases and practices have a topic that holds their discussion."""

from __future__ import annotations

from datetime import date, datetime

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda, Theme
from forum.columns import Base
from forum.dialogue.models import Topic
from forum.members.models import City, Member, Organisation
from forum.permissions import PUBLIC

# The states of a practice
DRAFT, SUBMITTED, PUBLISHED, RETURNED = STATES = ("draft", "submitted", "published", "returned")


class Case(Base):
    """A case example: a network, city project or programme, with facts, text and links.

    `removed_at` is also set (with `hidden_at`) when readers are not told that it existed.
    """

    __tablename__ = "case"
    __table_args__ = (Index(None, "agenda_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    kind: Mapped[str]
    reach: Mapped[str] = mapped_column(default="")
    since: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="running")
    summary: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(default="en")
    checked_on: Mapped[date | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    removed_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")
    paragraphs: Mapped[list[CaseParagraph]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="CaseParagraph.position"
    )
    figures: Mapped[list[CaseFigure]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="CaseFigure.position"
    )
    links: Mapped[list[CaseLink]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="CaseLink.position"
    )
    places: Mapped[list[City]] = relationship(
        secondary="case_place", lazy="raise_on_sql", order_by=City.name
    )
    themes: Mapped[list[Theme]] = relationship(
        secondary="case_theme", lazy="raise_on_sql", order_by=Theme.name
    )

    @property
    def is_told(self) -> bool:
        """Whether readers can see it, if its agenda is open."""
        return self.hidden_at is None

    @property
    def written_by_id(self) -> int | None:
        """The id of the member who added it; its topic must be loaded."""
        return self.topic.author_id


class CaseParagraph(Base):
    """One paragraph of a case's body; `key` is computed from its words, so that comments stay with it when it moves."""

    __tablename__ = "case_paragraph"
    __table_args__ = (Index(None, "case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str]
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]


class CaseFigure(Base):
    """A figure of a case with its date and source."""

    __tablename__ = "case_figure"
    __table_args__ = (Index(None, "case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str]
    value: Mapped[str]
    unit: Mapped[str] = mapped_column(default="")
    as_at: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")

    @property
    def day(self) -> date | None:
        """The date in `as_at`, when it is a whole one such as 2015-02-19."""
        try:
            return date.fromisoformat(self.as_at)
        except ValueError:
            return None


class CaseLink(Base):
    """A link for further reading on a case."""

    __tablename__ = "case_link"
    __table_args__ = (Index(None, "case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(default="site")


class CasePlace(Base):
    """A city of a case."""

    __tablename__ = "case_place"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("case.id", ondelete="CASCADE"), primary_key=True
    )
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"), primary_key=True, index=True)


class CaseTheme(Base):
    """A theme that a case is about."""

    __tablename__ = "case_theme"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("case.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True, index=True)


class Practice(Base):
    """A best practice, short or full (with sections); `state` is draft, submitted, published or returned.

    `topic_id` is set when it is first published: the topic is its discussion. `caught_by` is the screening rule that
    it met when it was last submitted, as in `Rule.name`. `removed_at` is also set (with `hidden_at`) when readers are
    not told that it existed.

    `confirmed_on` is the day on which its author last said that it is still true. `look_on` is the day on which the
    worker looks at it: it asks the author (`asked_at`), and when there is no response, pages say so
    (`unconfirmed_at`). An author who is not allowed to write for longer than the period to respond is asked
    afterwards; then `asked_at` is the beginning of that period.
    """

    __tablename__ = "practice"
    __table_args__ = (
        Index(None, "agenda_id", "published_at"),
        Index(None, "author_id", "id"),
        Index(None, "look_on"),
        Index(None, "author_id", "submission_key", unique=True),
        Index(None, "state", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    adapted_from_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"), index=True)
    submission_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=DRAFT)
    title: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(Text, default="")
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"), index=True)
    evidence: Mapped[str] = mapped_column(default="")
    cost: Mapped[str] = mapped_column(default="")
    started: Mapped[int | None]
    language: Mapped[str] = mapped_column(default="en")
    audience: Mapped[str] = mapped_column(default=PUBLIC)
    failure_audience: Mapped[str] = mapped_column(default=PUBLIC)
    revisit_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    look_on: Mapped[date | None]
    asked_at: Mapped[datetime | None]
    unconfirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    returned_reason: Mapped[str] = mapped_column(Text, default="")
    caught_by: Mapped[str] = mapped_column(default="", server_default="")
    featured_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    removed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    topic: Mapped[Topic | None] = relationship(lazy="raise_on_sql")
    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")
    adapted_from: Mapped[Practice | None] = relationship(lazy="raise_on_sql", remote_side=[id])
    sections: Mapped[list[PracticeSection]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="PracticeSection.position"
    )
    themes: Mapped[list[Theme]] = relationship(
        secondary="practice_theme", lazy="raise_on_sql", order_by=Theme.name
    )

    @property
    def is_told(self) -> bool:
        """Whether its audience can see it, if its agenda is open."""
        return self.state == PUBLISHED and self.hidden_at is None and self.deleted_at is None

    @property
    def written_by_id(self) -> int | None:
        """The id of its author."""
        return self.author_id

    @property
    def known_on(self) -> date:
        """The day since which nobody has confirmed or changed it.

        Changes by moderators after the author was asked do not count: otherwise it would look up to date while nobody
        confirms it.
        """
        asked_at = self.asked_at or self.unconfirmed_at
        changed_at = min(self.updated_at, asked_at) if asked_at else self.updated_at
        return max(changed_at.date(), self.confirmed_on or date.min)


class PracticeSection(Base):
    """One part of a full practice; `name` is challenge, done, resources, results, failure, lessons or needs."""

    __tablename__ = "practice_section"

    practice_id: Mapped[int] = mapped_column(
        ForeignKey("practice.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]


class PracticeTheme(Base):
    """A theme that a practice is about."""

    __tablename__ = "practice_theme"

    practice_id: Mapped[int] = mapped_column(
        ForeignKey("practice.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True, index=True)


class Intention(Base):
    """A member wants to try a practice, or what a case describes, until the end of a month (`until` is its last day).

    It exists until they say that they tried it. `look_on` is the day on which the worker looks at it: after `until`
    to ask how it went (`asked_at`), and later to delete it if there was no response.
    """

    __tablename__ = "intention"
    __table_args__ = (Index(None, "member_id", "created_at"), Index(None, "look_on"))

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[date]
    created_at: Mapped[datetime]
    look_on: Mapped[date]
    asked_at: Mapped[datetime | None]

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def city(self) -> City | None:
        """The city of its member."""
        return self.member.city


class Reading(Base):
    """A best read on an agenda, and why it matters. `added_by_id` is who added it, None where that is not known or they have left."""

    __tablename__ = "reading"
    __table_args__ = (Index(None, "agenda_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    title: Mapped[str] = mapped_column(Text)
    authors: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None]
    kind: Mapped[str] = mapped_column(default="book")
    link: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    removed_at: Mapped[datetime | None]

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")

    @property
    def address(self) -> str:
        """Its address on the page of its agenda."""
        return f"/agendas/{self.agenda.slug}#reading-{self.id}"
