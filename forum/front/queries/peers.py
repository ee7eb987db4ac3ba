"""Similar cities: what cities have on the same themes, and which practices they have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, literal, null, select, union_all

from forum.agendas.models import MemberTheme, Theme
from forum.db import constant, execute_core
from forum.dialogue.models import Topic, TopicMixin, TopicTheme
from forum.dialogue.queries import visible_topics
from forum.front.queries._likeness import (
    HELPED,
    HELPS,
    WRITTEN,
    CityThemes,
    Link,
    Peer,
    Tie,
    Work,
    likest,
)
from forum.library.models import Case, CasePlace, CaseTheme, Practice, PracticeTheme
from forum.library.queries import (
    TriedPractice,
    practices_elsewhere,
    published_practices,
    visible_cases,
)
from forum.members.models import City, Member
from forum.members.queries import HomeCity, home_cities, visible_members
from forum.permissions import ANY_MEMBER, VISITOR, Person
from forum.reachcache import cached_statement
from forum.versions import cached, theme_scope

MAX_THEMES = 6  # of a city by which similar ones are found
# What is read, newest first: topics and members, practices and cases, of the city and of each theme
OWN_READ, OWN_PAGES_READ = 200, 50
READ_OF_THEME, PAGES_READ_OF_THEME = 100, 50


def peers(
    reader: Person, city: City, shared: Collection[Practice], tried: Collection[TriedPractice]
) -> list[Peer]:
    """The cities most similar to one, with the reasons; `shared` and `tried` are the practices that its page lists.

    The newest that the city has is read, then the newest on its main themes. Moderators get the same as all members,
    because reasons are for the people of both cities. Texts of members whom the reader ignores are left out.
    """
    anybody = ANY_MEMBER if reader.is_member else VISITOR
    known = {place.id: place for place in home_cities(anybody)}
    own = _own_themes(anybody, city, tried)
    works = list(_works(anybody, own, known, reader.ignored))
    ties = _ties(anybody, city, shared, tried, reader.ignored)
    return likest(city, own, works, ties, known)


def _own_themes(reader: Person, city: City, tried: Collection[TriedPractice]) -> CityThemes:
    own = CityThemes()
    values = {"city_id": city.id, "tried": [practice.id for practice, _mark in tried]}
    for theme_id, language, points, name, slug in execute_core(_own_query(reader), values):
        own.counted[theme_id] += points
        own.names[theme_id], own.slugs[theme_id] = name, slug
        own.languages |= {language} if language else set()
    own.keep_most(MAX_THEMES)
    return own


@cached_statement
def _own_query(reader: Person) -> Select[Any]:
    """What a city has, by theme: topics, practices shared and tried, cases that name it, members who help."""
    city_id: Any = bindparam("city_id")
    here = _members().where(Member.city_id == city_id)
    # PostgreSQL would scan all topics in the order of an index
    newest = (Topic.id + 0).desc()
    topics = (
        select(Topic.id).where(Topic.author_id.in_(here)).order_by(newest).limit(constant(OWN_READ))
    )
    written = _topics(reader).where(Topic.id.in_(topics))
    shared = _practices(reader).where(Practice.city_id == city_id)
    shared = shared.order_by(Practice.id.desc()).limit(constant(OWN_PAGES_READ))
    tried = _practices(reader).where(Practice.id.in_(bindparam("tried", expanding=True)))
    cases = _cases(reader).join(CasePlace, CasePlace.case_id == Case.id)
    cases = cases.where(CasePlace.city_id == city_id)
    cases = cases.order_by(Case.id.desc()).limit(constant(OWN_PAGES_READ))
    helpers = here.order_by(Member.id.desc()).limit(constant(OWN_READ))
    parts = (
        _by_theme(written.with_only_columns(Topic.id, Topic.language), TopicTheme.topic_id),
        _by_theme(
            shared.with_only_columns(Practice.id, Practice.language), PracticeTheme.practice_id
        ),
        _by_theme(tried.with_only_columns(Practice.id, null()), PracticeTheme.practice_id),
        _by_theme(cases.with_only_columns(Case.id, null()), CaseTheme.case_id),
        _by_theme(helpers.with_only_columns(Member.id, null()), MemberTheme.member_id, HELPED),
    )
    found = union_all(*parts).subquery()
    rows = select(found, Theme.name, Theme.slug).join(Theme, Theme.id == found.c.theme_id)
    return rows.where(Theme.removed_at.is_(None))


def _by_theme(found: Any, link: Any, points: int = WRITTEN) -> Select[Any]:
    """The points of some things by theme and language; `link` is the column of the association table that refers to them."""
    things, theme_id = found.subquery(), link.class_.theme_id
    thing_id, language = things.c
    counted = select(theme_id.label("theme_id"), language.label("language"), func.count() * points)
    return counted.join(things, thing_id == link).group_by(theme_id, language)


class _WorkColumns(NamedTuple):
    theme_id: int
    city_id: int
    kind: str
    id: int
    slug: str
    home: str | None
    title: str
    language: str
    author_id: int


class _WorkRow(_WorkColumns, TopicMixin):
    """A topic, practice or case, identified by its topic, or a member who helps; the theme and one of its cities."""


def _works(
    reader: Person, own: CityThemes, cities: dict[int, HomeCity], ignored: Collection[int]
) -> Iterator[Work]:
    """What cities have on the themes of one city, newest first."""
    for row in _read_works(reader, tuple(sorted(own.counted))):
        if row.author_id in ignored or row.city_id not in cities:
            continue
        name = own.names[row.theme_id]
        if row.kind == HELPS:
            query = f"theme={own.slugs[row.theme_id]}&city={cities[row.city_id].slug}"
            link = Link(name, f"/members?{query}")
        else:
            link = Link(name, row.address, row.language, row.title)
        yield Work(row.theme_id, row.city_id, row.kind, link)


def _read_works(reader: Person, theme_ids: tuple[int, ...]) -> Sequence[_WorkRow]:
    """Cached until somebody opens a topic on one of the themes, or an action touches `EVERYTHING`."""

    def read() -> Sequence[_WorkRow]:
        values = {f"theme_{number}": theme_id for number, theme_id in enumerate(theme_ids)}
        found = execute_core(_works_query(reader, len(theme_ids)), values)
        return [_WorkRow._make(row) for row in found]

    key = ("works of cities", theme_ids, reader.is_member)
    return cached(key, read, *map(theme_scope, theme_ids)) if theme_ids else ()


@cached_statement
def _works_query(reader: Person, themes: int) -> Any:
    parts = (part for number in range(themes) for part in _works_parts(reader, f"theme_{number}"))
    return union_all(*(select(part.subquery()) for part in parts))


def _works_parts(reader: Person, theme: str) -> Iterator[Select[Any]]:
    """The newest topics, practices and cases with a theme, and members who help with it, each with its cities."""
    written = _topics(reader).join(Member, Member.id == Topic.author_id)
    written = written.where(Member.id.in_(_members()))
    yield _work(written, Topic.id, TopicTheme.topic_id, Member.city_id, theme)
    shared = _practices(reader).join(Topic, Topic.id == Practice.topic_id)
    yield _work(shared, Practice.id, PracticeTheme.practice_id, Practice.city_id, theme)
    told = _cases(reader).join(Topic, Topic.id == Case.topic_id)
    told = told.join(CasePlace, CasePlace.case_id == Case.id)
    yield _work(told, Case.id, CaseTheme.case_id, CasePlace.city_id, theme, author_id=literal(0))
    own = {"kind": literal(HELPS), "id": Member.id, "author_id": Member.id}
    empty = {name: null() for name in ("slug", "home", "title", "language")}
    helps = visible_members(VISITOR).order_by(None)
    yield _work(helps, Member.id, MemberTheme.member_id, Member.city_id, theme, **empty, **own)


def _work(
    found: Select[Any], thing_id: Any, link: Any, city_id: Any, theme: str, /, **own: Any
) -> Select[Any]:
    table = link.class_
    limit = READ_OF_THEME if table in (TopicTheme, MemberTheme) else PAGES_READ_OF_THEME
    own |= {"theme_id": table.theme_id, "city_id": city_id}
    columns = [own[name] if name in own else getattr(Topic, name) for name in _WorkRow._fields]
    named = (column.label(name) for column, name in zip(columns, _WorkRow._fields, strict=True))
    found = found.join(table, link == thing_id).where(table.theme_id == bindparam(theme))
    found = found.where(city_id.is_not(None)).with_only_columns(*named)
    return found.order_by(link.desc()).limit(constant(limit))


def _topics(reader: Person) -> Select[Any]:
    """The topics with pages of their own; cases and practices are counted themselves."""
    shown = (Topic.hidden_at.is_(None), Topic.unseen_at.is_(None), Topic.home.is_(None))
    return visible_topics(reader).where(*shown)


def _practices(reader: Person) -> Select[Any]:
    return published_practices(reader).where(Practice.hidden_at.is_(None))


def _cases(reader: Person) -> Select[Any]:
    return visible_cases(reader).where(Case.hidden_at.is_(None))


def _members() -> Select[Any]:
    """The ids of the members whose profiles are visible to visitors."""
    return visible_members(VISITOR).with_only_columns(Member.id)


def _ties(
    reader: Person,
    city: City,
    shared: Collection[Practice],
    tried: Collection[TriedPractice],
    ignored: Collection[int],
) -> Iterator[Tie]:
    """The practices that the city has in common with others."""
    mine = {practice.id for practice in shared}
    tried_ids = {practice.id for practice, _mark in tried}
    for row in practices_elsewhere(reader, city.id, shared, tried_ids):
        if row.member_id in ignored:
            continue
        kind = "tried too" if row.how == "tried" and row.id not in mine else row.how
        link = Link(row.title, f"/practices/{row.slug}", row.language)
        yield Tie(row.city_id, kind, link, row.outcome)
