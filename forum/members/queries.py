"""Look-ups of members, sessions, cities, organisations, and of the federation itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    inspect,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from forum.confusables import skeleton
from forum.db import (
    FEDERATION,
    PAGE_VERSIONS,
    Base,
    Moment,
    cached,
    db,
    detached,
    execute_core,
    now,
)
from forum.errors import Conflict, NotFound
from forum.history.models import Version
from forum.history.queries import versions_of
from forum.markup import fold
from forum.members.models import (
    City,
    CityName,
    Federation,
    FormerHandle,
    Ignore,
    InCountry,
    Member,
    MemberLanguage,
    Organisation,
    Session,
)
from forum.pages import Page, clamp, count_of, page_of, pages_for, rows_by_id
from forum.permissions import Person, administers, cached_statement, moderates, require, sees_hidden
from forum.tokens import kept_hash

T = TypeVar("T")
IDLE = timedelta(days=30)
LONGEST = timedelta(days=180)
DIRECTORY_PAGE = 40
MOST = 2_000
SORT_KEY = 100  # signs; an index takes no long ones
LAST_SIGN = "\U0010ffff"
LANGUAGES = Path(__file__).parent / "data/languages.txt"


# The federation and languages


def federation() -> Federation | None:
    """The federation whose forum this is, or None before `flask setup`."""
    return db.session.scalar(select(Federation).order_by(Federation.id).limit(1))


class Known(NamedTuple):
    """What pages say of the federation, and the number of its scope at the moment when it was read."""

    federation: Federation
    number: int


def federation_known() -> Known | None:
    """The federation to be remembered: all who ask share it, and no session knows it. None before `flask setup`."""
    number = (
        select(PAGE_VERSIONS.c.number).where(PAGE_VERSIONS.c.scope == FEDERATION).scalar_subquery()
    )
    columns = [getattr(Federation, name) for name in _SAID_ON_PAGES]
    query = select(*columns, number).order_by(Federation.id).limit(1)
    row = db.session.execute(query).first()
    if row is None:
        return None
    return Known(detached(Federation, dict(zip(_SAID_ON_PAGES, row, strict=False))), row[-1] or 0)


_SAID_ON_PAGES = ("id", "name", "tagline", "contact_email", "is_demo")


def federation_to_describe(administrator: Person) -> Federation:
    """The federation, for those who may give it another name; else `Forbidden`."""
    require(administrator.can.administer())
    return _set_up(federation())


def federation_to_change(administrator: Person) -> Federation:
    """The same for a deed: who changes it in the same moment waits."""
    require(administrator.can.administer())
    query = select(Federation).order_by(Federation.id).limit(1)
    return _set_up(db.session.scalar(query.with_for_update()))


def _set_up(known: Federation | None) -> Federation:
    if known is None:
        raise Conflict(_("This forum has not been set up yet."))
    return known


def federation_fields(federation: Federation) -> dict[str, str]:
    """What an administrator can change of the federation."""
    names = ("name", "tagline", "contact_email")
    return {name: getattr(federation, name) for name in names}


def federation_before(administrator: Person) -> list[Version]:
    """What the forum was called before, until when, and who changed it; the latest change first."""
    return versions_of(FEDERATION, federation_to_describe(administrator).id)


def terms_from() -> datetime | None:
    """Since when whoever joins has to agree to terms of use; None when there are none."""
    return db.session.scalar(select(Federation.terms_from).order_by(Federation.id).limit(1))


def are_factors_required() -> bool:
    """Whether those who moderate or administer need a second factor. In a deed nobody changes that meanwhile."""
    wanted = select(Federation.factors_required_at).order_by(Federation.id).limit(1)
    return db.session.scalar(wanted.with_for_update(read=True)) is not None


@cache
def languages() -> list[tuple[str, str]]:
    """The languages one can choose: code and own name, ordered by the own name."""
    return sorted(named_languages().items(), key=lambda pair: fold(pair[1]))


@cache
def named_languages() -> dict[str, str]:
    """The own names of the languages, by code: from a file, because Babel takes 70 MB to tell them."""
    lines = LANGUAGES.read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


# Sessions


def token_hash(token: str) -> str:
    """What is kept of a session's token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


