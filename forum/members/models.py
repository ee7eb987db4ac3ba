"""Members with their sessions, cities and organisations; and the federation itself."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any, NamedTuple

from flask_babel import get_locale
from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum import permissions, principals
from forum.clock import now
from forum.columns import Base, partial_index
from forum.illustrations import size_of
from forum.plaintext import fold, short_hash
from forum.sentences import recognised, sentence

# Compared byte by byte on both databases, so that an index can serve prefix searches
FOLDED = String(200).with_variant(String(200, collation="C"), "postgresql")
FOLDED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
# The order of members in lists, and whether they are listed at all
LISTED = ("sort_key", "id", "left_at", "hidden_at")
# What members say about themselves in words of their own: lines, and a text in Markdown. Rules read it before it is
# published, a moderator decides about it, and it is emptied when the member leaves.
PROFILE_LINES = ("name", "position", "helps_with")
PROFILE_TEXTS = (*PROFILE_LINES, "about")
# All that a profile says but its picture and its languages, which are rows of their own
PROFILE_FIELDS = (*PROFILE_TEXTS, "organisation_id", "city_id", "language")
# Why a mandate ended: the organisation has named others, or all its members again, the last day has passed, the
# member has left the forum, or belongs to another organisation
MANDATE_ENDS = TAKEN_BACK, ALL_WRITE, LAST_DAY, LEFT, MOVED_ON = (
    "taken back",
    "all write",
    "last day",
    "left",
    "moved on",
)
NON_JOINER = "\u200c"  # between letters that would join; itself it has no width
PALETTES = ("water", "rose", "teal", "sand", "park", "heather")
# What the device of a session is called; rows keep it in English
A_BROWSER = sentence("A browser")
A_BROWSER_ON_SYSTEM = sentence("A browser on %(system)s")
BROWSER_ON_SYSTEM = sentence("%(browser)s on %(system)s")


def said_of_device(kept: str) -> str:
    """What a device is called in the present language; older rows have the one in which somebody signed in, and stay as they are."""
    known = (A_BROWSER_ON_SYSTEM, BROWSER_ON_SYSTEM, A_BROWSER)
    found = recognised(kept, *(name.message for name in known))
    return str(found or kept or A_BROWSER)


class Federation(Base):
    """The federation whose forum this is; one row, made by `flask setup` or `flask demo`."""

    __tablename__ = "federation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tagline: Mapped[str] = mapped_column(Text, default="")
    # The locale of the tagline, empty where nobody has said it; and what the tagline is in others, by locale
    tagline_locale: Mapped[str] = mapped_column(default="", server_default="")
    taglines: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    contact_email: Mapped[str] = mapped_column(default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    # Since when joining requires agreement to terms of use; set by the terms room
    terms_from: Mapped[datetime | None]
    # Since when moderators, hosts and administrators need a second factor; None: they do not
    factors_required_at: Mapped[datetime | None]
    # Since when the list of the first steps of a new forum is closed; None: it is shown
    first_steps_closed_at: Mapped[datetime | None]
    # The name of its own mark, with the size in it as in names of pictures; empty: it has the usual one
    mark: Mapped[str] = mapped_column(default="")

    def tagline_in(self, locale: str) -> tuple[str, str]:
        """The tagline for readers of a locale, and the locale in which it is said.

        The latter is empty where nobody has said it, or there is no tagline.
        """
        if locale != self.tagline_locale and (own := self.taglines.get(locale)):
            return own, locale
        return self.tagline, self.tagline_locale if self.tagline else ""

    @property
    def mark_address(self) -> str:
        """The path of its own mark, for a federation that has one."""
        return f"/mark/{self.mark}.webp"

    @property
    def icon_address(self) -> str:
        """The path of its own mark as phones put it on a home screen, for a federation that has one."""
        return f"/mark/{self.mark}.png"

    @property
    def mark_size(self) -> tuple[int, int]:
        """Width and height of its own mark in pixels, for a federation that has one."""
        return size_of(self.mark)


class FederationMark(Base):
    """The bytes of the federation's own mark, as WebP; no row while it has the usual one."""

    __tablename__ = "federation_mark"

    federation_id: Mapped[int] = mapped_column(
        ForeignKey("federation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)


# The classes of city sizes, each with its upper limit of population
CITY_SIZES = (("town", 50_000), ("small", 250_000), ("medium", 1_000_000), ("large", 5_000_000))
LARGEST_SIZE = "largest"


class CityLabel:
    """How pages name a city, and its size; shared by `City` and `HomeCity`."""

    name: Any
    country: Any
    population: Any

    @property
    def country_name(self) -> str:
        """The name of the country in the language of the page."""
        locale = get_locale()
        return str(locale.territories.get(self.country, self.country)) if locale else self.country

    @property
    def place_in_lists(self) -> tuple[str, str]:
        """What lists are sorted by: the country and the name, without accents, so that Équateur stands before Fidji."""
        return fold(self.country_name), fold(self.name)

    @property
    def label(self) -> str:
        """The name with its country, in the form that a member may type."""
        return f"{self.name}, {self.country_name}"

    @property
    def size(self) -> str:
        """Its class among `CITY_SIZES`."""
        return next((size for size, limit in CITY_SIZES if self.population < limit), LARGEST_SIZE)


class City(CityLabel, Base):
    """A city of the GeoNames list; `country` is its ISO 3166 code of two letters."""

    __tablename__ = "city"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(index=True)
    latitude: Mapped[float]
    longitude: Mapped[float]
    population: Mapped[int]


class CityName(Base):
    """One name of a city in one script, folded for search by `fold`."""

    __tablename__ = "city_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id", ondelete="CASCADE"), index=True)
    folded: Mapped[str] = mapped_column(FOLDED, index=True)


