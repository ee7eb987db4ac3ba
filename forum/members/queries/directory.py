"""Lists of members: the directory, suggestions, and the members of a city or an organisation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import joinedload, selectinload

from forum.clock import now
from forum.db import db
from forum.members.models import City, Member, MemberLanguage
from forum.members.queries._shared import MAX_LISTED, city_size
from forum.members.queries.names import (
    city_ids_by_prefix,
    has_name,
    is_name,
    organisations_by_each,
    organisations_by_words,
    organisations_called,
)
from forum.members.queries.people import (
    SORT_KEY_LENGTH,
    get_member,
    has_or_had,
    visible_members,
    visible_with_own,
)
from forum.pages import Page, clamp, count_of, page_of, pages_for, rows_by_id
from forum.permissions import Person, require
from forum.plaintext import typed_alike, typed_name, typed_words, words_in, words_to_find
from forum.principals import administers, moderates
from forum.reachcache import cached_statement

DIRECTORY_PAGE_SIZE = 40
ADMINISTERED_PAGE_SIZE = 20  # each takes several lines on a phone
# Further words of a search are ignored
MAX_SEARCH_WORDS, MAX_SUGGEST_WORDS = 8, 4
MAX_SUGGESTED = 8  # members


@dataclass(frozen=True)
class DirectoryFilter:
    """Which members the directory lists.

    `size` is the class of their city; `ids` is a select of member ids by which other rooms narrow it further.
    """

    words: str = ""
    city_id: int | None = None
    organisation_id: int | None = None
    language: str = ""
    size: str = ""
    ids: Select[Any] | None = None


def directory(reader: Person, wanted: DirectoryFilter, page: int = 1) -> Page[Member]:
    """One page of the directory, by name, with city, organisation and languages loaded."""
    found = visible_members(reader).where(*_conditions(wanted))
    total = count_of(found)
    pages = pages_for(total, DIRECTORY_PAGE_SIZE)
    page = clamp(page, pages)
    part = _by_name(found).limit(DIRECTORY_PAGE_SIZE).offset((page - 1) * DIRECTORY_PAGE_SIZE)
    rows = rows_by_id(
        part, Member.id, *_with_city_and_organisation(), selectinload(Member.languages)
    )
    return Page(db.session.scalars(rows).all(), page, pages, total)


def _conditions(wanted: DirectoryFilter) -> list[ColumnElement[bool]]:
    rules = [_matches(wanted.words)] if wanted.words.strip() else []
    if wanted.city_id is not None:
        rules.append(Member.city_id == wanted.city_id)
    if wanted.organisation_id is not None:
        rules.append(Member.organisation_id == wanted.organisation_id)
    if wanted.size:
        rules.append(Member.city_id.in_(select(City.id).where(city_size() == wanted.size)))
    if wanted.language:
        speak = select(MemberLanguage.member_id).where(MemberLanguage.language == wanted.language)
        rules.append(Member.id.in_(speak))
    if wanted.ids is not None:
        rules.append(Member.id.in_(wanted.ids))
    return rules


def members_matching(reader: Person, words: str) -> Select[Member]:
    """A select of the visible members who match all words, and nobody without words.

    Each word has to start a word of their name, position or help offered, or the name of their city or organisation.
    Words that only say what these are, like "city council", are looked for in what members say of themselves alone,
    unless an organisation has no other words in its name. Ordered by name, with city and organisation loaded, for
    `pages.page_of`.
    """
    found = visible_members(reader).where(_matches(words))
    return _by_name(found.options(*_with_city_and_organisation()))


def members_matching_some(reader: Person, words: Sequence[str], limit: int) -> Sequence[Member]:
    """Up to `limit` of the visible members who match some of the words, as in `members_matching`; those with the most first."""
    each = _each_word(words[:MAX_SEARCH_WORDS], names=list(filter(is_name, words)))
    number = sum((case((condition, 1), else_=0) for condition in each), literal(0))
    found = visible_members(reader).where(or_(false(), *each)).order_by(number.desc())
    found = found.order_by(Member.sort_key, Member.id).options(*_with_city_and_organisation())
    return db.session.scalars(found.limit(limit)).all()


def _matches(words: str) -> ColumnElement[bool]:
    """SQL condition: each word starts one of the member, or of the organisation, or a name of the city; without words nobody.

    All words together may also be the name of a city or an organisation, such as "mexico city", or "city council" where
    that is the whole name of one. With @ a word is the beginning of a handle, or a complete former handle.
    """
    wanted = typed_words(words)[:MAX_SEARCH_WORDS]
    if not wanted:
        return false()
    is_named = has_name(wanted)
    each = _each_word(wanted, names=wanted if is_named else ())
    if not is_named:
        called = organisations_called(words_in(words))
        here = (
            [Member.organisation_id.in_([organisation.id for organisation in called])]
            if called
            else []
        )
        return or_(and_(true(), *each), *here)
    if len(wanted) < 2:
        return and_(true(), *each)
    together = organisations_by_words(words_in(words)[:MAX_SEARCH_WORDS])
    return or_(
        and_(true(), *each),
        Member.city_id.in_(city_ids_by_prefix(typed_name(words))),
        Member.organisation_id.in_([organisation.id for organisation in together]),
    )


def _each_word(wanted: Sequence[str], names: Collection[str]) -> list[ColumnElement[bool]]:
    """For each of some folded words the SQL condition of `_matches`; only `names` are compared with cities and organisations."""
    organisations = organisations_by_each(
        [words_in(word) if word in names else [] for word in wanted]
    )
    return [
        or_(Member.handle.startswith(word[1:], autoescape=True), has_or_had(word[1:]))
        if word.startswith("@") and len(word) > 1
        else or_(
            _has_word_starting_with(word),
            Member.city_id.in_(city_ids_by_prefix(word)),
            Member.organisation_id.in_([organisation.id for organisation in named]),
        )
        if word in names
        else _has_word_starting_with(word)
        for word, named in zip(wanted, organisations, strict=True)
    ]


def members_to_suggest(writer: Person, typed: str) -> list[Member]:
    """The members whose handle, name, position or help offered begins with the typed words, with their cities.

    Matches of the handle come first, because a handle is made from the name. Raises `Forbidden` for members who may
    not write.
    """
    require(writer.can.write())
    wanted = typed_words(typed)[:MAX_SUGGEST_WORDS]
    if not wanted:
        return []
    in_handle = and_(*(_handle_has_part(word) for word in wanted))
    is_named = and_(*(_has_word_starting_with(word) for word in wanted))
    found = select(Member).where(Member.left_at.is_(None), Member.hidden_at.is_(None))
    found = found.where(or_(is_named, in_handle)).options(joinedload(Member.city))
    best_first = found.order_by(case((in_handle, 0), else_=1), Member.sort_key, Member.id)
    return list(db.session.scalars(best_first.limit(MAX_SUGGESTED)))


def _handle_has_part(word: str) -> ColumnElement[bool]:
    """SQL condition: a part of the handle (between hyphens) starts with the word."""
    within = Member.handle.contains(f"-{word}", autoescape=True)
    return or_(Member.handle.startswith(word, autoescape=True), within)


def members_of_city(reader: Person, city_id: int, limit: int = MAX_LISTED) -> list[Member]:
    """The visible members of a city, by name."""
    return _members_at(reader, "city_id", city_id, limit)


def members_of_organisation(
    reader: Person, organisation_id: int, limit: int = MAX_LISTED
) -> list[Member]:
    """The visible members of an organisation, by name."""
    return _members_at(reader, "organisation_id", organisation_id, limit)


def number_in_city(reader: Person, city_id: int) -> int:
    """The number of visible members of a city."""
    return _number_at(reader, "city_id", city_id)


def number_in_organisation(reader: Person, organisation_id: int) -> int:
    """The number of visible members of an organisation."""
    return _number_at(reader, "organisation_id", organisation_id)


def _members_at(reader: Person, place: str, place_id: int, limit: int) -> list[Member]:
    """The visible members of a city or an organisation, by name; `place` is the column that names it."""
    values = {"place_id": place_id, "reader_id": reader.id or 0, "limit": limit}
    return list(db.session.scalars(_members_there(reader, place), values))


def _number_at(reader: Person, place: str, place_id: int) -> int:
    values = {"place_id": place_id, "reader_id": reader.id or 0}
    return db.session.scalar(_number_there(reader, place), values) or 0


@cached_statement
def _members_there(reader: Person, place: str) -> Select[Member]:
    return _first_members(_there(reader, place), bindparam("limit"))


@cached_statement
def _number_there(reader: Person, place: str) -> Select[Any]:
    return _there(reader, place).with_only_columns(func.count())


def _there(reader: Person, place: str) -> Select[Member]:
    visible = visible_with_own(reader, bindparam("reader_id"))
    return visible.where(getattr(Member, place) == bindparam("place_id"))


def member_counts(reader: Person, key: Any) -> Subquery:
    """A subquery with the number of visible members (`members`) for each value (`key`) of a column."""
    visible = visible_members(reader).where(key.is_not(None))
    counted = visible.with_only_columns(key.label("key"), func.count(Member.id).label("members"))
    return counted.group_by(key).subquery()


LATELY = "lately"  # the group of all members, those who joined last first
# Groups of members, by the name that `administered_members` takes
GROUPS: dict[str, Callable[[], ColumnElement[bool]]] = {
    LATELY: true,
    "administrators": lambda: administers(Member.role),
    "moderators": lambda: and_(moderates(Member.role), ~administers(Member.role)),
    "hosts": lambda: cast(Member.hosted, String) != "[]",
    "restricted": lambda: or_(
        Member.suspended_until > now(),
        Member.silenced_until > now(),
        Member.reports_suspended_until > now(),
    ),
}


def administered_members(
    administrator: Person, words: str, page: int = 1, group: str = ""
) -> Page[Member]:
    """One page of all members, or of one of `GROUPS`, by name, for administrators; else `Forbidden`.

    Each word has to start a word of the name, position or help offered, be part of the e-mail address, or be the
    handle. The group `LATELY` begins with those who joined last.
    """
    require(administrator.can.administer())
    wanted = typed_words(words)[:MAX_SEARCH_WORDS]
    is_meant = [
        or_(
            _has_word_starting_with(word),
            Member.email.contains(word, autoescape=True),
            has_or_had(word),
        )
        for word in wanted
    ]
    found = (
        select(Member)
        .where(Member.left_at.is_(None), *is_meant)
        .options(*_with_city_and_organisation())
    )
    if group:
        found = found.where(GROUPS[group]())
    newest_first = (Member.joined_at.desc(), Member.id.desc())
    ordered = found.order_by(*newest_first) if group == LATELY else _by_name(found)
    return page_of(ordered, page, ADMINISTERED_PAGE_SIZE)


def administered_member(administrator: Person, handle: str) -> Member:
    """One member as by `get_member`, for administrators; else `Forbidden`."""
    require(administrator.can.administer())
    return get_member(administrator, handle)


def is_found_by(words: str) -> ColumnElement[bool]:
    """SQL condition: each word starts one of the name, position or help offered, or is the handle; without words nobody."""
    wanted = typed_words(words)[:MAX_SEARCH_WORDS]
    each = (
        or_(_has_word_starting_with(word), has_or_had(word.removeprefix("@"))) for word in wanted
    )
    return and_(*each) if wanted else false()


def _has_word_starting_with(word: str) -> ColumnElement[bool]:
    """SQL condition: name, position or help offered has a word that starts with this one."""
    return or_(
        *(Member.folded.contains(f" {spelling}", autoescape=True) for spelling in typed_alike(word))
    )


def folded_and_sort_key(words: str) -> tuple[str, str]:
    """The values of `Member.folded` and `Member.sort_key`, from the words by which a member is found, name first."""
    folded = words_to_find(words)
    return folded, folded[:SORT_KEY_LENGTH]


def first_members(found: Select[Member], limit: int) -> list[Member]:
    """The first members of a select by name, with city and organisation loaded."""
    return list(db.session.scalars(_first_members(found, limit)))


def _first_members(found: Select[Member], limit: Any) -> Select[Member]:
    return _by_name(found).options(*_with_city_and_organisation()).limit(limit)


def _by_name(found: Select[Member]) -> Select[Member]:
    return found.order_by(Member.sort_key, Member.id)


def _with_city_and_organisation() -> tuple[Any, ...]:
    return joinedload(Member.city), joinedload(Member.organisation)