class OpenSession(NamedTuple):
    """A session by which somebody is signed in now, and who; `beside` is what else was asked, see `session_of`."""

    id: int
    seen_at: datetime
    proved_at: datetime | None
    how: str
    member: Member
    beside: Any


def session_of(token: str, beside: ColumnElement[Any] | None = None) -> OpenSession | None:
    """The open session of a token, with its member and the member's city and organisation; None when there is none.

    A session is over when it has ended, when it was idle or open for too long, or when the member may not sign in now.
    The member is detached: when a deed fails, the page still has the person as it was read. Columns that no page asks of
    its reader are left out (`_NOT_OF_MEMBER`). `beside` is one more column that the caller wants of the session; pass the
    same object each time.
    """
    row = execute_core(_open_session(beside), {"token_hash": token_hash(token), **_times()}).first()
    if row is None:
        return None
    member, city, organisation = (
        dict(zip(keys, row[start:], strict=False)) for start, keys in _of_member()
    )
    member["city"] = detached(City, city) if city["id"] else None
    member["organisation"] = detached(Organisation, organisation) if organisation["id"] else None
    return OpenSession._make((*row[: len(_OF_SESSION)], detached(Member, member), row[-1]))


_OF_SESSION = (Session.id, Session.seen_at, Session.proved_at, Session.how)
_OF_MEMBER: tuple[type[Base], ...] = (Member, City, Organisation)
# What no page asks of whoever reads it. Each column costs half a hundredth of a page's time.
_NOT_OF_MEMBER = {
    *("about", "about_html", "html_version", "folded", "sort_key", "helps_with", "leaving_how"),
    *("name_skeleton", "handle_skeleton", "latitude", "longitude", "population", "website"),
    *("representative_id", "seats", "kind", "created_at"),
}


@cache
def _of_member() -> list[tuple[int, tuple[str, ...]]]:
    """Where in the row of an open session each of `_OF_MEMBER` begins, and the names of its columns."""
    keys = [_keys(kind) for kind in _OF_MEMBER]
    starts = accumulate((len(names) for names in keys), initial=len(_OF_SESSION))
    return list(zip(starts, keys, strict=False))


@cache
def _keys(kind: type[Base]) -> tuple[str, ...]:
    return tuple(
        attribute.key
        for attribute in inspect(kind).column_attrs
        if attribute.key not in _NOT_OF_MEMBER
    )


@cache
def _open_session(beside: ColumnElement[Any] | None) -> Select[Any]:
    columns = [getattr(kind, key) for kind in _OF_MEMBER for key in _keys(kind)]
    found = (
        select(*_OF_SESSION, *columns, null() if beside is None else beside)
        .join(Session.member)
        .outerjoin(Member.city)
        .outerjoin(Member.organisation)
        .where(Session.token_hash == bindparam("token_hash"))
    )
    return found.where(_is_open(), may_sign_in(bindparam("now", type_=Moment())))


def sessions_of(member: Person) -> list[Session]:
    """The open sessions of a member, the one seen last first."""
    found = select(Session).where(Session.member_id == member.id, _is_open())
    newest_first = found.order_by(Session.seen_at.desc(), Session.id.desc())
    return list(db.session.scalars(newest_first, _times()))


def _times() -> dict[str, datetime]:
    """The moments that the kept statements compare with."""
    return {"idle_since": now() - IDLE, "open_since": now() - LONGEST, "now": now()}


def _is_open() -> ColumnElement[bool]:
    return and_(
        Session.ended_at.is_(None),
        Session.seen_at > bindparam("idle_since", type_=Moment()),
        Session.created_at > bindparam("open_since", type_=Moment()),
    )


def may_sign_in(moment: Any) -> ColumnElement[bool]:
    """In SQL: who has not left and is not suspended at a moment."""
    is_free = or_(Member.suspended_until.is_(None), Member.suspended_until <= moment)
    return and_(Member.left_at.is_(None), is_free)