class Organisation(Base):
    """A member organisation of the federation.

    When it `names_voices`, only its members who are one of its voices (`Member.is_voice`) write for it; else all do.
    """

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"), index=True)
    representative_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", use_alter=True, name="fk_organisation_representative_id")
    )
    seats: Mapped[int | None]
    names_voices: Mapped[bool] = mapped_column(server_default=false())
    website: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    city: Mapped[City | None] = relationship(lazy="raise_on_sql")
    representative: Mapped[Member | None] = relationship(
        lazy="raise_on_sql", foreign_keys=[representative_id]
    )


class PersonLabel:
    """How pages name a person; shared by `Member` and `AuthorRow`."""

    id: Any
    name: Any
    hidden_at: Any
    left_at: Any
    hosted: Any

    def office_on(self, agenda_id: int) -> str:
        """The office to show beside the name: moderator, administrator, or host of this agenda; else empty."""
        return principals.office_of(self, agenda_id)

    @property
    def has_page(self) -> bool:
        """Whether the profile is public: it is not hidden, and the person has not left."""
        return self.hidden_at is None and self.left_at is None

    @property
    def initials(self) -> str:
        """One or two letters instead of a picture: of the first and last word of the name that begins with one.

        Arabic letters stand apart: joined they would be a word, such as the “no” of ل and ا.
        """
        words = [word for word in self.name.split() if word[0].isalpha()] or self.name.split()
        letters = [word[0] for word in (words[:1] + words[-1:] if words[1:] else words)]
        do_join = all(unicodedata.bidirectional(letter) == "AL" for letter in letters)
        return (NON_JOINER if do_join else "").join(letters).upper()

    @property
    def palette(self) -> str:
        """The colour behind the initials: always the same for the same person."""
        return PALETTES[self.id % len(PALETTES)]


class Credentials(NamedTuple):
    """What a member signs in with at one moment, by which an action detects that it has changed since."""

    password_hash: str
    changed_at: datetime | None


