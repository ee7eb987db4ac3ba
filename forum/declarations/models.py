"""Joint declarations, who has signed them for which organisation, and which organisations were invited to."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256

from markupsafe import Markup
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.members.models import City, Member, Organisation
from forum.plaintext import short_hash

DRAFT, CONSULTATION, OPEN, ADOPTED, WITHDRAWN = STATES = (
    "draft",
    "consultation",
    "open",
    "adopted",
    "withdrawn",
)
TOLD_STATES = STATES[1:]  # the states in which everybody sees it
TO_SIGN = "frozen_at IS NOT NULL AND adopted_at IS NULL AND withdrawn_at IS NULL"


def digest_of(source: str) -> str:
    """The SHA-256 of a text in UTF-8, in 64 hexadecimal digits: that of the file in which a reader saves it."""
    return sha256(source.encode()).hexdigest()


class Declaration(Base):
    """A text that organisations sign together. Its state follows from the times.

    Until it is opened for consultation (`opened_at`) it is a draft, which only moderators of its agenda see. From
    `frozen_at` on its text never changes: `digest` is the SHA-256 of its source, and organisations sign until the end
    of the day `sign_until`. Then it is adopted, unless it was withdrawn. `topic_id` is the topic of its consultation,
    `replaces_id` the withdrawn declaration that it replaces. `signatures_count` does not count signatures that were
    taken back.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        Index(None, "agenda_id", "id"),
        Index("ix_declaration_to_sign", "sign_until", **partial_index(TO_SIGN)),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agenda_id: Mapped[int] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    topic_id: Mapped[int | None] = mapped_column(
        ForeignKey("topic.id", ondelete="SET NULL"), index=True
    )
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("declaration.id", name="fk_declaration_replaces_id"), index=True
    )
    title: Mapped[str]
    slug: Mapped[str]  # the end of its address, made from the title
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]
    language: Mapped[str] = mapped_column(default="en")
    digest: Mapped[str] = mapped_column(default="", server_default="")
    sign_until: Mapped[date | None]
    signatures_count: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    adopted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    agenda: Mapped[Agenda] = relationship(lazy="raise_on_sql")
    author: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def address(self) -> str:
        """The path of its page."""
        return f"/declarations/{self.id}-{self.slug}"

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.withdrawn_at:
            return WITHDRAWN
        if self.adopted_at:
            return ADOPTED
        if self.frozen_at:
            return OPEN
        return CONSULTATION if self.opened_at else DRAFT


class Signature(Base):
    """An organisation has signed a declaration; name, position, organisation and city as they were that day.

    `words` is the text of the reservation, if any: plain text. While moderators hide it, `reservation`, which pages
    print, is empty; the signature itself stays and counts. A signature that is taken back is deleted, unless its
    reservation is hidden: then the row stays, with `withdrawn_at`, so that the decision can still be appealed.
    Reports and decisions refer to it by its id, so ids are never reused. `member_id` is None when the member has
    left.
    """

    __tablename__ = "signature"
    __table_args__ = (
        Index(
            "ix_signature_of_organisation",
            "declaration_id",
            "organisation_id",
            unique=True,
            **partial_index("withdrawn_at IS NULL"),
        ),
        Index(None, "organisation_id", "id"),
        Index(None, "city_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    name: Mapped[str]
    position: Mapped[str] = mapped_column(default="", server_default="")
    organisation_name: Mapped[str]
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"))
    words: Mapped[str] = mapped_column("reservation", Text, default="", server_default="")
    language: Mapped[str] = mapped_column(default="en")
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")

    declaration: Mapped[Declaration] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    member: Mapped[Member | None] = relationship(lazy="raise_on_sql")
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")

    @property
    def country(self) -> str:
        """The code of the country of its city; without a city the CLDR code for an unknown country, which is sorted last."""
        return self.city.country if self.city else "ZZ"

    @property
    def reservation(self) -> str:
        """The reservation as readers see it."""
        return "" if self.hidden_at else self.words

    @property
    def fingerprint(self) -> str:
        """A hash of the reservation: a moderator's decision is refused when it has changed since the moderator read it."""
        return short_hash(self.words)


class InvitedOrganisation(Base):
    """An organisation was invited to sign a declaration, and reminded of it a week before the last day.

    Moderators may take the invitation back (`taken_back_at`), and invite again.
    """

    __tablename__ = "invited_organisation"

    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, index=True
    )
    invited_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    taken_back_by: Mapped[Member | None] = relationship(lazy="raise_on_sql")