def may_act(moment: Any) -> ColumnElement[bool]:
    """In SQL: who can do something at a moment: may sign in and write, and has not closed the account."""
    may_write = or_(Member.silenced_until.is_(None), Member.silenced_until <= moment)
    return and_(may_sign_in(moment), may_write, Member.leaving_at.is_(None))


# Members


def visible_members(reader: Person) -> Select[Member]:
    """The members that a reader may see: all who have not left, but for profiles that are hidden.

    A hidden profile is seen by moderators and by the person whose it is.
    """
    return _seen_by(reader, literal(reader.id or 0))


def _seen_by(reader: Person, own_id: Any) -> Select[Member]:
    here = select(Member).where(Member.left_at.is_(None))
    if sees_hidden(reader, None):
        return here
    return here.where(or_(Member.hidden_at.is_(None), Member.id == own_id))


def get_member(reader: Person, handle: str) -> Member:
    """One member with city, organisation and languages loaded."""
    found = visible_members(reader).where(Member.handle == handle).options(*_whole_profile())
    return _found(db.session.scalar(found), _("There is no member of this name."))


def my_profile(member: Person) -> Member:
    """One's own account with everything loaded; raises `Forbidden` for visitors."""
    require(member.can.edit_profile(member))  # a visitor is refused
    return get_member(member, member.handle)


def hold_writer(author: Person) -> None:
    """Lock an author's row, so that nobody takes away the right to write until the deed is done.

    Call this first in a deed. Who takes the right away locks the member first, too (`hold_member`), so both wait for
    each other in one order. Deeds of the same author do not wait for each other.
    """
    if author.id:
        query = select(Member).where(Member.id == author.id)
        db.session.scalar(query.with_for_update(read=True, key_share=True))


def hold_member(member_id: int | None, *, may_write: bool = False) -> None:
    """Lock a member's row until the deed is done, and read it anew; other changes of the member wait.

    Also waits for what the member is writing now, and lets later writing wait, unless the member `may_write` meanwhile.
    """
    held = select(Member).where(Member.id == member_id)
    db.session.scalar(held.with_for_update(key_share=may_write))


def member_by_id(reader: Person, member_id: int) -> Member:
    """One member by number, loaded as by `get_member`."""
    found = visible_members(reader).where(Member.id == member_id).options(*_whole_profile())
    return _found(db.session.scalar(found), _("There is no such member."))


def languages_spoken(member_id: int) -> list[str]:
    """The codes of the languages that a member speaks, the best first."""
    query = select(MemberLanguage.language).where(MemberLanguage.member_id == member_id)
    return list(db.session.scalars(query.order_by(MemberLanguage.position)))


def ignored_by(member: Person) -> Sequence[Ignore]:
    """Whom a member ignores, with them, by name."""
    require(member.can.take_data())
    query = select(Ignore).where(Ignore.member_id == member.id).join(Ignore.ignored)
    people = contains_eager(Ignore.ignored)
    return db.session.scalars(query.options(people).order_by(Member.sort_key, Member.id)).all()


def ignored_member(member: Person, handle: str) -> Member:
    """Somebody whom a member ignores, with a hidden profile, too; anybody else as the member finds them."""
    theirs = (row.ignored for row in ignored_by(member) if row.ignored.handle == handle)
    return next(theirs, None) or get_member(member, handle)


def ignored_ids(member_id: int) -> list[int]:
    """The ids of whom a member ignores, in order."""
    query = select(Ignore.ignored_id).where(Ignore.member_id == member_id)
    return sorted(db.session.scalars(query))


def ignoring(member_id: int) -> Sequence[Member]:
    """Who ignores a member, held until the deed is done that ends it; for nobody to read."""
    query = select(Member).join(Ignore, Ignore.member_id == Member.id)
    held = query.order_by(Member.id).with_for_update(of=Member, key_share=True)
    return db.session.scalars(held.where(Ignore.ignored_id == member_id)).all()