class Member(PersonLabel, permissions.Person, Base):
    """A person with an account. `hosted` are the ids of the agendas that the person hosts, `ignored` those of `Ignore`.

    `locale` is the language of the interface that the member chose last, in which letters are written; None is the
    forum's. `handle_changed_at` is when the member last chose another handle; former handles are rows of
    `EarlierHandle`, and the very first of them is `first_handle`, under which browsers store the member's drafts.

    `sort_key`, the beginning of `folded`, is the order of lists. `factor_at`: since when there is a second factor.
    `held_at`: since when rights over others are suspended, because a required second factor is missing
    (`Person.is_held`). `address_generation` counts how often the member has made new addresses to which topics are sent
    by e-mail; those of earlier generations are void. `credentials_at`: when credentials were last changed. `terms_due_at`: from when the member
    must have agreed to the terms in order to write. `leaving_at`: when a closed account ends, in the way of
    `leaving_how`; `left_at`: when it has ended. `portrait`: the name of the member's picture (`Portrait`), for pages that
    show it; empty: there is none.
    """

    __tablename__ = "member"
    __table_args__ = (
        Index("ix_member_listed", *LISTED),
        Index("ix_member_organisation_id", "organisation_id", *LISTED),
        Index("ix_member_city_id", "city_id", *LISTED),
        Index(
            "ix_member_leaving",
            "leaving_at",
            "id",
            **partial_index("leaving_at IS NOT NULL AND left_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(default=principals.MEMBER)
    hosted: Mapped[list[int]] = mapped_column(JSON, default=list)
    ignored: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    position: Mapped[str] = mapped_column(default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    # Whether the member may write for that organisation (true for all members if it names no voices), and until which
    # day
    is_voice: Mapped[bool] = mapped_column(server_default=true())
    voice_until: Mapped[date | None]
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"))
    language: Mapped[str] = mapped_column(default="en")
    locale: Mapped[str | None]
    helps_with: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[str] = mapped_column(Text, default="")
    about_html: Mapped[Markup] = mapped_column(default="")
    html_version: Mapped[int] = mapped_column(default=0)
    folded: Mapped[str] = mapped_column(FOLDED_TEXT, default="")
    sort_key: Mapped[str] = mapped_column(FOLDED, default="")
    # Equal for names and handles that look alike, see `confusables.skeleton`
    name_skeleton: Mapped[str] = mapped_column(default="", server_default="", index=True)
    handle_skeleton: Mapped[str] = mapped_column(default="", server_default="", index=True)
    handle_changed_at: Mapped[datetime | None]
    first_handle: Mapped[str | None]
    joined_at: Mapped[datetime] = mapped_column(index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    posts_count: Mapped[int] = mapped_column(default=0)
    # Held texts that wait for a moderator, or were refused and not withdrawn; set by the dialogue room
    waiting_count: Mapped[int] = mapped_column(default=0, server_default="0")
    drafts_count: Mapped[int] = mapped_column(server_default="0")  # set by the dialogue room
    mail_paused_at: Mapped[datetime | None]
    mail_paused_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    suspended_until: Mapped[datetime | None]
    silenced_until: Mapped[datetime | None]
    reports_suspended_until: Mapped[datetime | None]
    factor_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    credentials_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    terms_due_at: Mapped[datetime | None]
    takes_letters: Mapped[bool] = mapped_column(default=True, server_default=true())
    address_generation: Mapped[int] = mapped_column(server_default="0")
    leaving_at: Mapped[datetime | None]
    leaving_how: Mapped[str] = mapped_column(default="", server_default="")
    left_at: Mapped[datetime | None]
    portrait: Mapped[str] = mapped_column(server_default="")

    organisation: Mapped[Organisation | None] = relationship(
        lazy="raise_on_sql", foreign_keys=[organisation_id]
    )
    city: Mapped[City | None] = relationship(lazy="raise_on_sql")
    invited_by: Mapped[Member | None] = relationship(lazy="raise_on_sql", remote_side=[id])
    languages: Mapped[list[MemberLanguage]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="MemberLanguage.position"
    )

    @property
    def credentials(self) -> Credentials:
        """What the member signs in with now, to be read together with what is verified."""
        return Credentials(self.password_hash, self.credentials_at)

    @property
    def fingerprint(self) -> str:
        """A hash of what the profile says and shows: a moderator's decision is refused when it has changed since it was seen."""
        said = [getattr(self, name) for name in (*PROFILE_TEXTS, "portrait")]
        return short_hash("\n".join(said))

    @property
    def portrait_address(self) -> str:
        """The path of the member's picture, for a member who has one."""
        return f"/portraits/{self.portrait}.webp"


class Portrait(Base):
    """The picture that a member shows, as WebP. It is a square; its name has its size in it, as names of pictures do.

    Whoever sees the profile sees it. Another picture gets another name, which nobody can guess.
    """

    __tablename__ = "member_portrait"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Mandate(Base):
    """An organisation has named a member who writes for it. The row stays when that has ended.

    Its present state is repeated in the member's row (`Member.is_voice`, `Member.voice_until`), so that pages need no
    query. `since` and `named_by_id` are None for mandates from before records were kept. `reminded_at` is when member
    and representative were reminded of the `last_day`; `ended_why` is one of `MANDATE_ENDS`.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        Index("ix_mandate_organisation_id", "organisation_id", "id"),
        Index(
            "ix_mandate_open_once",
            *("member_id", "organisation_id"),
            unique=True,
            **partial_index("ended_at IS NULL"),
        ),
        # For the worker, which looks every few minutes for mandates that have ended or end soon.
        Index(
            "ix_mandate_last_day",
            *("last_day", "id"),
            **partial_index("last_day IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    since: Mapped[datetime | None]
    last_day: Mapped[date | None]
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(server_default="")

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[member_id])
    named_by: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[named_by_id])

    @property
    def is_open(self) -> bool:
        """Whether the mandate is in force: also on the last day, and regardless of whether the worker has ended it."""
        return self.ended_at is None and (self.last_day is None or self.last_day >= now().date())

    @property
    def why_ended(self) -> str:
        """One of `MANDATE_ENDS`; empty while it is open."""
        return self.ended_why or ("" if self.is_open else LAST_DAY)

    @property
    def end(self) -> date | None:
        """The day on which it ended, or will end; None for no end."""
        if self.why_ended in ("", LAST_DAY) or self.ended_at is None:
            return self.last_day
        return self.ended_at.date()


class EarlierHandle(Base):
    """A former handle of a member, until `replaced_at`. It leads to the member for ever, and nobody else gets it."""

    __tablename__ = "earlier_handle"

    handle: Mapped[str] = mapped_column(primary_key=True)
    handle_skeleton: Mapped[str] = mapped_column(index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    replaced_at: Mapped[datetime]


class FormerHandle(Base):
    """The hash of a handle of somebody who has left: nobody gets it again, and no name is stored."""

    __tablename__ = "former_handle"

    handle_hash: Mapped[str] = mapped_column(primary_key=True)


class Ignore(Base):
    """A member ignores another one, who is not told. `Member.ignored` repeats the ids, for pages."""

    __tablename__ = "ignored_member"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    ignored_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime]

    ignored: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[ignored_id])


class MemberLanguage(Base):
    """A language that a member writes; `language` is its ISO 639 code, `position` 0 the best."""

    __tablename__ = "member_language"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int]


class Session(Base):
    """A signed-in device. The cookie contains a token; only its hash is stored here.

    `device` is what it is called, in English: pages say `device_name`.
    `how` lists the methods of authentication: keys of `factors.forms.METHOD_NAMES`, separated by commas.
    """

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(default="")
    how: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    # When the member last authenticated: when signing in, or again since
    proved_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def device_name(self) -> str:
        """What its device is called, in the language of the page."""
        return said_of_device(self.device)