def ignores(member_id: Any, other_id: int) -> ColumnElement[bool]:
    """In SQL: whether a member ignores another."""
    return exists().where(Ignore.member_id == member_id, Ignore.ignored_id == other_id)


def members_by_handle(handles: Iterable[str]) -> list[Member]:
    """The members of some handles, in that order; unknown handles are left out."""
    wanted = list(dict.fromkeys(handles))
    found = select(Member).where(Member.handle.in_(wanted), Member.left_at.is_(None))
    by_handle = {member.handle: member for member in db.session.scalars(found)}
    return [by_handle[handle] for handle in wanted if handle in by_handle]


def members_to_mention(handles: Iterable[str]) -> list[Member]:
    """The members of some handles whose profiles everybody sees, in that order."""
    return [member for member in members_by_handle(handles) if member.has_page]


def members_to_suggest(writer: Person, typed: str, limit: int = 8) -> list[Member]:
    """The members whose name or handle begins like what somebody types who may write, with their cities."""
    require(writer.can.write())
    wanted = fold(typed).split()[:4]
    if not wanted:
        return []
    in_handle = and_(*(_has_part(word) for word in wanted))
    is_named = and_(*(_has_word(Member.folded, word) for word in wanted))
    found = select(Member).where(Member.left_at.is_(None), Member.hidden_at.is_(None))
    found = found.where(or_(is_named, in_handle)).options(joinedload(Member.city))
    # A handle is made of the name: who is called so comes before whose position begins so.
    best_first = found.order_by(case((in_handle, 0), else_=1), Member.sort_key, Member.id)
    return list(db.session.scalars(best_first.limit(limit)))


def _has_part(word: str) -> ColumnElement[bool]:
    """In SQL: the handle has a part that begins like a word."""
    within = Member.handle.contains(f"-{word}", autoescape=True)
    return or_(Member.handle.startswith(word, autoescape=True), within)


def by_email(email: str) -> Member | None:
    """The member who joined with an e-mail address, however its letters are cased."""
    found = select(Member).where(Member.email == plain_email(email), Member.left_at.is_(None))
    return db.session.scalar(found)


def plain_email(email: str) -> str:
    """An e-mail address as it is kept and compared."""
    return email.strip().lower()


def email_is_taken(email: str) -> bool:
    """Whether somebody has an account with an address, even a closed one."""
    found = select(Member.id).where(Member.email == plain_email(email))
    return db.session.scalar(found) is not None


def handle_is_taken(handle: str) -> bool:
    """Whether somebody has a handle, or one that looks like it, or had it and left."""
    seen = skeleton(handle)
    has = exists().where(or_(Member.handle == handle, Member.handle_skeleton == seen))
    had = exists().where(FormerHandle.handle_hash.in_([kept_hash(handle), kept_hash(seen)]))
    return bool(db.session.scalar(select(or_(has, had))))


def looks_like_somebody(name: str, own_id: int | None) -> bool:
    """Whether a name looks like that of somebody who moderates, or like the handle of anybody, made of other letters.

    The plain name of another member is anybody's: people have namesakes.
    """
    seen = skeleton(name)
    moderator = and_(Member.name_skeleton == seen, moderates(Member.role))
    is_foreign = not fold(name).isascii()
    likes = or_(moderator, Member.handle_skeleton == seen) if is_foreign else moderator
    found = select(Member.id).where(likes, Member.id != (own_id or 0), Member.left_at.is_(None))
    return db.session.scalar(found.limit(1)) is not None


def members_named(reader: Person, words: str) -> Select[Member]:
    """The members whose name, position or offer of help has a word beginning with each of the words.

    A select, ordered by name and with city and organisation loaded, for `pages.page_of`. No words find nobody.
    """
    wanted = fold(words).split()[:8]
    found = visible_members(reader).where(*(_has_word(Member.folded, word) for word in wanted))
    if not wanted:
        found = found.where(Member.id.is_(None))
    return _by_name(found.options(*_in_a_list()))


@dataclass(frozen=True)
class DirectoryFilter:
    """Which members the directory lists. `ids`, a select of member ids, lets a room above narrow it."""

    words: str = ""
    city_id: int | None = None
    country: str = ""
    organisation_id: int | None = None
    language: str = ""
    ids: Select[Any] | None = None


def directory(reader: Person, wanted: DirectoryFilter, page: int = 1) -> Page[Member]:
    """One page of members by name, with city, organisation and languages loaded."""
    found = visible_members(reader).where(*_narrowed(wanted))
    total = count_of(found)
    pages = pages_for(total, DIRECTORY_PAGE)
    page = clamp(page, pages)
    part = _by_name(found).limit(DIRECTORY_PAGE).offset((page - 1) * DIRECTORY_PAGE)
    rows = rows_by_id(part, Member.id, *_in_a_list(), selectinload(Member.languages))
    return Page(db.session.scalars(rows).all(), page, pages, total)


def members_of_city(reader: Person, city_id: int, limit: int = MOST) -> list[Member]:
    """The members of a city by name."""
    return _people(visible_members(reader).where(Member.city_id == city_id), limit)


def members_of_organisation(
    reader: Person, organisation_id: int, limit: int = MOST
) -> list[Member]:
    """The members of an organisation by name."""
    here = visible_members(reader).where(Member.organisation_id == organisation_id)
    return _people(here, limit)


def members_count(
    reader: Person, city_id: int | None = None, organisation_id: int | None = None
) -> int:
    """How many members a city or an organisation has."""
    column, value = Member.city_id, city_id
    if organisation_id is not None:
        column, value = Member.organisation_id, organisation_id
    here = visible_members(reader).where(column == value)
    return db.session.scalar(here.with_only_columns(func.count())) or 0


def administered_members(administrator: Person, words: str, page: int = 1) -> Page[Member]:
    """Everybody with an account, by words of the name, a part of the e-mail address, or the handle."""
    require(administrator.can.administer())
    wanted = fold(words).split()[:8]
    is_meant = [
        or_(
            _has_word(Member.folded, word),
            Member.email.contains(word, autoescape=True),
            Member.handle == word,
        )
        for word in wanted
    ]
    found = select(Member).where(Member.left_at.is_(None), *is_meant).options(*_in_a_list())
    return page_of(_by_name(found), page, DIRECTORY_PAGE)


def administered_member(administrator: Person, handle: str) -> Member:
    """One member as by `get_member`, for administrators; else `Forbidden`."""
    require(administrator.can.administer())
    return get_member(administrator, handle)


def addresses_of(member_ids: Iterable[int]) -> dict[int, str]:
    """The e-mail addresses of some members, without those that take no mail and of people who have left."""
    takes_mail = (Member.left_at.is_(None), Member.mail_paused_at.is_(None))
    found = select(Member.id, Member.email).where(Member.id.in_(list(member_ids)), *takes_mail)
    return {row.id: row.email for row in db.session.execute(found)}


def all_members() -> list[Member]:
    """Everybody with an account in the order of joining, for the commands."""
    here = select(Member).where(Member.left_at.is_(None))
    return list(db.session.scalars(here.order_by(Member.id)))


def first_administrator() -> Member | None:
    """Who has run the forum for longest, of those who can run it now."""
    found = select(Member).where(*_run_it())
    return db.session.scalar(found.order_by(Member.joined_at, Member.id).limit(1))


def administrators_count() -> int:
    """How many people can run the forum now."""
    return db.session.scalar(select(func.count(Member.id)).where(*_run_it())) or 0


def another_runs_it(member_id: int) -> bool:
    """Whether anybody but a member can run the forum, for a deed that takes them away: until it ends, no other does."""
    found = select(Member.id).where(*_run_it()).order_by(Member.id)
    return bool(set(db.session.scalars(found.with_for_update())) - {member_id})


def _run_it() -> tuple[ColumnElement[bool], ...]:
    return administers(Member.role), may_act(now())


def leaving_members(limit: int) -> Sequence[Member]:
    """Members whose time to come back is over, those that another worker looks at passed over."""
    due = select(Member).where(Member.leaving_at <= now(), Member.left_at.is_(None))
    some = due.order_by(Member.leaving_at, Member.id).limit(limit)
    return db.session.scalars(some.with_for_update(skip_locked=True)).all()


def is_somebody_due() -> bool:
    """Whether somebody's time to come back is over; a look that locks nothing."""
    due = select(Member.id).where(Member.leaving_at <= now(), Member.left_at.is_(None))
    return db.session.scalar(due.limit(1)) is not None


def account_of(person: Person) -> Member:
    """One's own account, also while it is closed; raises `Forbidden` for visitors."""
    require(person.can.take_data())
    found = select(Member).where(Member.id == person.id).options(*_whole_profile())
    return _found(db.session.scalar(found), _("There is no such member."))


def held_members(administrator: Person) -> list[Member]:
    """Who moderates or administers without a second factor, by name; whether or not one is required."""
    require(administrator.can.administer())
    is_host = cast(Member.hosted, Text) != "[]"
    without = select(Member).where(
        Member.factor_at.is_(None), Member.left_at.is_(None), or_(moderates(Member.role), is_host)
    )
    return _people(without, MOST)


def _narrowed(wanted: DirectoryFilter) -> list[ColumnElement[bool]]:
    rules = [_has_word(Member.folded, word) for word in fold(wanted.words).split()[:8]]
    if wanted.city_id is not None:
        rules.append(Member.city_id == wanted.city_id)
    if wanted.country:
        here = select(City.id).where(City.country == wanted.country)
        rules.append(Member.city_id.in_(here))
    if wanted.organisation_id is not None:
        rules.append(Member.organisation_id == wanted.organisation_id)
    if wanted.language:
        speak = select(MemberLanguage.member_id).where(MemberLanguage.language == wanted.language)
        rules.append(Member.id.in_(speak))
    if wanted.ids is not None:
        rules.append(Member.id.in_(wanted.ids))
    return rules


def _has_word(folded: Any, word: str) -> ColumnElement[bool]:
    """In SQL: a word of what a member is found by begins so."""
    # Not by `member_fts` and `member.words`, which serve advice: they part words at each sign, PostgreSQL not those of
    # hosts and numbers, so that others would be found, and not the same on both databases; and no index holds the parts of
    # handles. Reading the rows takes 10 ms for suggestions and 10 to 30 for a list, of 20,000 members, as there are in a
    # forum of a million posts.
    has_word: ColumnElement[bool] = folded.contains(f" {word}", autoescape=True)
    return has_word


def _people(found: Select[Member], limit: int) -> list[Member]:
    return list(db.session.scalars(_by_name(found).options(*_in_a_list()).limit(limit)))


def _by_name(found: Select[Member]) -> Select[Member]:
    return found.order_by(Member.sort_key, Member.id)


def _in_a_list() -> tuple[Any, ...]:
    return joinedload(Member.city), joinedload(Member.organisation)


def _whole_profile() -> tuple[Any, ...]:
    organisation = joinedload(Member.organisation).joinedload(Organisation.city)
    inviter = joinedload(Member.invited_by)
    return joinedload(Member.city), organisation, inviter, selectinload(Member.languages)


# Cities


def get_city(slug: str) -> City:
    """One city by the last part of its address."""
    found = db.session.scalar(select(City).where(City.slug == slug))
    return _found(found, _("There is no city of this name."))


def cities_named(typed: str, limit: int = 8) -> list[City]:
    """The cities with a name, in any script, that begins with what was typed; the biggest first.

    After a comma may follow the country, as its name or its code of two letters.
    """
    name, country = _name_and_country(typed)
    if not name:
        return []
    begins = and_(CityName.folded >= name, CityName.folded < name + LAST_SIGN)
    return _cities(begins, country, limit)


def cities_called(typed: str, limit: int = 8) -> list[City]:
    """The cities with exactly the name that was typed, but for case and accents; the biggest first."""
    name, country = _name_and_country(typed)
    return _cities(CityName.folded == name, country, limit) if name else []


def city_by_name(name: str, country: str | None = None) -> City | None:
    """The biggest city of a name, in the country of a code of two letters when one is given."""
    called = _cities(CityName.folded == _folded_name(name), [country] if country else None, 1)
    return called[0] if called else None


def cities_count() -> int:
    """How many cities are loaded."""
    return db.session.scalar(select(func.count(City.id))) or 0


def city_slugs() -> dict[int, str]:
    """The last part of the address of every city, by number."""
    return {row.id: row.slug for row in db.session.execute(select(City.id, City.slug))}


def cities_with_members(reader: Person) -> list[tuple[City, int]]:
    """The cities that members come from, each with how many; most members first, then by name."""
    counted = _counted(reader, Member.city_id)
    found = select(City, counted.c.members).join(counted, counted.c.key == City.id)
    ordered = found.order_by(counted.c.members.desc(), City.name, City.id).limit(MOST)
    return [(city, members) for city, members in db.session.execute(ordered)]


class _HomeCity(NamedTuple):
    id: int
    slug: str
    name: str
    country: str
    latitude: float
    longitude: float


class HomeCity(_HomeCity, InCountry):
    """A city as maps and choices show it: hundreds of whole rows took three times as long."""


def home_cities(reader: Person) -> tuple[HomeCity, ...]:
    """The cities that members come from, by name."""
    own_id = reader.id if reader.hidden_at else 0  # who is hidden finds the own city, too

    def read() -> tuple[HomeCity, ...]:
        rows = execute_core(_home_cities(reader), {"own_id": own_id}).all()
        return tuple(map(HomeCity._make, rows))

    return cached(("cities of home", sees_hidden(reader, None), own_id), read)


@cached_statement
def _home_cities(reader: Person) -> Select[Any]:
    values = _values_of(Member.city_id, _seen_by(reader, bindparam("own_id")))
    columns = [getattr(City, name) for name in _HomeCity._fields]
    found = select(*columns).join(values, values.c.value == City.id)
    return found.order_by(City.name, City.id).limit(MOST)


def _values_of(column: Any, rows: Select[Any]) -> CTE:
    """The values that there are of a column, from each to the next in its index, however many rows have them."""
    least = rows.with_only_columns(column.label("value")).order_by(column).limit(1)
    first = select(least.where(column.is_not(None)).scalar_subquery().label("value"))
    values = first.cte("values_of", recursive=True)
    following = least.where(column > values.c.value).scalar_subquery()
    return values.union_all(select(following).where(values.c.value.is_not(None)))


def _name_and_country(typed: str) -> tuple[str, list[str] | None]:
    name, _comma, country = typed.strip()[:200].partition(",")
    return _folded_name(name), _countries(fold(country).strip()) if country.strip() else None


def folded_words(words: str) -> tuple[str, str]:
    """What a member is found by, `folded`, and the place in lists, `sort_key`, from name, position and the rest."""
    folded = " " + " ".join(fold(words).split())
    return folded, folded[:SORT_KEY]


def _folded_name(name: str) -> str:
    return " ".join(fold(name).split())[:200]


def _countries(folded: str) -> list[str]:
    named = {*_country_names("en"), *_country_names(str(get_locale() or "en"))}
    return [code for code, name in named if folded in (code.casefold(), name)]


@cache
def _country_names(locale: str) -> list[tuple[str, str]]:
    return [(code, fold(str(name))) for code, name in Locale.parse(locale).territories.items()]


def _cities(
    is_named: ColumnElement[bool], countries: Sequence[str] | None, limit: int
) -> list[City]:
    found = select(City).where(City.id.in_(select(CityName.city_id).where(is_named)))
    if countries is not None:
        found = found.where(City.country.in_([code.upper() for code in countries]))
    return list(db.session.scalars(found.order_by(City.population.desc(), City.id).limit(limit)))


def _counted(reader: Person, key: Any) -> Any:
    """How many visible members there are for each value of a column."""
    visible = visible_members(reader).where(key.is_not(None))
    counted = visible.with_only_columns(key.label("key"), func.count(Member.id).label("members"))
    return counted.group_by(key).subquery()


# Organisations


def organisations() -> list[Organisation]:
    """The organisations of the federation by name, with their cities loaded."""
    found = select(Organisation).options(joinedload(Organisation.city))
    return list(db.session.scalars(found.order_by(Organisation.name, Organisation.id).limit(MOST)))


def get_organisation(slug: str) -> Organisation:
    """One organisation, with its city and representative loaded."""
    found = select(Organisation).where(Organisation.slug == slug)
    loaded = (joinedload(Organisation.city), joinedload(Organisation.representative))
    return _found(
        db.session.scalar(found.options(*loaded)), _("There is no organisation of this name.")
    )


def organisation_to_curate(moderator: Person, slug: str) -> Organisation:
    """One organisation as by `get_organisation`, for those who may edit it; else `Forbidden`."""
    require(moderator.can.curate_all())
    return get_organisation(slug)


def organisation_fields(organisation: Organisation) -> dict[str, Any]:
    """What is said of an organisation, as a version keeps it."""
    names = ("name", "kind", "city_id", "representative_id", "seats", "website", "about", "slug")
    return {name: getattr(organisation, name) for name in names}


def organisations_to_curate(moderator: Person) -> list[Organisation]:
    """The organisations as by `organisations`, for those who may add one; else `Forbidden`."""
    require(moderator.can.curate_all())
    return organisations()


def organisations_with_members(reader: Person) -> list[tuple[Organisation, int]]:
    """The organisations that members belong to, each with how many; by name, their cities loaded."""
    counted = _counted(reader, Member.organisation_id)
    found = select(Organisation, counted.c.members).join(counted, counted.c.key == Organisation.id)
    ordered = found.options(joinedload(Organisation.city)).order_by(Organisation.name)
    return [(one, members) for one, members in db.session.execute(ordered.limit(MOST))]


def names_of_organisations(reader: Person) -> list[tuple[int, str, str]]:
    """The organisations that members belong to, by name: number, last part of the address, name."""
    values = _values_of(Member.organisation_id, visible_members(reader))
    found = select(Organisation.id, Organisation.slug, Organisation.name)
    found = found.join(values, values.c.value == Organisation.id)
    rows = db.session.execute(found.order_by(Organisation.name, Organisation.id).limit(MOST))
    return [(row[0], row[1], row[2]) for row in rows]


def languages_of_members(reader: Person) -> list[tuple[str, str]]:
    """The languages that members write: code and own name, by the own name."""
    spoken = visible_members(reader).join(MemberLanguage, MemberLanguage.member_id == Member.id)
    values = _values_of(MemberLanguage.language, spoken)
    codes = set(db.session.scalars(select(values.c.value)))
    return [(code, name) for code, name in languages() if code in codes]


def organisation_by_id(organisation_id: int | None) -> Organisation | None:
    """One organisation with its representative; held until the deed ends, so that its seats are counted once."""
    found = select(Organisation).where(Organisation.id == organisation_id)
    held = found.with_for_update(of=Organisation)
    return db.session.scalar(held.options(joinedload(Organisation.representative)))


def seats_taken(organisation_id: int) -> int:
    """How many people hold a seat of an organisation, those with a hidden profile, too."""
    found = select(func.count(Member.id)).where(Member.organisation_id == organisation_id)
    return db.session.scalar(found.where(Member.left_at.is_(None))) or 0


def moderator_ids() -> list[int]:
    """Who moderates the whole forum now."""
    found = select(Member.id).where(moderates(Member.role), may_act(now()))
    return list(db.session.scalars(found.order_by(Member.id).limit(MOST)))


def administrator_ids() -> list[int]:
    """Who runs the forum now."""
    found = select(Member.id).where(*_run_it())
    return list(db.session.scalars(found.order_by(Member.id).limit(MOST)))


def slug_is_free(table: type[Organisation] | type[City], slug: str) -> bool:
    """Whether no row of a table has this last part of an address."""
    return db.session.scalar(select(table.id).where(table.slug == slug)) is None


def _found(row: T | None, otherwise: str) -> T:
    if row is None:
        raise NotFound(otherwise)
    return row
